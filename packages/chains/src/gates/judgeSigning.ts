import type { Address } from 'viem';
import type { Reason } from '../intents/intent.ts';
import { isUnlimited } from './judgeIntent.ts';

/** Something to sign that is no transaction. All text in it was written by others. */
export type SigningQuestion =
  | { readonly kind: 'rawHash' }
  /** EIP-191: `text` as it is shown to a person, or 0x and hex for bytes. */
  | { readonly kind: 'message'; readonly text: string }
  /** EIP-712. */
  | {
      readonly kind: 'typedData';
      readonly domain: Readonly<Record<string, unknown>>;
      readonly primaryType: string;
      readonly message: Readonly<Record<string, unknown>>;
    };

/** What a signer may sign besides transactions. Everything that is not listed is denied. */
export interface SigningRules {
  readonly chainId: number;
  /** Who may be given allowances by permits, or tokens by authorisations. */
  readonly spenders: readonly Address[];
  /** Smallest units of one permit at most; undefined denies only unlimited ones. */
  readonly allowanceMax: bigint | undefined;
  /** Whether plain messages may be signed. */
  readonly messages: 'allow' | 'deny';
  /** Other typed data that may be signed. */
  readonly typedData: readonly { readonly contract: Address; readonly primaryType: string }[];
}

/** What the rules say. */
export type SigningDecision =
  | { readonly kind: 'allow' }
  | { readonly kind: 'deny'; readonly rule: string; readonly reason: Reason };

/**
 * Whether something may be signed; pure.
 *
 * A hash could be of anything, a transaction or a permit, so it is denied always, and a message of
 * 32 bytes like it. Names and texts are compared, never read: nothing in them can widen the rules,
 * and no decision repeats them.
 */
export function judgeSigning(question: SigningQuestion, rules: SigningRules): SigningDecision {
  switch (question.kind) {
    case 'rawHash':
      return deny('rawHash', 'Hashes are not signed: ask for what was hashed.', {
        limit: 'none',
        actual: 'a hash',
      });
    case 'message':
      return judgeMessage(question.text, rules);
    case 'typedData':
      return judgeTypedData(question, rules);
  }
}

type TypedData = Extract<SigningQuestion, { readonly kind: 'typedData' }>;

function judgeMessage(text: string, { messages }: SigningRules): SigningDecision {
  const bytes = /^0x([0-9a-f]{2})*$/i.test(text)
    ? (text.length - 2) / 2
    : new TextEncoder().encode(text).length;
  if (bytes === 32 || /^[0-9a-f]{64}$/i.test(text.trim())) {
    const sentence = 'The message has the size of a hash: ask for what was hashed.';
    return deny('rawHash', sentence, { limit: 'none', actual: 'a message of 32 bytes' });
  }
  if (messages === 'allow') return { kind: 'allow' };
  const sentence = 'The policy signs no messages: ask its owner to allow them.';
  return deny('message', sentence, { limit: 'none', actual: 'a message' });
}

/** How a permit names those whom it lets take tokens, and how much. */
interface PermitShape {
  readonly spender: string;
  /** Member that holds amounts: itself, or `amount` in the structure or list below it. */
  readonly amounts: string;
}

const DIRECT: PermitShape = { spender: 'spender', amounts: 'value' };
const PERMITTED: PermitShape = { spender: 'spender', amounts: 'permitted' };
const DETAILS: PermitShape = { spender: 'spender', amounts: 'details' };
const AUTHORIZATION: PermitShape = { spender: 'to', amounts: 'value' };

/** EIP-2612 with DAI's older form, Permit2, EIP-3009. */
const PERMITS: ReadonlyMap<string, PermitShape> = new Map([
  ['Permit', DIRECT],
  ['PermitSingle', DETAILS],
  ['PermitBatch', DETAILS],
  ['PermitTransferFrom', PERMITTED],
  ['PermitBatchTransferFrom', PERMITTED],
  ['PermitWitnessTransferFrom', PERMITTED],
  ['PermitBatchWitnessTransferFrom', PERMITTED],
  ['TransferWithAuthorization', AUTHORIZATION],
  ['ReceiveWithAuthorization', AUTHORIZATION],
]);

