import type { Capabilities, Load } from '../prover.ts';
import type { Breaker } from './breaker.ts';
import { mayAsk } from './breaker.ts';
import { expectedMs } from './durations.ts';

/** What a domain agreement asks of every proof; a field that is absent asks nothing. */
export interface Demands {
  /** Whether a mere check may stand in when nothing can be proved; it never settles an epoch. */
  readonly checkedAllowed: boolean;
  /** Whether the insecure development string may be used: on the embedded chain only. */
  readonly insecureSetupAllowed: boolean;
  readonly evmVerifiable?: boolean;
  readonly zeroKnowledge?: boolean;
  readonly transparent?: boolean;
  readonly postQuantum?: boolean;
}

/** A backend as the decision sees it. */
export interface BackendView {
  readonly id: string;
  readonly capabilities: Capabilities;
  readonly load: Load;
  readonly breaker: Breaker;
  /** What a second of it costs, in any unit that all backends share. */
  readonly costPerSecond: number;
  /** Nine of ten runs of this circuit took no longer, ms; undefined until there were three. */
  readonly measuredMs?: number;
  /** How often it has failed this very request. */
  readonly failures: number;
}

/** Everything that a decision rests on; logged, so that it can be taken again. */
export interface DecisionInputs {
  readonly nowMs: number;
  readonly circuit: string;
  readonly gates: number;
  readonly gatesDyadic: number;
  readonly demands: Demands;
  readonly deadlineAtMs?: number;
  /** Failures of one request after which a backend is not asked for it again. */
  readonly failuresMax: number;
  readonly backends: readonly BackendView[];
}

/** What was thought of one backend. */
export interface Consideration {
  readonly id: string;
  /** Why it was left out; absent for those that could be asked. */
  readonly leftOut?: string;
  readonly predictedMs?: number;
  readonly predictedCost?: number;
}

/** Whom to ask, and why. */
export interface Decision {
  /** Absent when nobody can be asked. */
  readonly chosen?: string;
  /** One per backend, by id. */
  readonly considered: readonly Consideration[];
}

/**
 * Chooses a backend: those that miss a demand, the size, their breaker or room in their queue are
 * left out. Proofs come before checks; then those in time before those too late; in time the
 * cheaper wins, too late the sooner; then the id. Pure: the same inputs give the same decision.
 */
export function decide(inputs: DecisionInputs): Decision {
  const backends = [...inputs.backends].sort((a, b) => (a.id < b.id ? -1 : 1));
  const ranked: Ranked[] = [];
  const considered = backends.map((backend): Consideration => {
    const leftOut = whyLeftOut(backend, inputs);
    if (leftOut !== undefined) return { id: backend.id, leftOut };
    const rank = rankOf(backend, inputs);
    ranked.push(rank);
    return { id: rank.id, predictedMs: rank.predictedMs, predictedCost: rank.predictedCost };
  });
  const [best] = ranked.sort(compareRanks);
  return { ...(best === undefined ? {} : { chosen: best.id }), considered };
}

function whyLeftOut(
  { capabilities, breaker, load, failures }: BackendView,
  { demands, circuit, gatesDyadic, nowMs, failuresMax }: DecisionInputs,
): string | undefined {
  if (failures >= failuresMax) return 'failed this statement';
  if (!capabilities.circuits.some((name) => name === circuit)) return 'has no key for the circuit';
  if (gatesDyadic > capabilities.gatesMax) return 'the statement is too large';
  if (capabilities.insecureSetup && !demands.insecureSetupAllowed) return 'insecure setup';
  if (capabilities.kind === 'checked') {
    // What is asked of proofs is not asked of a check, which settles nothing anyway.
    if (!demands.checkedAllowed) return 'only checks';
  } else {
    for (const trait of TRAITS) {
      if (demands[trait] === true && !capabilities[trait]) return `is not ${trait}`;
    }
  }
  if (!mayAsk(breaker, nowMs)) return 'breaker open';
  if (load.running >= load.workers && load.queued >= load.queueMax) return 'queue full';
  return undefined;
}

const TRAITS = ['evmVerifiable', 'zeroKnowledge', 'transparent', 'postQuantum'] as const;

interface Ranked {
  readonly id: string;
  readonly isChecked: boolean;
  readonly isLate: boolean;
  readonly predictedMs: number;
  readonly predictedCost: number;
}

/** Whatever runs or waits is taken to be as large as this statement. */
function rankOf(backend: BackendView, inputs: DecisionInputs): Ranked {
  const { id, capabilities, load, costPerSecond, measuredMs } = backend;
  const ownMs = measuredMs ?? expectedMs(capabilities.measured, inputs.gates);
  const turnsBefore = Math.floor((load.running + load.queued) / load.workers);
  const predictedMs = ownMs * (turnsBefore + 1);
  return {
    id,
    isChecked: capabilities.kind === 'checked',
    isLate: inputs.deadlineAtMs !== undefined && inputs.nowMs + predictedMs > inputs.deadlineAtMs,
    predictedMs,
    predictedCost: (ownMs / 1000) * costPerSecond,
  };
}

function compareRanks(a: Ranked, b: Ranked): number {
  if (a.isChecked !== b.isChecked) return a.isChecked ? 1 : -1;
  if (a.isLate !== b.isLate) return a.isLate ? 1 : -1;
  const byCost = a.predictedCost - b.predictedCost;
  const byTime = a.predictedMs - b.predictedMs;
  const [first, second] = a.isLate ? [byTime, byCost] : [byCost, byTime];
  if (first !== 0) return first;
  if (second !== 0) return second;
  return a.id < b.id ? -1 : 1;
}
