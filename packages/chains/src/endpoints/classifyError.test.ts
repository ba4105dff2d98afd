// Goal: whatever words a node uses, the engine knows what they mean, whether to ask elsewhere, and
// that no application error is held against an endpoint.
// Method: one table of messages as nodes and providers send them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { classifyError } from './classifyError.ts';
import type { ErrorMeaning, MethodClass, RetryAdvice } from './endpointPool.ts';
import { ERROR_TABLE } from './errorTable.ts';
import type { TransportFailure } from './transport.ts';
import { RpcError, TransportError } from './transport.ts';

type Row = readonly [
  who: string,
  code: number,
  message: string,
  meaning: ErrorMeaning,
  text?: unknown,
];

/** Answers to eth_sendRawTransaction and sendTransaction. */
const BROADCASTS: readonly Row[] = [
  ['geth', -32000, 'already known', 'alreadyKnown'],
  ['reth', -32000, 'already known', 'alreadyKnown'],
  ['anvil', -32003, 'transaction already imported', 'alreadyKnown'],
  ['erigon', -32000, 'ALREADY_EXISTS: already known', 'alreadyKnown'],
  ['erigon', -32000, 'existing tx with same hash', 'alreadyKnown'],
  ['nethermind', -32010, 'AlreadyKnown', 'alreadyKnown'],
  ['nethermind', -32010, 'AlreadyKnown, hash: 0x12', 'alreadyKnown'],
  ['besu', -32000, 'Known transaction', 'alreadyKnown'],
  ['besu', -32000, 'TRANSACTION_ALREADY_KNOWN', 'alreadyKnown'],
  ['openethereum', -32010, 'Transaction with the same hash was already imported.', 'alreadyKnown'],
  [
    'zksync',
    -32603,
    'known transaction. transaction with hash 0x12 is already in the system',
    'alreadyKnown',
  ],
  ['substrate', 1013, 'Transaction already in pool', 'alreadyKnown'],
  ['gateway', -32603, 'tx already in mempool', 'alreadyKnown'],
  [
    'solana',
    -32002,
    'Transaction simulation failed: This transaction has already been processed',
    'alreadyKnown',
    { err: 'AlreadyProcessed' },
  ],
  ['geth', -32000, 'nonce too low: next nonce 6, tx nonce 5', 'chainNonceTooLow'],
  [
    'geth behind a gateway',
    -32603,
    'nonce too low: address 0x1, tx: 5 state: 6',
    'chainNonceTooLow',
  ],
  ['limit code', -32005, 'nonce too low', 'chainNonceTooLow'],
  ['nethermind', -32010, 'OldNonce, Current nonce: 7, nonce of rejected tx: 5', 'chainNonceTooLow'],
  ['nethermind', -32010, 'OwnNonceAlreadyUsed', 'chainNonceTooLow'],
  ['besu', -32001, 'Nonce too low', 'chainNonceTooLow'],
  ['erigon', -32000, 'INTERNAL_ERROR: nonce too low', 'chainNonceTooLow'],
  [
    'openethereum',
    -32010,
    'Transaction nonce is too low. Try incrementing the nonce.',
    'chainNonceTooLow',
  ],
  ['zksync', -32000, 'nonce too low. allowed nonce range: 5 - 105, actual: 3', 'chainNonceTooLow'],
  ['arbitrum', -32000, 'nonce too high: address 0x1, tx: 9 state: 7', 'chainNonceTooHigh'],
  ['nethermind', -32010, 'NonceGap, Future nonce. Expected nonce: 5', 'chainNonceTooHigh'],
  [
    'besu',
    -32006,
    'Transaction nonce is too distant from current sender nonce',
    'chainNonceTooHigh',
  ],
  ['geth', -32000, 'replacement transaction underpriced', 'replacementUnderpriced'],
  [
    'geth',
    -32000,
    'replacement transaction underpriced: new tx gas fee cap 1 <= 2 queued',
    'replacementUnderpriced',
  ],
  ['anvil', -32003, 'replacement transaction underpriced', 'replacementUnderpriced'],
  ['erigon', -32000, 'could not replace existing tx', 'replacementUnderpriced'],
  ['nethermind', -32010, 'ReplacementNotAllowed, hash: 0x12', 'replacementUnderpriced'],
  ['besu', -32000, 'TRANSACTION_REPLACEMENT_UNDERPRICED', 'replacementUnderpriced'],
  [
    'openethereum',
    -32010,
    'Transaction gas price is too low. There is another transaction with same nonce in the queue.',
    'replacementUnderpriced',
  ],
  ['pool', -32000, 'another transaction with same nonce already exists', 'replacementUnderpriced'],
  ['geth', -32000, 'transaction underpriced: gas tip cap 1, minimum needed 25', 'feeTooLow'],
  ['anvil', -32003, 'max fee per gas less than block base fee', 'feeTooLow'],
  ['reth', -32000, 'max fee per gas less than block base fee', 'feeTooLow'],
  ['erigon', -32000, 'fee cap less than block base fee', 'feeTooLow'],
  ['nethermind', -32010, 'FeeTooLow, MaxFeePerGas too low. MaxFeePerGas: 1', 'feeTooLow'],
  ['nethermind', -32010, 'FeeTooLowToCompete', 'feeTooLow'],
  ['besu', -32009, 'Gas price below configured minimum gas price', 'feeTooLow'],
  ['geth', -32000, 'tx fee (1.20 ether) exceeds the configured cap (1.00 ether)', 'feeCapExceeded'],
  [
    'geth',
    -32000,
    'insufficient funds for gas * price + value: balance 0, tx cost 5, overshot 5',
    'insufficientFunds',
  ],
  ['anvil', -32003, 'Insufficient funds for gas * price + value', 'insufficientFunds'],
  [
    'nethermind',
    -32010,
    'InsufficientFunds, Account balance: 0, cumulative cost: 5',
    'insufficientFunds',
  ],
  ['besu', -32004, 'Upfront cost exceeds account balance', 'insufficientFunds'],
  [
    'openethereum',
    -32010,
    'Insufficient funds. The account you tried to send from does not have enough funds.',
    'insufficientFunds',
  ],
  [
    'solana',
    -32002,
    'Attempt to debit an account but found no record of a prior credit.',
    'insufficientFunds',
  ],
  ['geth', -32000, 'intrinsic gas too low: gas 20000, minimum needed 21000', 'gasLimitTooLow'],
  ['besu', -32003, 'Intrinsic gas exceeds gas limit', 'gasLimitTooLow'],
  ['geth', -32000, 'exceeds block gas limit', 'gasLimitTooHigh'],
  [
    'anvil',
    -32000,
    'intrinsic gas too high -- tx.gas_limit > env.block.gas_limit',
    'gasLimitTooHigh',
  ],
  ['anvil', -32000, 'intrinsic gas too high -- CallGasCostMoreThanGasLimit', 'gasLimitTooLow'],
  ['anvil', -32000, 'intrinsic gas too low', 'gasLimitTooLow'],
  [
    'geth',
    -32000,
    'transaction gas limit too high (cap: 16777216, tx: 20000000)',
    'gasLimitTooHigh',
  ],
  ['nethermind', -32010, 'GasLimitExceeded, Gas limit: 1', 'gasLimitTooHigh'],
  ['geth', -32000, 'invalid chain id for signer: have 1 want 31337', 'wrongChain'],
  ['geth', -32000, 'only replay-protected (EIP-155) transactions allowed over RPC', 'wrongChain'],
  ['geth', -32000, 'invalid sender', 'invalidTransaction'],
  ['geth', -32000, 'rlp: value size exceeds available input length', 'invalidTransaction'],
  ['reth', -32602, 'failed to decode signed transaction', 'invalidTransaction'],
  ['solana', -32003, 'Transaction signature verification failure', 'invalidTransaction'],
  ['geth', -32000, 'txpool is full', 'poolFull'],
  ['reth', -32000, 'txpool is full', 'poolFull'],
  ['besu', -32000, 'Transaction pool is full', 'poolFull'],
  [
    'alchemy',
    -32000,
    'in-flight transaction limit reached for delegated accounts',
    'delegationLimit',
  ],
  ['geth', -32000, 'gapped-nonce tx from delegated accounts', 'delegationLimit'],
  ['solana', -32002, 'Transaction simulation failed: Blockhash not found', 'blockNotFound'],
  [
    'solana',
    -32002,
    'Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1',
    'reverted',
  ],
  ['conflux', -32602, 'Invalid parameters: tx', 'alreadyKnown', 'tx already exist'],
];

