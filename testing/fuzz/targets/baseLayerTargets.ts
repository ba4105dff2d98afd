import type { ChainBlock, ChainTracker } from '@lawbook/chains/tracker/chainTracker';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BaseLayerEvent } from '@lawbook/settlement/baseLayer/baseLayerEvent';
import type { EvmStands } from '@lawbook/settlement/baseLayer/evm/chainReader';
import { ChainReader } from '@lawbook/settlement/baseLayer/evm/chainReader';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { readEvents } from '@lawbook/settlement/baseLayer/evm/readEvents';
import { readOwners } from '@lawbook/settlement/baseLayer/evm/readOwners';
import { SettledLists } from '@lawbook/settlement/baseLayer/evm/settledLists';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { Abi, Hex } from 'viem';
import { encodeAbiParameters, encodeEventTopics } from 'viem';
import { BASE_LAYER_ABI } from '../../../contracts/generated/baseLayerAbi.ts';
import { answeringBy } from '../examples/answeringPool.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused, sentenceOf } from '../fuzzTarget.ts';
import { isChainRefusal, STILL } from './chainAnswerTargets.ts';

const SHARD = 1;
const OWNER: Hex = `0x${'ab'.repeat(20)}`;
const HASH: Hex = `0x${'cd'.repeat(32)}`;
const DEPLOYMENT: Deployment = {
  chainId: 31_337,
  registry: `0x${'01'.repeat(20)}`,
  baseLayer: `0x${'02'.repeat(20)}`,
  verifiers: [],
  tokens: [],
  deployedAtBlock: 1n,
};
const BLOCK: ChainBlock = {
  number: 1n,
  hash: HASH,
  parentHash: `0x${'00'.repeat(32)}`,
  timestamp: 1n,
  baseFeePerGas: undefined,
  transactions: [],
};

/**
 * Logs as endpoints answer them. Whatever they hold, it ends in events that a bridge can put into
 * the ledger, or in a fault after which they are asked again.
 */
export const BASE_LAYER_TARGETS: readonly FuzzTarget[] = [
  logTarget('base-layer-event', readEventsFrom),
  logTarget('known-owners', async (stands) => {
    const question = { deployment: DEPLOYMENT, shard: SHARD, marketId: 1 };
    const { owners } = await readOwners(question, stands, 1n);
    for (const owner of owners) invariant(/^0x[0-9a-f]{40}$/.test(owner), 'an owner is an account');
  }),
  logTarget('settled-list', async (stands) => {
    const place = { baseLayer: DEPLOYMENT.baseLayer, shard: SHARD, from: 1n };
    await new SettledLists(place, stands).find(1n, BLOCK);
  }),
  {
    name: 'contract-view',
    form: 'json',
    examples: () => VIEWS.map((view) => new TextEncoder().encode(JSON.stringify(view))),
    mayRefuse: true,
    examine: (bytes) => examineRead(bytes, viewsFor, readViews),
  },
];

/** What the views below return: two words, three words, one. */
const VIEWS = [2, 3, 1].map((words) => `0x${`${'0'.repeat(63)}7`.repeat(words)}`);

/** A chain whose calls all return the same. */
function viewsFor(returned: unknown): EvmStands {
  const pool = answeringBy(() => returned);
  return { ...standsFor([]), engine: { ...standsFor([]).engine, pool } };
}

/** One answer fits one of them at most; all have to end in what they document. */
async function readViews(stands: EvmStands): Promise<void> {
  const reader = new ChainReader(stands, { kind: 'finalized' });
  const contract = { address: DEPLOYMENT.baseLayer, abi: BASE_LAYER_ABI } as const;
  const views: readonly (() => Promise<unknown>)[] = [
    () => reader.view({ ...contract, functionName: 'listChains', args: [SHARD] }, BLOCK),
    () => reader.view({ ...contract, functionName: 'marketProgress', args: [SHARD] }, BLOCK),
    () => reader.wordsAt(DEPLOYMENT.baseLayer, [HASH], BLOCK),
    () => reader.chainNonceOf(OWNER, BLOCK),
    () => reader.gasOf({ to: OWNER, callData: '0x' }, BLOCK),
  ];
  let refusal: unknown;
  let fitting = 0;
  for (const view of views) {
    try {
      await reader.atHead(view);
      fitting += 1;
    } catch (cause) {
      if (!isDocumented(cause)) throw cause;
      refusal = cause;
    }
  }
  if (fitting === 0) throw refusal;
}

function isDocumented(cause: unknown): boolean {
  const isUnanswered =
    cause instanceof SettlementFault && cause.code === 'SETTLEMENT_CONFIG_INVALID';
  return (
    (cause instanceof SettlementFault && cause.retryable) || isUnanswered || isChainRefusal(cause)
  );
}

function logTarget(name: string, read: (stands: EvmStands) => Promise<void>): FuzzTarget {
  return {
    name,
    form: 'json',
    examples: () => EXAMPLES.map((logs) => new TextEncoder().encode(JSON.stringify(logs))),
    mayRefuse: true,
    examine: (bytes) => examineRead(bytes, standsFor, read),
  };
}

