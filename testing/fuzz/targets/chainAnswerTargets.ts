import { ChainFault } from '@lawbook/chains/chainFault';
import { readEngineSettings } from '@lawbook/chains/configuration/engineSettings';
import { RpcError, TransportError } from '@lawbook/chains/endpoints/transport';
import type { WebSocketTransport } from '@lawbook/chains/endpoints/webSocketTransport';
import { webSocketTransport } from '@lawbook/chains/endpoints/webSocketTransport';
import type { Environment } from '@lawbook/chains/environment';
import { DEFAULT_FEE_POLICY } from '@lawbook/chains/fees/feePolicy';
import { readFeeQuote } from '@lawbook/chains/fees/feeQuotes';
import {
  askCount,
  askOtherBlock,
  estimateGas,
  readBlockHash,
  readCount,
  readReceipt,
} from '@lawbook/chains/lanes/chainView';
import { SolanaRpc } from '@lawbook/chains/solana/solanaRpc';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Hex } from 'viem';
import { answering } from '../examples/answeringPool.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused, sentenceOf, textTarget } from '../fuzzTarget.ts';

const HASH: Hex = `0x${'cd'.repeat(32)}`;
const ADDRESS: Hex = `0x${'ab'.repeat(20)}`;
const BLOCK = { number: 16n, hash: HASH };
const SECRET = 'a-key-of-a-provider';
const RECEIPT = {
  transactionHash: HASH,
  blockHash: `0x${'ef'.repeat(32)}`,
  blockNumber: '0x10',
  status: '0x1',
  gasUsed: '0x5208',
  effectiveGasPrice: '0x3b9aca00',
};

/** Any answer of a node: refused as unreadable, or read as what a lane can go on with. */
export const CHAIN_ANSWER_TARGETS: readonly FuzzTarget[] = [
  answerTarget(
    'receipt',
    [RECEIPT, { ...RECEIPT, status: '0x0', l1Fee: '0x1' }, { ...RECEIPT, blockHash: null }, null],
    async (answer) => {
      const receipt = await readReceipt(answering(answer), HASH, 1n);
      if (receipt === undefined) return;
      invariant(HASH_FORM.test(receipt.block.hash), 'a receipt names a block by a whole hash');
      invariant(receipt.block.number <= SAFE_MAX, 'no chain is so long');
      invariant(receipt.feePaid >> 200n === 0n, 'nobody paid so much');
    },
  ),
  answerTarget('chain-quantity', ['0x0', '0x1f', '0x5208'], async (answer) => {
    const pool = answering(answer);
    const told = await askCount(pool, ADDRESS, 1n);
    invariant(Number.isSafeInteger(told?.highest), 'a count is exact');
    invariant(Number.isSafeInteger(await readCount(pool, ADDRESS, 1n)), 'a count is exact');
    await estimateGas(pool, { from: ADDRESS, to: ADDRESS, amount: 1n, callData: '0x' }, 1n);
  }),
  answerTarget('block-answer', [{ hash: HASH, number: '0x10' }, null, {}], async (answer) => {
    const hash = await readBlockHash(answering(answer), 16n, 16n);
    invariant(hash === undefined || HASH_FORM.test(hash), 'a hash is whole');
    await askOtherBlock(answering(answer), BLOCK, 16n);
  }),
  answerTarget(
    'fee-history',
    [
      {
        oldestBlock: '0x10',
        baseFeePerGas: ['0x7', '0x8', '0x9'],
        gasUsedRatio: [0.5, 0],
        reward: [
          ['0x1', '0x2'],
          ['0x0', '0x0'],
        ],
      },
      { oldestBlock: '0x10', baseFeePerGas: ['0x7', '0x8'] },
    ],
    async (answer) => {
      const quote = await readFeeQuote(answering(answer), DEFAULT_FEE_POLICY);
      invariant(quote.baseFeePerGas >= 0n && quote.tip.urgent >= 0n, 'prices are not negative');
    },
  ),
  answerTarget(
    'solana-answer',
    [
      { context: { slot: 9 }, value: 5 },
      { context: { slot: 9 }, value: { blockhash: 'abc', lastValidBlockHeight: 300 } },
      { context: { slot: 9 }, value: { err: { Custom: 1 }, logs: ['a'], unitsConsumed: 200 } },
      {
        context: { slot: 9 },
        value: [{ slot: 7, err: null, confirmations: null, confirmationStatus: 'finalized' }, null],
      },
      [{ slot: 9, prioritizationFee: 3 }],
      { slot: 9, meta: { fee: 5000 } },
      12,
    ],
    readSolana,
  ),
  textTarget({
    name: 'engine-settings',
    form: 'json',
    examples: [settings(), settings('postgres')].map((one) => JSON.stringify(one)),
    read: (text) => {
      readEngineSettings(parseOr(text));
      return true;
    },
    isRefusal: isRefusalWithoutSecrets,
    reasonOf: (thrown) => sentenceOf(thrown).replaceAll(/"[^"]*"?|; it is [^:]*/g, ''),
  }),
  {
    name: 'chain-socket',
    form: 'json',
    examples: () =>
      [
        { jsonrpc: '2.0', id: 2, result: '0x1' },
        { jsonrpc: '2.0', id: 2, error: { code: 5, message: 'no' } },
        { jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: 's', result: {} } },
        { jsonrpc: '2.0', id: 1, result: 's' },
      ].map((frame) => new TextEncoder().encode(JSON.stringify(frame))),
    mayRefuse: true,
    examine: examineSocketFrame,
  },
];

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);
const HASH_FORM = /^0x[0-9a-fA-F]{64}$/;