/** Answers to reads. */
const READS: readonly Row[] = [
  [
    'geth',
    3,
    'execution reverted: ERC20: transfer amount exceeds balance',
    'reverted',
    '0x08c379a0',
  ],
  ['a contract', 3, 'execution reverted: insufficient balance', 'reverted'],
  ['a contract', -32603, 'execution reverted: nonce too low', 'reverted'],
  ['a contract', -32000, 'execution reverted: rate limit exceeded', 'reverted'],
  [
    'hardhat',
    -32603,
    "VM Exception while processing transaction: reverted with reason string 'no'",
    'reverted',
  ],
  ['nethermind', -32015, 'VM execution error.', 'reverted', 'Reverted 0x'],
  ['geth', -32000, 'out of gas', 'reverted'],
  ['geth', -32000, 'gas required exceeds allowance (21000)', 'gasLimitTooHigh'],
  ['geth', -38010, 'block 1: nonce is off', 'chainNonceTooLow'],
  ['geth', -38014, 'whatever', 'insufficientFunds'],
  ['geth', -32000, 'header not found', 'blockNotFound'],
  ['geth', -32000, 'missing trie node 12ab (path 0c) state 0x12 is not available', 'blockNotFound'],
  ['reth', -32001, 'block not found: 0x12', 'blockNotFound'],
  ['erigon', -32000, 'block 12345 not found', 'blockNotFound'],
  ['nethermind', -32001, 'Block 0x12 could not be found. resource not found', 'blockNotFound'],
  ['besu', -32000, 'World state unavailable', 'blockNotFound'],
  ['anvil', -32602, 'BlockOutOfRangeError: block height is 5 but requested was 9', 'blockNotFound'],
  ['geth', -32000, 'hash 0x12 is not currently canonical', 'blockNotFound'],
  ['geth', -32000, 'block range extends beyond current head block', 'blockNotFound'],
  ['solana', -32004, 'Block not available for slot 12', 'blockNotFound'],
  [
    'solana',
    -32007,
    'Slot 12 was skipped, or missing due to ledger jump to recent snapshot',
    'blockNotFound',
  ],
  ['solana', -32016, 'Minimum context slot has not been reached', 'blockNotFound'],
  [
    'geth',
    -32601,
    'the method eth_simulateV1 does not exist/is not available',
    'methodUnsupported',
  ],
  ['besu', -32601, 'Method not found', 'methodUnsupported'],
  [
    'alchemy',
    -32600,
    'debug_traceCall is not available on the Free tier - method not available on your plan',
    'methodUnsupported',
  ],
  [
    'infura',
    -32004,
    'This request is somehow not supported by your subscription',
    'methodUnsupported',
  ],
  ['geth over HTTP', -32000, 'notifications not supported', 'methodUnsupported'],
  ['infura', -32005, 'query returned more than 10000 results', 'rangeTooWide'],
  [
    'alchemy',
    -32602,
    'Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range',
    'rangeTooWide',
  ],
  ['quicknode', -32614, 'eth_getLogs is limited to a 10,000 range', 'rangeTooWide'],
  ['public', -32701, 'exceed maximum block range: 5000', 'rangeTooWide'],
  ['alchemy', 429, 'Your app has exceeded its compute units per second capacity.', 'rateLimited'],
  ['infura', -32005, 'daily request count exceeded, request rate limited', 'rateLimited'],
  ['quicknode', -32007, '50/second request limit reached - reduce calls per second', 'rateLimited'],
  ['quicknode', -32003, 'daily request limit reached - upgrade your account', 'rateLimited'],
  ['public', -32016, 'over rate limit', 'rateLimited'],
  ['public', -32029, 'Too Many Requests', 'rateLimited'],
  [
    'ankr',
    -32000,
    'Unauthorized: You must authenticate your request with an API key.',
    'unauthorized',
  ],
  ['solana', -32005, 'Node is behind by 150 slots', 'unavailable'],
  ['solana', -32005, 'Node is unhealthy', 'unavailable'],
  ['gateway', -32603, 'no healthy upstream', 'unavailable'],
  ['gateway', -32000, '503 Service Temporarily Unavailable', 'unavailable'],
  ['geth', -32000, 'transaction indexing is in progress', 'unavailable'],
  ['geth', -32000, 'execution aborted (timeout = 5s)', 'unavailable'],
  ['geth', -32602, 'invalid argument 0: hex string without 0x prefix', 'invalidParameters'],
  ['geth', -32602, 'missing value for required argument 1', 'invalidParameters'],
  ['geth', -32700, 'parse error', 'invalidParameters'],
  ['somebody', -32603, 'Internal error', 'unrecognized'],
  ['somebody', -32000, 'the moon is in the seventh house', 'unrecognized'],
];