/** Answers a chain's questions with JSON, and reads it. */
async function examineRead(
  bytes: Uint8Array,
  standsOf: (answer: unknown) => EvmStands,
  read: (stands: EvmStands) => Promise<void>,
): Promise<Examined> {
  let answer: unknown;
  try {
    answer = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    if (cause instanceof SyntaxError) return refused('no JSON');
    throw cause;
  }
  try {
    await read(standsOf(answer));
    return { kind: 'decoded' };
  } catch (cause) {
    if (isDocumented(cause)) return refused(sentenceOf(cause));
    throw cause;
  }
}

/** A chain of one block, which is final, whose logs these are. */
function standsFor(logs: unknown): EvmStands {
  const pool = answeringBy((method) => {
    return method === 'eth_getLogs' ? logs : { ...BLOCK, number: '0x1', timestamp: '0x1' };
  });
  const tracker: ChainTracker = {
    head: () => BLOCK,
    finality: () => ({ safe: BLOCK, finalized: BLOCK }),
    blockAt: (number) => (number === BLOCK.number ? BLOCK : undefined),
    isCanonical: ({ hash }) => hash === HASH,
    isFinal: () => true,
    passageFrom: () => ({ kind: 'unknown' }),
    changed: (signal) => STILL.clock.sleep(1, signal),
    poll: async () => undefined,
    stats: () => ({ reorganisations: 0, deepest: 0, ringBlocks: 1, lastPollMs: 0 }),
    close: async () => undefined,
  };
  const lane: EvmStands['engine']['lane'] = () => {
    throw new TypeError('reading takes no lane');
  };
  return { engine: { pool, tracker, lane }, environment: STILL };
}

/** Reads until nothing more comes: all that is awaited are microtasks. */
async function readEventsFrom(stands: EvmStands): Promise<void> {
  const ended = new AbortController();
  const question = {
    deployment: DEPLOYMENT,
    shard: SHARD,
    finality: { kind: 'finalized' },
    after: undefined,
    signal: ended.signal,
  } as const;
  setImmediate(() => ended.abort(QUIET));
  let told = 0;
  try {
    for await (const event of readEvents(question, stands)) {
      checkEvent(event);
      told += 1;
    }
  } catch (cause) {
    if (cause !== QUIET) throw cause;
  }
  if (told === 0) throw NOTHING;
}

const QUIET = new SettlementFault('SETTLEMENT_CLOSED', 'nothing more comes');
/** Such as logs that are asked for again and again. */
const NOTHING = new SettlementFault('SETTLEMENT_UNAVAILABLE', 'no event was told');

/** What the bridge makes of it must not break an invariant there. */
function checkEvent(event: BaseLayerEvent): void {
  const { blockNumber, logIndex } = event.cursor;
  invariant(blockNumber === 1n, 'an event stands in the block that was asked about');
  invariant(Number.isSafeInteger(logIndex), 'a place in a block is exact');
  if (event.kind === 'deposited' || event.kind === 'exitCompleted') {
    amount(event.units);
    invariant(Number.isSafeInteger(event.assetId), 'an asset has an exact number');
  }
  if (event.kind === 'exitRequested')
    invariant(event.dueBlock >> 64n === 0n, 'a block has 64 bits');
}

const EXAMPLES = [
  [
    log(0, 'Deposited', {
      depositNumber: 1n,
      shard: SHARD,
      owner: OWNER,
      assetId: 2n,
      units: 5_000_000n,
    }),
    log(1, 'ExitRequested', { shard: SHARD, owner: OWNER, dueBlock: 900n }),
    log(2, 'ExitCanceled', { shard: SHARD, owner: OWNER }),
    log(3, 'ExitCompleted', { shard: SHARD, owner: OWNER, assetId: 2n, units: 7n }),
  ],
  [
    log(0, 'Settled', {
      shard: SHARD,
      number: 1n,
      marketId: 1,
      epochNumber: 1n,
      listHash: HASH,
      dataCommitment: 3n,
    }),
  ],
  [log(1, 'VaultSettled', { owner: OWNER, changes: [1n, 2n] })],
  [],
];

/** A log as a node of the real contract answers it; members that an event lacks are left out. */
function log(logIndex: number, eventName: string, args: Readonly<Record<string, unknown>>): object {
  const abi: Abi = BASE_LAYER_ABI;
  const event = abi.find((entry) => entry.type === 'event' && entry.name === eventName);
  invariant(event?.type === 'event', 'the contract has this event');
  const plain = event.inputs.filter(({ indexed }) => indexed !== true);
  const byPlace = event.inputs.map(({ name = '' }) => args[name] ?? Object.values(args).at(-1));
  const values = plain.map((input) => byPlace[event.inputs.indexOf(input)]);
  return {
    address: DEPLOYMENT.baseLayer,
    topics: encodeEventTopics({ abi, eventName, args }),
    data: encodeAbiParameters(plain, values),
    blockNumber: '0x1',
    blockHash: HASH,
    transactionHash: `0x${'ef'.repeat(32)}`,
    transactionIndex: '0x0',
    logIndex: `0x${logIndex.toString(16)}`,
    removed: false,
  };
}
