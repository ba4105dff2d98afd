import type { SettleRefusal } from './submission.ts';

/** What a rule says to people, and whether time alone may mend its breach. */
interface RefusalRule {
  readonly sentence: string;
  readonly mayPass?: true;
}

/**
 * Every rule by which a base layer refuses, under the names of contracts/src/Errors.sol. The rules
 * that may pass break because something is not there yet: a block, a list before, a decision.
 */
export const REFUSAL_RULES = {
  OrdersAreComplete: { sentence: 'A row is void without expiry or cancel, or rows are missing.' },
  SpendsAreAuthorised: { sentence: 'Nobody who may authorise it signed this.' },
  LimitsAreRespected: { sentence: 'A row pays more than its budget, or moves although it is out.' },
  AssetsAreConserved: { sentence: 'The changes of an asset do not sum to zero.' },
  VaultsAreSolvent: { sentence: 'A vault would hold less than nothing.' },
  DiffsMatchFills: { sentence: 'A vault is debited by more than its orders pay.' },
  LawsAreProven: { sentence: 'The proof does not show the laws for this list.' },

  OrderOfAnotherMarket: { sentence: 'An order names another market.' },
  OrderExpired: { sentence: 'An order that pays had expired when its batch closed.' },
  OrderNonceReplayed: { sentence: 'An order nonce was used before.' },
  OrderNonceTooOld: { sentence: 'An order nonce is too far below those that were used.' },
  AssetUnknown: { sentence: 'The shard lists no such asset.' },
  VaultOfAnotherOwner: { sentence: 'An order names the vault row of another owner.' },
  GrantIsNotSigned: { sentence: 'A session grant lacks its owner, its delegate or its scope.' },
  GrantDoesNotCover: { sentence: 'A session grant does not cover the order that names it.' },
  ShardOfAnotherDomain: { sentence: 'A withdrawal names another shard.' },
  WithdrawalExpired: { sentence: 'A withdrawal had expired when the list closed.' },

  SettlementsArePaused: { sentence: 'The guardian has paused settlements.', mayPass: true },
  CallerIsNotOperator: { sentence: 'The sender is not the operator of the shard.' },
  ListNumberIsNotNext: { sentence: 'Another list comes next.', mayPass: true },
  ListIsNotChained: { sentence: 'The list before is another one.', mayPass: true },
  EpochIsNotNext: { sentence: 'Another epoch of the market comes next.', mayPass: true },
  BatchesCloseInOrder: { sentence: 'A batch closed before the one it follows.' },
  BatchClosesInTheFuture: { sentence: 'A batch closes later than the block.', mayPass: true },
  MarketOfAnotherShard: { sentence: 'The market belongs to another shard, or to none.' },
  CircuitUnknown: { sentence: 'The agreement names no such circuit.' },
  CircuitIsTooSmall: { sentence: 'The list does not fit the circuit that proved it.' },
  ParametersAreNotActive: { sentence: 'The parameters of a batch do not hold.', mayPass: true },
  OracleIsMalformed: { sentence: 'The oracle snapshot of a batch is not one.' },
  WordsAreMalformed: { sentence: 'Packed words or rows are missing, or hold what none may.' },
  OwnersAreNotAscending: { sentence: 'The owners of a list do not ascend.' },
  OwnerIsReserved: { sentence: 'The owner is an account of the venue itself.' },
  PoolIsOverstated: { sentence: 'The laws took the pool to hold more than is settled.' },
  CommitmentOutOfField: { sentence: 'The commitment is not an element of the field.' },

  ShardIsZero: { sentence: 'Shards are numbered from one.' },
  AgreementIsNotActive: { sentence: 'No agreement of the shard holds now.', mayPass: true },
  FeeIsNotExact: { sentence: 'The fee of an agreement is another amount.' },
  FeeWasRefused: { sentence: 'The recipient of fees refuses them.' },
  OperatorIsZero: { sentence: 'An agreement needs an operator.' },
  VerifierHasNoCode: { sentence: 'There is no verifier at this address.' },
  CircuitIsMalformed: { sentence: 'A circuit of the agreement has no possible size.' },
  MarketIsRegistered: { sentence: 'The market is registered already.' },
  MarketIsMalformed: { sentence: 'The columns of the market are too few, too many or twice.' },
  ParametersAreRegistered: { sentence: 'The parameters are registered already.' },

  AmountOutOfRange: { sentence: 'The amount is zero, or more than a vault holds.' },
  TokenIsUnusable: { sentence: 'The token is none, or its decimals do not fit.' },
  TransferIsNotExact: { sentence: 'The token moved another amount than it was asked to.' },
  CallerIsNotOwner: { sentence: 'Only the owner of the vault may do this.' },
  ExitIsNotRequested: { sentence: 'No exit of this vault is requested.' },
  ExitIsRequested: { sentence: 'An exit of this vault is requested already.' },
  ExitIsNotDue: { sentence: 'The exit of this vault is not due yet.', mayPass: true },
  VaultIsUnlocked: { sentence: 'The exit of this vault was due; the shard cannot debit it.' },
  NothingIsPending: { sentence: 'Nothing waits for this account.' },
  CallerIsNotGuardian: { sentence: 'Only the guardian may do this.' },
  ConstructionIsMalformed: { sentence: 'The contract cannot be made with these periods.' },
} as const;

/** Name of a rule by which a base layer refuses. */
export type RefusalRuleName = keyof typeof REFUSAL_RULES;

/** A refusal with its sentence; a name from elsewhere, such as a token's, gets a plain one. */
export function refusalOf(rule: string, details: readonly string[]): SettleRefusal {
  const known = ruleOf(rule);
  const sentence = known?.sentence ?? 'Something that the base layer calls refuses.';
  return { rule, details, sentence };
}

/** Whether time alone may mend the breach of a rule. */
export function mayPass(rule: string): boolean {
  return ruleOf(rule)?.mayPass ?? false;
}

function ruleOf(rule: string): RefusalRule | undefined {
  return Object.hasOwn(REFUSAL_RULES, rule) ? REFUSAL_RULES[rule as RefusalRuleName] : undefined;
}