/** Words of a gateway about the node behind it: the only answers that count. */
const COUNTED = new Set(['no healthy upstream', '503 Service Temporarily Unavailable']);

function judge(row: Row, methodClass: MethodClass): ReturnType<typeof classifyError> {
  const [, code, message, , text] = row;
  return classifyError(new RpcError('a_method', { code, message, data: text }), methodClass);
}

for (const [name, rows, methodClass] of [
  ['broadcasts', BROADCASTS, 'broadcast'],
  ['reads', READS, 'read'],
] as const) {
  describe(`answers to ${name}`, () => {
    for (const row of rows) {
      const [who, code, message, meaning] = row;
      test(`${who} ${code} "${message.slice(0, 60)}" means ${meaning}`, () => {
        const verdict = judge(row, methodClass);
        assert.equal(verdict.meaning, meaning);
        const counts = COUNTED.has(message) || message.startsWith('Node is');
        assert.equal(verdict.countsAgainstEndpoint, counts);
      });
    }
  });
}

describe('the words of transactions', () => {
  test('mean the same behind the codes that nodes hide them in', () => {
    for (const code of [-32603, -32000, -32005, -32003, -32010]) {
      for (const row of BROADCASTS) {
        const [who, , message, meaning, text] = row;
        const verdict = judge([who, code, message, meaning, text], 'broadcast');
        assert.deepEqual(
          [verdict.meaning, verdict.countsAgainstEndpoint],
          [meaning, false],
          message,
        );
      }
    }
  });

  test('an unknown transaction is not a known one', () => {
    const error = new RpcError('x', { code: -32000, message: 'unknown transaction' });
    assert.notEqual(classifyError(error, 'broadcast').meaning, 'alreadyKnown');
  });
});

