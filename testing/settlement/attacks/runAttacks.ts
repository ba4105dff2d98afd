import type { Attack, Unseen } from './attack.ts';
import type { Honest } from './attackWorld.ts';
import { judgeOnChain, refusalOffline } from './judgeForgery.ts';

/** What came of one attack. */
export interface AttackOutcome {
  readonly attack: Attack;
  /** What was named; undefined where nothing was refused. */
  readonly offline: string | undefined;
  readonly onChain: string | undefined;
  /** What is not as the table says, in a sentence; undefined where all is. */
  readonly complaint: string | undefined;
}

/** Runs an attack on both sides. */
export async function runAttack(honest: Honest, attack: Attack): Promise<AttackOutcome> {
  const forgery = attack.apply(honest);
  const offline = await refusalOffline(forgery);
  const { refusal: onChain, change } = await judgeOnChain(honest.chain, forgery);
  const complaints = [
    complaintOf('offline', attack.refusedOffline, offline),
    complaintOf('on the chain', attack.refusedOnChain, onChain),
    change === undefined ? undefined : `on the chain ${change}`,
  ].filter((complaint) => complaint !== undefined);
  const complaint = complaints.length === 0 ? undefined : complaints.join('; ');
  return { attack, offline, onChain, complaint };
}

/** What is wrong with an answer. Where a side sees nothing, it must really see nothing. */
function complaintOf(
  side: string,
  expected: string | Unseen,
  actual: string | undefined,
): string | undefined {
  const wanted = typeof expected === 'string' ? expected : undefined;
  if (wanted === actual) return undefined;
  return `${side} it ${told(actual)}, not ${told(wanted)}`;
}

function told(refusal: string | undefined): string {
  return refusal === undefined ? 'passes' : `is refused by "${refusal}"`;
}
