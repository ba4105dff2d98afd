import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { SettlementFault } from '../../settlementFault.ts';
import type { RefusalRuleName } from '../refusalRules.ts';
import { REFUSAL_RULES } from '../refusalRules.ts';
import type { SettleRefusal } from '../submission.ts';

/**
 * A refusal by rule on its way up to `settle` or `check`, which answer it as an outcome. Rules that
 * the contracts have too carry their names; those that exist on Delta alone are in `DELTA_RULES`.
 */
export class DeltaRefusal extends SettlementFault {
  readonly refusal: SettleRefusal;

  constructor(refusal: SettleRefusal, fields: FaultFields = {}) {
    super('SETTLEMENT_REFUSED', refusal.sentence, { fields: { rule: refusal.rule, ...fields } });
    this.refusal = refusal;
  }
}

/** Rules that only this adapter or the network behind it has. */
export const DELTA_RULES = {
  OwnerHasNoKey: 'The owner has registered no Delta key, so no vault of it can be debited or paid.',
  OwnerKeyIsShared: 'Two owners have registered the same Delta key: their vaults are one there.',
  OrderHasNoAllowance: 'The order came without the debit allowance that Delta asks of its owner.',
  AllowanceIsAnother: 'The debit allowance does not say what the order says.',
  ChainNonceIsNotNext: 'The vault takes another nonce next: an allowance is missing or too early.',
  WithdrawalsAreNotCarried: 'A withdrawal pays a token contract: on Delta owners debit themselves.',
  ListDiffers: 'This list number was begun with another list, or another list follows.',
  BaseLayerFailed: 'The validators refuse the list.',
  ProvingFailed: 'The domain could not prove the list.',
  DomainRefuses: 'The domain refuses the request.',
} as const;

/** Name of a rule by which this adapter refuses. */
export type DeltaRuleName = keyof typeof DELTA_RULES | RefusalRuleName;

/**
 * A refusal with its details: decimal numbers, accounts, names.
 * @param told What to say beyond the rule's own sentence.
 */
export function deltaRefusal(
  rule: DeltaRuleName,
  details: readonly (string | number | bigint)[] = [],
  told?: string,
): DeltaRefusal {
  const own = sentenceOf(rule);
  const sentence = told === undefined ? own : `${own} ${told}`;
  return new DeltaRefusal({ rule, details: details.map(String), sentence });
}

/**
 * Reads what a domain said about a refusal. Where it starts with the name of a rule and a colon,
 * that is the rule; otherwise the given one.
 */
export function refusalSaid(said: string, otherwise: DeltaRuleName): SettleRefusal {
  const named = /^([A-Z][A-Za-z0-9]{2,63}):\s*/.exec(said);
  const rule = named?.[1] ?? otherwise;
  const told = said.slice(named?.[0].length ?? 0).trim();
  const sentence = told === '' ? sentenceOf(otherwise) : `${sentenceOf(otherwise)} ${told}`;
  return { rule, details: [], sentence };
}

function sentenceOf(rule: DeltaRuleName): string {
  if (rule in DELTA_RULES) return DELTA_RULES[rule as keyof typeof DELTA_RULES];
  return REFUSAL_RULES[rule as RefusalRuleName].sentence;
}
