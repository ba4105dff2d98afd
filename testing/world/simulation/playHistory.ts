import type { Input } from '@lawbook/exchange/inputs';
import { NO_CLIENT_ORDER_ID } from '@lawbook/exchange/orders/bookOrder';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { CHECKERS } from '../checkers/checkerTable.ts';
import type { History } from '../workload/acts.ts';
import { performAct } from '../workload/performAct.ts';
import { World } from './world.ts';
import type { Checker } from './worldView.ts';

/** A promise that was broken. */
export interface Failure {
  /** Name of the checker, `journal` or `rest`. */
  readonly checker: string;
  /** Id of the step after which it was seen; 0 at the end. */
  readonly step: number;
  readonly sentence: string;
}

/** What playing a history came to. */
export interface Played {
  readonly failure: Failure | undefined;
  readonly steps: number;
  readonly digest: string;
  readonly simulatedMs: number;
  readonly inputs: number;
  /** What happened, by name. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Plays a history with every checker watching, to the first broken promise or to rest. */
export async function playHistory(history: History): Promise<Played> {
  const world = await World.open(history.seed, history.base);
  const onRejection = (cause: unknown): void => world.bug(cause);
  process.on('unhandledRejection', onRejection);
  try {
    const checkers = CHECKERS.map((create) => create());
    let played = 0;
    let failure: Failure | undefined;
    for (const step of history.steps) {
      const flaw = await world.play(step, () => performAct(world, step.act));
      played += 1;
      failure = await firstFailure(world, checkers, { flaw, step: step.id, place: 'journal' });
      if (failure !== undefined) break;
    }
    if (failure === undefined) {
      const flaw = await world.rest();
      failure = await firstFailure(world, checkers, { flaw, step: 0, place: 'rest' });
    }
    return {
      failure,
      steps: played,
      digest: world.digest(),
      simulatedMs: Math.round(world.clock.elapsedMs()),
      inputs: world.follower.sequence,
      counts: countsOf(world),
    };
  } finally {
    world.close();
    process.off('unhandledRejection', onRejection);
  }
}

async function firstFailure(
  world: World,
  checkers: readonly Checker[],
  {
    flaw,
    step,
    place,
  }: { readonly flaw: string | undefined; readonly step: number; readonly place: string },
): Promise<Failure | undefined> {
  const view = world.view();
  if (flaw !== undefined) return { checker: place, step, sentence: flaw };
  for (const checker of checkers) {
    const { name, everySteps = 1 } = checker;
    if (!view.isAtRest && step % everySteps !== 0) continue;
    const sentence = await checker.check(view);
    if (sentence !== undefined) return { checker: name, step, sentence };
  }
  return undefined;
}

function countsOf({
  settles,
  auditor,
  host,
  base,
  wires,
  machine,
  feeds,
  follower,
}: World): Played['counts'] {
  const codes = [...auditor.codes].sort(([a], [b]) => (a < b ? -1 : 1));
  const kinds: Record<string, number> = {};
  const more = { slices: 0, bondsForfeited: 0 };
  for (const { input, applied } of follower.inputs) {
    kinds[input.kind] = (kinds[input.kind] ?? 0) + 1;
    if (isSlice(input)) more.slices += 1;
    if (applied.kind === 'batchCleared') more.bondsForfeited += silent(applied.transition);
  }
  return {
    ...kinds,
    ...more,
    ...Object.fromEntries(codes.map(([code, count]) => [`answer.${code}`, count])),
    ...host.counts,
    ...base.counts,
    listsSettled: settles ? base.lists().length : 0,
    ...wires.counts,
    sectorsLost: machine.disk.sectorsLost,
    transactionsLost: machine.store.transactionsLost,
    feedBreaks: feeds.reduce((sum, { counts }) => sum + counts.breaks, 0),
  };
}

/** Traders name their orders after themselves; the venue names slices by a hash. */
function isSlice(input: Input): boolean {
  if (input.kind !== 'submitBookOrder') return false;
  const { owner, clientOrderId } = input.entry.terms;
  return clientOrderId !== NO_CLIENT_ORDER_ID && !clientOrderId.startsWith(owner.slice(0, 10));
}

/** Commitments of a batch whose silence cost a bond. */
function silent({ commitments, parameters, report }: BatchTransition): number {
  if (parameters.bond === 0n || report.outcome.kind !== 'cleared') return 0;
  return commitments.filter(({ reveal }) => reveal === undefined).length;
}
