import { fromDurable } from '@lawbook/chains/intents/durableJson';
import { isEnd } from '@lawbook/chains/intents/intent';
import type { SolanaLedger } from '@lawbook/chains/solana/embedded/solanaLedger';
import { solanaFee } from '@lawbook/chains/solana/solanaFee';
import type {
  SolanaAttempt,
  SolanaIntentRequest,
  SolanaLife,
} from '@lawbook/chains/solana/solanaIntent';
import type { MemoryContents } from '@lawbook/chains/stores/memoryStore';
import type { Address } from '@solana/kit';

/** A broken invariant of the specification, I1 to I8, in words. */
export interface SolanaViolation {
  readonly invariant: string;
  readonly sentence: string;
}

/** What the records say, and where the chain disagrees with them. */
export interface SolanaTruth {
  readonly violations: readonly SolanaViolation[];
  readonly ended: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly expired: number;
}

/** What is compared. */
export interface SolanaEvidence {
  readonly contents: MemoryContents;
  readonly ledger: SolanaLedger;
  readonly requests: readonly SolanaIntentRequest[];
  readonly payer: string;
  /** Lamports that the payer began with. */
  readonly funds: bigint;
}

/** Compares the lane's records with the chain itself, past every endpoint. */
export function judgeSolana(evidence: SolanaEvidence): SolanaTruth {
  const { contents, ledger, requests, payer } = evidence;
  const lives = readLives(contents);
  const violations: SolanaViolation[] = [];
  const say = (invariant: string, sentence: string): void => {
    violations.push({ invariant, sentence });
  };
  for (const request of requests) {
    const life = lives.get(request.key);
    if (life === undefined) say('I2', `${request.key} was accepted and has no record`);
    else judgeLife(request, life, { ledger, say });
  }
  const all = [...lives.values()].flatMap(({ attempts }) => attempts);
  const recorded = new Set(all.map(({ signature }) => signature));
  if (recorded.size !== all.length) say('I1', 'two attempts have the same signature');
  for (const { signature } of ledger.paidBy(payer as Address)) {
    if (!recorded.has(signature)) say('I1', `${signature} landed and stands in no record`);
  }
  judgeBalance(evidence, lives, say);
  const ended: Record<string, number> = {};
  for (const { state } of lives.values()) ended[state] = (ended[state] ?? 0) + 1;
  const expired = all.filter(({ status }) => status === 'expired').length;
  return { violations, ended, attempts: all.length, expired };
}

type Say = (invariant: string, sentence: string) => void;

function judgeLife(
  request: SolanaIntentRequest,
  life: SolanaLife,
  { ledger, say }: { readonly ledger: SolanaLedger; readonly say: Say },
): void {
  const { key, state, inclusion } = life;
  const landed = life.attempts.flatMap((attempt) => {
    const transaction = ledger.landed(attempt.signature);
    return transaction === undefined ? [] : [{ attempt, transaction }];
  });
  const effective = landed.filter(({ transaction }) => transaction.error === null);
  if (effective.length > 1) say('I1', `${key} was paid ${effective.length} times`);
  if (state === 'final' && effective.length !== 1) say('I1', `${key} is final and was not paid`);
  if (state !== 'final' && effective.length > 0) say('I1', `${key} is ${state} and was paid`);
  if (!isEnd(state)) say('I2', `${key} is still ${state}`);
  for (const { attempt, transaction } of landed) {
    judgeFee(request, attempt, { charged: transaction.fee, say });
    if (inclusion?.signature !== attempt.signature) say('I4', `${key} landed by another attempt`);
    else if (BigInt(transaction.slot) !== inclusion.slot) say('I4', `${key} has another slot`);
    else if (transaction.fee !== inclusion.feePaid) say('I4', `${key} has another fee`);
  }
  if (inclusion !== undefined && landed.length === 0) say('I4', `${key} is not where it says`);
}

function judgeFee(
  { key, feeCap }: SolanaIntentRequest,
  { unitLimit, unitPrice, fee }: SolanaAttempt,
  { charged, say }: { readonly charged: bigint; readonly say: Say },
): void {
  if (charged > feeCap) say('I6', `${key} paid ${charged} and its cap is ${feeCap}`);
  if (fee !== solanaFee({ signatures: 1, unitLimit, unitPrice })) say('I4', `${key}: wrong fee`);
}

/** Money is conserved: what the payer lacks is what final intents paid, and fees. */
function judgeBalance(
  { ledger, requests, payer, funds }: SolanaEvidence,
  lives: ReadonlyMap<string, SolanaLife>,
  say: Say,
): void {
  let left = funds;
  for (const { key, spend } of requests) {
    const life = lives.get(key);
    if (life?.state === 'final') left -= spend;
    left -= life?.feeSpent ?? 0n;
  }
  const balance = ledger.machine.balance(payer as Address);
  if (balance !== left) say('I1', `the payer holds ${balance}, by its records ${left}`);
}

function readLives(contents: MemoryContents): ReadonlyMap<string, SolanaLife> {
  const lives = new Map<string, SolanaLife>();
  for (const [key, text] of contents.texts) {
    if (!key.includes('/life/')) continue;
    const life = fromDurable<SolanaLife>(key, text, ['key', 'state']);
    lives.set(life.key, life);
  }
  return lives;
}
