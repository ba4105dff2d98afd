import { SimulatedSocketServer } from '@lawbook/chains/endpoints/fixtures/simulatedSocket';
import type { WebSocketTransport } from '@lawbook/chains/endpoints/webSocketTransport';
import { webSocketTransport } from '@lawbook/chains/endpoints/webSocketTransport';
import type { Environment } from '@lawbook/chains/environment';
import { numberToHex } from 'viem';
import type { SeededRandom } from '../../world/seededRandom.ts';
import type { TruthBlock } from './truth.ts';
import type { WorldDouble } from './worldDouble.ts';

/** What happens to a frame; shares of all frames. */
export interface FrameTerms {
  missed: number;
  repeated: number;
  /** Held back until another frame was sent. */
  swapped: number;
}

/**
 * A node's WebSocket as a script: it announces every head once, unless its frames go astray, and
 * keeps nothing for those who were away.
 */
export class HeadsDouble {
  readonly server: SimulatedSocketServer;
  readonly frames: FrameTerms = { missed: 0, repeated: 0, swapped: 0 };
  readonly #world: WorldDouble;
  readonly #random: SeededRandom;
  readonly #announced = new Set<TruthBlock>();
  #held: TruthBlock | undefined;
  #waits = 0;

  constructor(world: WorldDouble, random: SeededRandom) {
    this.#world = world;
    this.#random = random;
    this.server = new SimulatedSocketServer(world.clock);
    this.#announced.add(world.chain.head());
    world.onBlock.push(() => this.announce());
  }

  /** The product's own transport, connected to this script. */
  transport(environment: Environment, name: string): WebSocketTransport {
    const { clock, random } = environment;
    const sleep: typeof clock.sleep = async (durationMs, signal) => {
      this.#waits += 1;
      try {
        await clock.sleep(durationMs, signal);
      } finally {
        this.#waits -= 1;
      }
    };
    const counted = {
      random,
      clock: { nowMs: () => clock.nowMs(), elapsedMs: () => clock.elapsedMs(), sleep },
    };
    return webSocketTransport(
      { name, url: `wss://${name}/v2/${this.#world.secret}` },
      { environment: counted, openSocket: this.server.open },
    );
  }

  /** Tells of every block of the canonical branch that it did not tell of yet, lowest first. */
  announce(): void {
    const fresh: TruthBlock[] = [];
    let block: TruthBlock | undefined = this.#world.chain.head();
    for (; block !== undefined && !this.#announced.has(block); block = block.parent) {
      fresh.unshift(block);
    }
    for (const next of fresh) {
      this.#announced.add(next);
      this.#send(next);
    }
  }

  /** Cuts every connection. */
  cut(): void {
    this.server.live()?.terminate();
  }

  /** Subscriptions of open connections: what the other side has to keep in mind. */
  listeners(): number {
    const open = this.server.connections.filter(({ isOpen }) => isOpen);
    return open.reduce((count, { topics }) => count + topics.size, 0);
  }

  /** Sleeps of the transport that did not end. */
  waits(): number {
    return this.#waits;
  }

  #send(block: TruthBlock): void {
    const { missed, repeated, swapped } = this.frames;
    if (this.#random.next() < missed) return;
    if (this.#held === undefined && this.#random.next() < swapped) {
      this.#held = block;
      return;
    }
    const later = this.#held;
    this.#held = undefined;
    this.#push(block);
    if (this.#random.next() < repeated) this.#push(block);
    if (later !== undefined) this.#push(later);
  }

  #push({ number, hash, parent }: TruthBlock): void {
    const head = { number: numberToHex(number), hash, parentHash: parent?.hash };
    this.server.notify('newHeads', head);
  }
}