describe('failures without an answer', () => {
  const cases: [TransportFailure, number | undefined, ErrorMeaning, RetryAdvice, boolean][] = [
    ['refused', undefined, 'unavailable', 'otherEndpoint', true],
    ['reset', undefined, 'unavailable', 'otherEndpoint', true],
    ['timeout', undefined, 'unavailable', 'otherEndpoint', true],
    ['malformed', undefined, 'unavailable', 'otherEndpoint', true],
    ['wrongId', undefined, 'unavailable', 'otherEndpoint', true],
    ['httpStatus', 500, 'unavailable', 'otherEndpoint', true],
    ['httpStatus', 503, 'unavailable', 'otherEndpoint', true],
    ['httpStatus', 404, 'unavailable', 'otherEndpoint', true],
    ['httpStatus', 413, 'invalidParameters', 'otherEndpoint', false],
    ['rateLimited', 429, 'rateLimited', 'otherEndpoint', false],
    ['unauthorized', 403, 'unauthorized', 'otherEndpoint', true],
    ['aborted', undefined, 'unavailable', 'never', false],
  ];
  for (const [failure, httpStatus, meaning, advice, countsAgainstEndpoint] of cases) {
    test(`${failure} ${httpStatus ?? ''} means ${meaning}`, () => {
      const detail = httpStatus === undefined ? {} : { httpStatus };
      const verdict = classifyError(new TransportError(failure, 'words', detail), 'read');
      assert.deepEqual(verdict, { meaning, advice, countsAgainstEndpoint });
    });
  }

  test('anything else that a transport throws counts as a failure of the transport', () => {
    const verdict = classifyError(new RangeError('boom'), 'read');
    assert.deepEqual([verdict.meaning, verdict.countsAgainstEndpoint], ['unavailable', true]);
  });
});

describe('the table', () => {
  test('rows name words or codes, or failures, never both', () => {
    for (const row of ERROR_TABLE) {
      const ofAnswers = row.message !== undefined || row.codes !== undefined;
      const ofSilence = row.failures !== undefined || row.httpStatus !== undefined;
      assert.notEqual(ofAnswers, ofSilence, JSON.stringify(row));
    }
  });

  test('no pattern takes long on a long message', () => {
    const long = `nonce ${'tx nonce '.repeat(500)} ${'block #'.repeat(500)}`;
    for (let i = 0; i < 50; i += 1) {
      classifyError(new RpcError('x', { code: 1, message: long }), 'broadcast');
    }
  });
});
