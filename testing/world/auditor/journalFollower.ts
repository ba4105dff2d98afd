import type { Applied } from '@lawbook/exchange/application/applied';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { decodeInput } from '@lawbook/exchange/inputs';
import { judgeBatch } from '@lawbook/exchange/laws/judge';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import { BookProjection } from '../../../packages/executor/src/books/bookProjection.ts';
import { Projection } from '../../../packages/executor/src/readModel/projection.ts';
import type { PowerLossDisk } from '../simulation/powerLossDisk.ts';
import { JournalTail } from './journalTail.ts';

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
  /** Rows of the read model by their keys in hexadecimal, as this replay gives them. */
  readonly rows: Map<string, Uint8Array> = new Map();
  readonly #projection: Projection;
  readonly #payloads: Buffer[] = [];
  readonly #place: { readonly disk: PowerLossDisk; readonly directory: string };
  readonly #tail: JournalTail;
  #rooted: { readonly sequence: number; readonly root: Hash } | undefined;

  constructor(
    domain: VenueDomain,
    place: { readonly disk: PowerLossDisk; readonly directory: string },
  ) {
    this.machine = new StateMachine(domain);
    const { markets, books } = this.machine.state;
    this.#projection = new Projection(
      markets,
      (transition) => judgeBatch(transition, { authority: 'admitted' }),
      new BookProjection(books, domain),
    );
    this.#place = place;
    this.#tail = tailOf(place);
  }

  /** The last sequence that was followed. */
  get sequence(): number {
    return this.inputs.length;
  }

  /** The root of what was followed, which only following changes. */
  root(): Hash {
    const { sequence } = this;
    if (this.#rooted?.sequence !== sequence) this.#rooted = { sequence, root: this.machine.root() };
    return this.#rooted.root;
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
    const records = await this.#tail.readTo(durable);
    if (typeof records === 'string') return records;
    for (const { sequence, payload } of records) {
      if (sequence !== this.sequence + 1) return `record ${sequence} follows ${this.sequence}`;
      const flaw = this.#apply(payload, fresh);
      if (flaw !== undefined) return flaw;
    }
    if (this.sequence !== durable) return `the disk ends at ${this.sequence}, not at ${durable}`;
    return fresh;
  }

  /** Compares the whole journal on the disk with what was durable before. */
  async compare(): Promise<string | undefined> {
    const records = await tailOf(this.#place).readTo(this.sequence);
    if (typeof records === 'string') return records;
    for (const { sequence, payload } of records) {
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
    const applied = result.value;
    for (const change of this.#projection.project({ sequence, timeMs, applied }).changes) {
      if (change.kind === 'put') this.rows.set(bytesToHex(change.key), change.record);
      else this.rows.delete(bytesToHex(change.key));
    }
    const followed = { sequence, timeMs, input, applied };
    this.inputs.push(followed);
    fresh.push(followed);
    return undefined;
  }
}

function tailOf(place: { readonly disk: PowerLossDisk; readonly directory: string }): JournalTail {
  return new JournalTail({ disk: place.disk.plainView(), directory: place.directory });
}