/** What asking an endpoint may end in. */
export function isChainRefusal(thrown: unknown): boolean {
  if (thrown instanceof ChainFault || thrown instanceof RpcError) return true;
  return thrown instanceof TransportError;
}

function answerTarget(
  name: string,
  examples: readonly unknown[],
  read: (answer: unknown) => Promise<void>,
): FuzzTarget {
  return {
    name,
    form: 'json',
    examples: () => examples.map((one) => new TextEncoder().encode(JSON.stringify(one))),
    examine: async (bytes) => {
      const answer = parseOr(new TextDecoder().decode(bytes));
      if (answer === undefined) return refused('no JSON');
      try {
        await read(answer);
        return { kind: 'decoded' };
      } catch (cause) {
        if (isChainRefusal(cause)) return refused(sentenceOf(cause));
        throw cause;
      }
    },
  };
}

/** Transports hand on JSON only. */
function parseOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** Every question of a lane on Solana gets the same answer; one that fits is enough. */
async function readSolana(answer: unknown): Promise<void> {
  const rpc = new SolanaRpc(answering(answer));
  const questions = [
    () => rpc.balance('a', { finality: 'safe', fromSlot: 1n }),
    () => rpc.rentExemptMinimum(),
    () => rpc.simulate('AA==', 1n),
    () => rpc.recentPrices(['a']),
    () => rpc.feeForMessage('AA=='),
    () => rpc.feePaid('s', 'safe'),
  ];
  let refusal: unknown;
  let fitting = 0;
  for (const question of questions) {
    try {
      await question();
      fitting += 1;
    } catch (cause) {
      if (!isChainRefusal(cause)) throw cause;
      refusal = cause;
    }
  }
  const told = [
    ...(await rpc.latestBlockhashes('safe')),
    ...(await rpc.blockHeights('safe')),
    ...(await rpc.blockhashValidity('b')),
    ...(await rpc.statuses(['s', 't'], true)),
    ...(await rpc.firstAvailableBlocks()),
    ...(await rpc.genesisHashes()),
  ];
  if (fitting + told.length === 0) throw refusal;
}

function settings(kind: 'memory' | 'postgres' = 'memory'): object {
  const store = kind === 'memory' ? { kind } : { kind, url: `postgres://u:${SECRET}@host/db` };
  return {
    chain: { id: 1, name: 'mainnet' },
    endpoints: [{ url: `https://eth.example/${SECRET}`, preset: 'alchemy' }],
    signers: [{ name: 'settler', keyFile: '/etc/lawbook/settler.key' }],
    store,
    fees: { bump: 120, leastTip: '1' },
    policy: {
      amountMax: '1000000000000000000',
      targets: [{ to: ADDRESS, selectors: ['0xa9059cbb'] }],
      budgets: [{ principal: 'a', asset: 'native', amount: '5', windowMs: 1000 }],
    },
  };
}

/** A refusal lists what was found, and never a key. */
function isRefusalWithoutSecrets(thrown: unknown): boolean {
  if (!(thrown instanceof ChainFault)) return false;
  const told = `${thrown.message} ${JSON.stringify(thrown.fields)}`;
  invariant(!told.includes(SECRET), `a refusal keeps secrets to itself: ${told}`);
  return true;
}

/** Time that never passes: what waits for it is ended by whoever opened it. */
export const STILL: Environment = {
  clock: {
    nowMs: () => 0,
    elapsedMs: () => 0,
    sleep: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  },
  random: { next: () => 0 },
};

/** One frame of a node to a transport that subscribes and has a call on its way. */
async function examineSocketFrame(bytes: Uint8Array): Promise<Examined> {
  let isOver = false;
  let told: (text: string) => void = () => undefined;
  const transport: WebSocketTransport = webSocketTransport(
    { url: 'ws://host' },
    {
      environment: STILL,
      openSocket: (_, { onOpen, onMessage, onClose }) => {
        queueMicrotask(onOpen);
        told = onMessage;
        const terminate = (): void => {
          if (!isOver) onClose();
          isOver = true;
        };
        return { send: () => undefined, terminate };
      },
    },
  );
  transport.subscribe({ kind: 'newHeads' }, () => undefined);
  const asked = transport.request({ method: 'eth_chainId', params: [] }, { timeoutMs: 1000 });
  const ended = asked.then(
    () => undefined,
    (cause: unknown) => {
      if (!isChainRefusal(cause)) throw cause;
    },
  );
  await Promise.resolve();
  told(new TextDecoder().decode(bytes));
  const cut = isOver;
  await transport.close();
  await ended;
  return cut ? refused('the connection is cut') : { kind: 'decoded' };
}
