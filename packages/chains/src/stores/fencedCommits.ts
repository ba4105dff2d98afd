import type { Lease } from './chainStore.ts';
import { codeOf, judgeFence, unavailableFault } from './storeFaults.ts';

/** What a server answers to one try of a commit. */
export type CommitAnswer =
  | { readonly kind: 'applied' }
  /** Nothing was applied; these stand in the store now, undefined where the name is unknown. */
  | {
      readonly kind: 'refused';
      readonly fence: number | undefined;
      readonly sequence: number | undefined;
    };

/** Sends one try: applied only if the store holds this lease's fence and this sequence. */
export type CommitTry = (sequence: number) => Promise<CommitAnswer>;

const TRIES_MAX = 16;
/** Held by no lease, so that the first try asks for the present one. */
const UNKNOWN_SEQUENCE = -1;

/**
 * Commits on servers that may be slow: a try whose answer was lost may still be under way, and must
 * not be applied after a later commit.
 *
 * Each lease has a sequence beside its fence, which every commit raises by one. A try names the
 * sequence it builds on, so once a later commit was applied an earlier try never is. Commits of one
 * name go one after another. When the store is away for one, those that were waiting fail with it,
 * so that each call ends within about the time of one.
 */
export class FencedCommits {
  /** One for each name that this process ever wrote for, so as many as it has signers. */
  readonly #lanes = new Map<string, Lane>();

  /** @throws ChainFault CHAIN_LANE_FENCED, CHAIN_STORE_CORRUPT, CHAIN_STORE_UNAVAILABLE. */
  async commit(lease: Lease, attempt: CommitTry): Promise<void> {
    const lane = this.#laneOf(lease.name);
    const failures = lane.failures;
    const turn = lane.last.then(async () => {
      if (lane.failures > failures) throw waitingFault(lease.name);
      await commitInTurn(lane, lease, attempt);
    });
    lane.last = turn.catch((fault: unknown) => {
      lane.sequence = UNKNOWN_SEQUENCE;
      // One that was fenced off says nothing about those behind it, which may have a new lease.
      if (codeOf(fault) !== 'CHAIN_LANE_FENCED') lane.failures += 1;
    });
    await turn;
  }

  #laneOf(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane = { last: Promise.resolve(), failures: 0, sequence: UNKNOWN_SEQUENCE };
    this.#lanes.set(name, lane);
    return lane;
  }
}

interface Lane {
  /** Resolves once the last commit that was called has ended, well or badly. */
  last: Promise<void>;
  failures: number;
  sequence: number;
}

async function commitInTurn(lane: Lane, lease: Lease, attempt: CommitTry): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const answer = await attempt(lane.sequence);
    if (answer.kind === 'applied') {
      lane.sequence += 1;
      return;
    }
    const verdict = judgeFence(lease, answer.fence);
    if (verdict !== 'current') throw verdict;
    lane.sequence = answer.sequence ?? UNKNOWN_SEQUENCE;
  }
  throw unavailableFault(`Other commits of ${lease.name} came first ${TRIES_MAX} times.`, {
    advice: 'Commit again; let one process write for a lease.',
    fields: { lease: lease.name },
  });
}

function waitingFault(name: string): Error {
  return unavailableFault(`A commit of ${name} before this one failed.`, {
    advice: 'Commit again, in order.',
    fields: { lease: name },
  });
}
