import { SettlementFault } from '../../settlementFault.ts';
import type { RefusalRuleName } from '../refusalRules.ts';
import { refusalOf } from '../refusalRules.ts';
import type { SettleRefusal } from '../submission.ts';

/** An act that the contract reverts, with the error's name and arguments. Nothing has changed. */
export class RefusedAct extends SettlementFault {
  readonly refusal: SettleRefusal;

  constructor(refusal: SettleRefusal) {
    super('SETTLEMENT_REFUSED', `${refusal.sentence} Rule: ${refusal.rule}.`, {
      fields: { rule: refusal.rule, details: refusal.details.join(', ') },
    });
    this.refusal = refusal;
  }
}

/**
 * Reverts the act in hand. Details are the arguments of the error in order.
 * @throws RefusedAct always.
 */
export function revert(
  rule: RefusalRuleName,
  ...details: readonly (bigint | number | string)[]
): never {
  throw new RefusedAct(refusalOf(rule, details.map(String)));
}