function judgeTypedData(question: TypedData, rules: SigningRules): SigningDecision {
  const { domain, primaryType, message } = question;
  const chainId = wholeNumber(domain['chainId']);
  if (chainId !== BigInt(rules.chainId)) {
    const sentence = `Typed data has to be bound to chain ${rules.chainId}.`;
    const actual = chainId === undefined ? 'no chain id' : String(chainId);
    return deny('chainId', sentence, { limit: String(rules.chainId), actual });
  }
  const contract = addressOf(domain['verifyingContract']);
  if (contract === undefined) {
    const sentence = 'Typed data has to name the contract that verifies it.';
    return deny('verifyingContract', sentence, { limit: 'an address', actual: 'none' });
  }
  const shape = PERMITS.get(primaryType);
  if (shape !== undefined) return judgePermit(message, shape, rules);
  const listed = rules.typedData.some((rule) => {
    return rule.primaryType === primaryType && rule.contract.toLowerCase() === contract;
  });
  if (listed) return { kind: 'allow' };
  const limit = `${rules.typedData.length} listed kinds of typed data`;
  const sentence = 'The policy does not list this kind of typed data for this contract.';
  return deny('typedData', sentence, { limit, actual: 'another kind', contract });
}

function judgePermit(
  message: Readonly<Record<string, unknown>>,
  shape: PermitShape,
  rules: SigningRules,
): SigningDecision {
  const spender = addressOf(message[shape.spender]);
  if (spender === undefined || !rules.spenders.some((own) => own.toLowerCase() === spender)) {
    const sentence = 'The permit is for a spender that the policy does not list.';
    const limit = `${rules.spenders.length} listed spenders`;
    return deny('spender', sentence, { limit, actual: spender ?? 'no address' });
  }
  const amounts = amountsOf(message, shape);
  if (amounts === undefined) {
    const sentence = 'The amounts of the permit cannot be read.';
    return deny('malformed', sentence, { limit: 'whole numbers', actual: 'something else' });
  }
  for (const amount of amounts) {
    const { allowanceMax } = rules;
    const tooMuch = allowanceMax !== undefined && amount > allowanceMax;
    if (!tooMuch && !isUnlimited(amount)) continue;
    const limit = String(allowanceMax ?? 2n ** 128n - 2n);
    const sentence = `The permit grants ${amount}; at most ${limit} may be granted.`;
    return deny('allowance', sentence, { limit, actual: String(amount) });
  }
  return { kind: 'allow' };
}

/** More tokens than this in one permit are nobody's ordinary business. */
const AMOUNTS_MAX = 64;

function amountsOf(
  message: Readonly<Record<string, unknown>>,
  { amounts }: PermitShape,
): readonly bigint[] | undefined {
  // DAI's permit has no amount: it grants everything, or takes everything back. An amount beside it
  // may be there for show, because only members of the hashed type are signed.
  const allowed = message['allowed'];
  if (allowed !== undefined && allowed !== false) return [2n ** 256n - 1n];
  if (allowed === false && message['value'] === undefined) return [0n];
  const holder = message[amounts];
  const places = Array.isArray(holder) ? holder : [holder];
  if (places.length === 0 || places.length > AMOUNTS_MAX) return undefined;
  const found = places.map((place: unknown) => {
    const isRecord = typeof place === 'object' && place !== null;
    return wholeNumber(isRecord && 'amount' in place ? place.amount : place);
  });
  return found.every((amount) => amount !== undefined) ? found : undefined;
}

/** Reads what wallets write for uint256: numbers, bigints, decimal and hex text. */
function wholeNumber(raw: unknown): bigint | undefined {
  if (typeof raw === 'bigint') return raw >= 0n ? raw : undefined;
  if (typeof raw === 'number')
    return Number.isSafeInteger(raw) && raw >= 0 ? BigInt(raw) : undefined;
  const isText = typeof raw === 'string' && raw.length <= 80;
  return isText && /^(0x[0-9a-f]+|[0-9]+)$/i.test(raw) ? BigInt(raw) : undefined;
}

function addressOf(raw: unknown): string | undefined {
  return typeof raw === 'string' && /^0x[0-9a-f]{40}$/i.test(raw) ? raw.toLowerCase() : undefined;
}

function deny(rule: string, sentence: string, facts: Reason['fields']): SigningDecision {
  const fields = { rule, ...facts };
  return { kind: 'deny', rule, reason: { code: 'policyDenied', sentence, fields } };
}
