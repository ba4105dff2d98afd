import type { PoolRefusal } from './mempoolDouble.ts';

/** A JSON-RPC error as a node sends it. */
export interface NodeError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Families of nodes that say the same thing in different words. */
export type NodeDialect =
  | 'geth'
  | 'nethermind'
  | 'erigon'
  | 'besu'
  | 'anvil'
  /** A provider's front that hides everything behind -32603. */
  | 'front'
  /** A front that answers repeats with "already imported", and mined ones with "nonce too low". */
  | 'importer';

/** Puts a refusal into the words of one family. */
export function sayRefusal(dialect: NodeDialect, refusal: PoolRefusal): NodeError {
  const gethWords = sayAsGeth(refusal);
  const own = OWN_WORDS[dialect]?.[refusal.kind];
  if (own !== undefined) return { code: own[0], message: own[1] };
  const code = DEFAULT_CODES[dialect];
  return { code, message: gethWords };
}

const DEFAULT_CODES: Readonly<Record<NodeDialect, number>> = {
  geth: -32000,
  nethermind: -32010,
  erigon: -32000,
  besu: -32000,
  anvil: -32003,
  front: -32603,
  importer: -32000,
};

/** Sentences of geth's pool and of its validation. */
function sayAsGeth({ kind, figures }: PoolRefusal): string {
  const [a, b, c, d] = figures;
  switch (kind) {
    case 'alreadyKnown':
      return 'already known';
    case 'chainNonceTooLow':
      return `nonce too low: next nonce ${a}, tx nonce ${b}`;
    case 'replacementUnderpriced':
      return 'replacement transaction underpriced';
    case 'underpriced':
      return `transaction gas price below minimum: gas tip cap ${a}, minimum needed ${b}`;
    case 'belowBaseFee':
      return `max fee per gas less than block base fee: maxFeePerGas: ${a}, baseFee: ${b}`;
    case 'insufficientFunds': {
      const words = 'insufficient funds for gas * price + value: balance';
      return d === undefined
        ? `${words} ${a}, tx cost ${b}, overshot ${c}`
        : `${words} ${a}, queued cost ${b}, tx cost ${c}, overshot ${d}`;
    }
    case 'intrinsicGas':
      return `intrinsic gas too low: gas ${a}, minimum needed ${b}`;
    case 'floorGas':
      return `insufficient gas for floor data gas cost: gas ${a}, minimum needed ${b}`;
    case 'gasLimit':
      return 'exceeds block gas limit';
    case 'tipAboveFee':
      return (
        'max priority fee per gas higher than max fee per gas: ' +
        `maxPriorityFeePerGas: ${a}, maxFeePerGas: ${b}`
      );
    case 'wrongChain':
      return `invalid chain id for signer: have ${a} want ${b}`;
    case 'delegated':
      return 'in-flight transaction limit reached for delegated accounts';
    case 'poolFull':
      return 'txpool is full';
    case 'malformed':
      return 'rlp: value size exceeds available input length';
  }
}

type Words = Readonly<Partial<Record<PoolRefusal['kind'], readonly [number, string]>>>;

/** Where a family has words or codes of its own. */
const OWN_WORDS: Readonly<Partial<Record<NodeDialect, Words>>> = {
  nethermind: {
    alreadyKnown: [-32010, 'AlreadyKnown'],
    chainNonceTooLow: [-32010, 'OldNonce'],
    replacementUnderpriced: [-32010, 'ReplacementNotAllowed'],
    underpriced: [-32010, 'FeeTooLow, EffectivePriorityFeePerGas too low'],
    insufficientFunds: [-32010, 'InsufficientFunds, Account balance is too low'],
    poolFull: [-32010, 'FeeTooLowToCompete'],
  },
  erigon: {
    alreadyKnown: [-32000, 'ALREADY_EXISTS: already known'],
    chainNonceTooLow: [-32000, 'nonce too low'],
    replacementUnderpriced: [-32000, 'could not replace existing tx'],
    underpriced: [-32000, 'underpriced'],
    insufficientFunds: [-32000, 'insufficient funds'],
  },
  besu: {
    alreadyKnown: [-32000, 'Known transaction'],
    chainNonceTooLow: [-32001, 'Nonce too low'],
    replacementUnderpriced: [-32000, 'Replacement transaction underpriced'],
    underpriced: [-32009, 'Gas price below configured minimum gas price'],
    insufficientFunds: [-32004, 'Upfront cost exceeds account balance'],
    intrinsicGas: [-32003, 'Intrinsic gas exceeds gas limit'],
    gasLimit: [-32005, 'Transaction gas limit exceeds block gas limit'],
  },
  anvil: {
    alreadyKnown: [-32003, 'transaction already imported'],
    chainNonceTooLow: [-32003, 'nonce too low'],
    insufficientFunds: [-32003, 'Insufficient funds for gas * price + value'],
    belowBaseFee: [-32003, 'max fee per gas less than block base fee'],
  },
  front: {
    chainNonceTooLow: [-32603, 'nonce too low'],
    alreadyKnown: [-32603, 'already known'],
  },
  importer: {
    alreadyKnown: [-32000, 'Transaction with the same hash was already imported.'],
    chainNonceTooLow: [-32000, 'nonce too low'],
  },
};
