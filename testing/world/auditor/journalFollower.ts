import type { Applied } from '@lawbook/exchange/application/applied';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { decodeInput } from '@lawbook/exchange/inputs';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import { readFrames } from '../../../packages/executor/src/journal/readFrames.ts';
import { parseSegmentName } from '../../../packages/executor/src/journal/segment.ts';
import type { PowerLossDisk } from '../simulation/powerLossDisk.ts';

/** A record of the durable journal with what replaying it did. */
export interface FollowedInput {
  readonly sequence: number;
  readonly timeMs: number;
  readonly input: Input;
  readonly applied: Applied;
}

/**
 * An exchange of its own that replays what is durable on the venue's disk, record by record: what
 * the venue's memory and all its answers are measured by. Reads the disk past every fault.
 */
export class JournalFollower {
  readonly machine: StateMachine;
  readonly inputs: FollowedInput[] = [];
  /** Root after each input that was the last one durable when somebody looked. */
  readonly roots: Map<number, Hash> = new Map();
  readonly #payloads: Buffer[] = [];
  readonly #disk: PowerLossDisk;
  readonly #directory: string;

  constructor(
    domain: VenueDomain,
    place: { readonly disk: PowerLossDisk; readonly directory: string },
  ) {
    this.machine = new StateMachine(domain);
    this.#disk = place.disk;
    this.#directory = place.directory;
  }

  /** The last sequence that was followed. */
  get sequence(): number {
    return this.inputs.length;
  }

  /**
   * Follows the journal up to a sequence that the venue calls durable.
   * @returns what is new; a sentence when the disk holds something else than it promised.
   */
  async follow(durable: number): Promise<readonly FollowedInput[] | string> {
    if (durable < this.sequence) {
      return `the journal ends at ${durable}, and ${this.sequence} were durable before`;
    }
    const fresh: FollowedInput[] = [];
    if (durable === this.sequence) return fresh;
    const from = this.sequence + 1;
    for await (const { sequence, payload } of this.#records(from, durable)) {
      if (sequence !== this.sequence + 1) return `record ${sequence} follows ${this.sequence}`;
      const flaw = this.#apply(Buffer.from(payload), fresh);
      if (flaw !== undefined) return flaw;
    }
    if (this.sequence !== durable) return `the disk ends at ${this.sequence}, not at ${durable}`;
    return fresh;
  }

  /** Compares the whole journal on the disk with what was durable before. */
  async compare(): Promise<string | undefined> {
    for await (const { sequence, payload } of this.#records(1, this.sequence)) {
      const before = this.#payloads[sequence - 1];
      if (before === undefined || !before.equals(payload)) {
        return `record ${sequence} is another one than before`;
      }
    }
    return undefined;
  }

  /** The root of a fresh replay of everything. */
  replay(): Hash {
    const machine = new StateMachine(this.machine.state.domain);
    for (const payload of this.#payloads) {
      const result = machine.apply(decodeInput(new Uint8Array(payload)));
      invariant(result.ok, 'what was replayed once is replayed again');
    }
    return machine.root();
  }

  #apply(payload: Buffer, fresh: FollowedInput[]): string | undefined {
    const entry = decodeInput(new Uint8Array(payload));
    const { sequence, timeMs, input } = entry;
    if (sequence !== this.machine.nextSequence) return `a record calls itself ${sequence}`;
    if (timeMs < this.machine.state.timeMs) return `record ${sequence} goes back in time`;
    const result = this.machine.apply(entry);
    if (!result.ok) {
      const { code } = result.rejection;
      return `record ${sequence} (${input.kind}) is refused in a replay: ${code}`;
    }
    this.#payloads.push(payload);
    const followed = { sequence, timeMs, input, applied: result.value };
    this.inputs.push(followed);
    fresh.push(followed);
    return undefined;
  }

  async *#records(
    from: number,
    to: number,
  ): AsyncGenerator<{ readonly sequence: number; readonly payload: Uint8Array }> {
    const disk = this.#disk.plainView();
    const directory = this.#directory;
    const names = await disk.list(directory);
    const segments = names.flatMap((name) => parseSegmentName(name) ?? []).sort((a, b) => a - b);
    for await (const { frame } of readFrames({ disk, directory, segments, from, to })) {
      let sequence = frame.firstSequence;
      for (const payload of frame.payloads) {
        if (sequence >= from && sequence <= to) yield { sequence, payload };
        sequence += 1;
      }
    }
  }
}
