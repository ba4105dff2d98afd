import { setTimeout as pause } from 'node:timers/promises';
import { at } from '@lawbook/exchange/failures/invariant';
import type { Hex } from 'viem';
import { parseGwei } from 'viem';
import type { AnvilWorld } from '../../testing/chains/anvil/anvilWorld.ts';
import { until } from '../../testing/chains/anvil/until.ts';
import type { ProxyCall, ProxyFault } from '../../testing/chains/proxy/faultPlan.ts';
import type { FaultProxy } from '../../testing/chains/proxy/faultProxy.ts';
import { SeededRandom } from '../../testing/world/seededRandom.ts';
import type { ChildApp } from './childApp.ts';
import { showOtherChain } from './otherChain.ts';
import type { Contender, Scenario, Stage } from './stage.ts';

const ENGINE: Contender = { name: 'engine', payer: 'engine' };
const VIEM: Contender = { name: 'viem', payer: 'viem' };
const BOTH: readonly Contender[] = [ENGINE, VIEM];
const RAW = 'eth_sendRawTransaction';

/** Scenarios by the numbers of the specification; each contender plays in a world of its own. */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: '1-burst',
    title: '100 at once, one signer, then blocks',
    payments: 100,
    contenders: BOTH,
    alone: true,
    play: async (stage) => {
      await stage.payAll();
      await until('the pool fills', () => stage.world.mempool.seen().length >= 16);
      stage.world.startMining(60);
    },
  },
  {
    id: '2-answer-lost',
    title: 'every 5th broadcast: the node takes it, the answer is lost',
    payments: 20,
    contenders: BOTH,
    play: (stage) => struckSends(stage, { kind: 'resetAfter' }),
  },
  {
    id: '3-broadcast-lost',
    title: 'every 5th broadcast is lost before each node, once',
    payments: 20,
    contenders: BOTH,
    play: (stage) => struckSends(stage, { kind: 'resetBefore' }),
  },
  {
    id: '4-already-known',
    title: 'first node takes it and resets, second says already known',
    payments: 20,
    contenders: BOTH,
    play: playAlreadyKnown,
  },
  {
    id: '5-killed',
    title: 'kill -9 after 8 broadcasts, then started again',
    payments: 20,
    contenders: [
      ENGINE,
      { name: 'viem, pays again what it has no receipt for', payer: 'viem', afterDeath: 'resend' },
      { name: 'viem, keeps hashes, pays again where none', payer: 'viem', afterDeath: 'resume' },
      { name: 'viem, keeps hashes, pays nothing again', payer: 'viem', afterDeath: 'wait' },
    ],
    play: playDeath,
  },
  {
    id: '6-two-processes',
    title: 'two processes, one key, 10 payments each',
    payments: 20,
    contenders: BOTH,
    play: playTwoProcesses,
  },
  {
    id: '10-lagging-replica',
    title: 'fresh account, first node flaps 1 to 20 blocks behind',
    payments: 20,
    contenders: BOTH,
    play: playLagging,
  },
  {
    id: '11-dropped',
    title: 'the first of 4 is dropped from every pool',
    payments: 4,
    contenders: BOTH,
    play: playDropped,
  },
  {
    id: '12-fee-spike-behind',
    title: 'base fee x 50 for 30 blocks, cap 10 gwei; 4 caught by it, 3 more behind them',
    payments: 7,
    contenders: BOTH,
    feeCap: parseGwei('10') * 21_000n,
    play: (stage) => playSpike(stage, 4),
  },
  {
    id: '12-fee-spike-during',
    title: 'the same spike; all paid during it, nothing in front',
    payments: 4,
    contenders: BOTH,
    feeCap: parseGwei('10') * 21_000n,
    play: (stage) => playSpike(stage, 0),
  },
  {
    id: '13-stuck-head',
    title: 'miners want a fifth more tip for the first of 21',
    payments: 21,
    contenders: BOTH,
    inFlightMax: 32,
    play: playStuck,
  },
  ...(['payment', 'cancellation'] as const).map(
    (winner): Scenario => ({
      id: `15-cancel-${winner}-lands`,
      title: `cancelled while being mined; the ${winner} lands`,
      payments: 1,
      contenders: [
        ENGINE,
        { name: 'viem, with onReplaced', payer: 'viem' },
        {
          name: 'viem, compares the hash of the receipt',
          payer: 'viem',
          tellsReplacementBy: 'receiptHash',
        },
      ],
      play: (stage) => playCancel(stage, winner),
    }),
  ),
  ...([false, true] as const).map(
    (reinject): Scenario => ({
      id: `16-reorg-${reinject ? 'returned' : 'forgotten'}`,
      title: `reorg after 2 of 3 confirmations, pool ${reinject ? 'takes back' : 'forgets'} it`,
      payments: 4,
      contenders: BOTH,
      play: (stage) => playReorg(stage, reinject),
    }),
  ),
  {
    id: '22-empty-receipt',
    title: 'first node denies every receipt for 3 s',
    payments: 10,
    contenders: BOTH,
    play: playEmptyReceipts,
  },
  ...providerScenarios(),
];

/** Strikes the first send at each node of every fifth transaction, in their order of arrival. */
async function struckSends(stage: Stage, fault: ProxyFault): Promise<void> {
  const order: Hex[] = [];
  for (const { plan } of stage.world.proxies) {
    const struck = new Set<Hex>();
    const when = ({ params }: ProxyCall): boolean => {
      const raw = params[0] as Hex;
      if (!order.includes(raw)) order.push(raw);
      if (struck.has(raw)) return false;
      struck.add(raw);
      return order.indexOf(raw) % 5 === 4;
    };
    plan.add({ method: RAW, when, fault });
  }
  stage.world.startMining(80);
  await stage.payAll();
}

async function playAlreadyKnown(stage: Stage): Promise<void> {
  const [primary, other] = stage.world.proxies;
  primary?.plan.add({ method: RAW, fault: { kind: 'resetAfter' } });
  const fault = { kind: 'rpcError', code: -32_000, message: 'already known' } as const;
  other?.plan.add({ method: RAW, fault });
  stage.world.startMining(80);
  await stage.payAll();
}

async function playDeath(stage: Stage): Promise<void> {
  const { world, keys, contender } = stage;
  let child: ChildApp | undefined;
  let broadcasts = 0;
  world.mempool.hold = () => {
    broadcasts += 1;
    if (broadcasts === 8) child?.kill();
    return false;
  };
  world.startMining(80);
  child = await stage.openChild('app');
  stage.begin();
  child.payAll(keys);
  await child.ended();
  const again = await stage.openChild('app');
  for (const key of keys.filter((one) => !child?.verdicts.has(one))) {
    const hash = child.hashes.get(key);
    const { afterDeath = 'resend' } = contender;
    if (afterDeath !== 'resend' && hash !== undefined) again.resume(key, hash);
    else if (afterDeath !== 'wait') again.pay(key);
  }
}

async function playTwoProcesses(stage: Stage): Promise<void> {
  stage.world.startMining(80);
  const [first, second] = await Promise.all([stage.openChild('one'), stage.openChild('two')]);
  stage.begin();
  first.payAll(stage.keys.slice(0, 10));
  second.payAll(stage.keys.slice(10));
}

async function playLagging(stage: Stage): Promise<void> {
  const { world, keys } = stage;
  const random = new SeededRandom(10);
  await world.mine(25);
  const blocks = (): number => (random.integer(0, 2) === 0 ? 0 : random.integer(1, 20));
  at(world.proxies, 0).view = { kind: 'behind', blocks };
  world.startMining(80);
  const app = await stage.open();
  stage.begin();
  for (let first = 0; first < keys.length; first += 4) {
    // The very first alone: the account is fresh, and the next ones come when it is mined.
    const wave = first === 0 ? keys.slice(0, 1) : keys.slice(first - 3, first + 1);
    for (const key of wave) app.pay(key);
    await pause(400);
  }
  for (const key of keys.slice(keys.length - 3)) app.pay(key);
}

async function playDropped(stage: Stage): Promise<void> {
  const { mempool } = stage.world;
  await stage.payAll();
  await until('the pool has all', () => mempool.seen().length >= 4);
  const first = mempool.seen().find(({ chainNonce }) => chainNonce === 0);
  if (first !== undefined) await mempool.drop(first.hash);
  stage.world.startMining(80);
}

async function setBaseFee(world: AnvilWorld, gwei: number): Promise<void> {
  const fee = `0x${parseGwei(String(gwei)).toString(16)}`;
  await world.inTurn(() => world.node.call('anvil_setNextBlockBaseFeePerGas', [fee]));
  await world.mine();
}

/** The first payments are caught by the spike, the others are made during it. */
async function playSpike(stage: Stage, caught: number): Promise<void> {
  const { world, keys } = stage;
  const app = await stage.open();
  stage.begin();
  for (const key of keys.slice(0, caught)) app.pay(key);
  await until('the pool has the first', () => world.mempool.seen().length >= caught);
  await setBaseFee(world, 50);
  await pause(300);
  for (const key of keys.slice(caught)) app.pay(key);
  for (let block = 1; block < 30; block += 1) {
    await setBaseFee(world, 50);
    await pause(50);
  }
  for (let gwei = 50; gwei > 1; gwei = Math.floor(gwei / 2)) {
    await setBaseFee(world, gwei);
    await pause(50);
  }
  world.startMining(80);
}

async function playStuck(stage: Stage): Promise<void> {
  const { world } = stage;
  let firstTip: bigint | undefined;
  world.mempool.hold = ({ chainNonce, maxPriorityFeePerGas: tip }) => {
    if (chainNonce !== 0) return false;
    firstTip ??= tip;
    return tip * 100n < firstTip * 120n;
  };
  await stage.payAll();
  world.startMining(80);
}

async function playCancel(stage: Stage, winner: 'payment' | 'cancellation'): Promise<void> {
  const { world, keys } = stage;
  const isPayment = (to: unknown): boolean =>
    String(to).toLowerCase() !== world.signer.toLowerCase();
  world.mempool.hold = ({ to }) => isPayment(to);
  let signed = 0;
  stage.onSigned = async ({ to }) => {
    if (isPayment(to) || winner !== 'payment') return;
    signed += 1;
    if (signed > 1) return;
    world.mempool.hold = () => false;
    await world.mempool.release();
    await world.mine();
  };
  const app = await stage.payAll();
  await until('the payment is held', () => world.mempool.held().length === 1);
  // The app has heard that it was taken, and looked once whether it is mined.
  await pause(300);
  await app.cancel(at(keys, 0));
  world.startMining(80);
}

async function playReorg(stage: Stage, reinject: boolean): Promise<void> {
  const { world } = stage;
  await stage.payAll();
  await until('the pool has all', () => world.mempool.seen().length >= stage.keys.length);
  await world.mine(2);
  // Long enough for every app to have seen the receipts.
  await pause(600);
  await world.reorganise(2, { reinject });
  world.startMining(80);
}

async function playEmptyReceipts(stage: Stage): Promise<void> {
  const [primary] = stage.world.proxies;
  const endMs = performance.now() + 3_000;
  primary?.plan.add({
    method: 'eth_getTransactionReceipt',
    when: () => performance.now() < endMs,
    fault: { kind: 'result', result: null },
  });
  stage.world.startMining(80);
  await stage.payAll();
}

/** Scenario 20: ten payments while the first of two providers is bad, healthy at first. */
function providerScenarios(): readonly Scenario[] {
  const faults: readonly (readonly [
    string,
    (proxy: FaultProxy, world: AnvilWorld) => unknown,
    number?,
  ])[] = [
    ['refused', (proxy) => proxy.refuse()],
    ['429', ({ plan }) => plan.add({ fault: { kind: 'rateLimited', retryAfterSeconds: 1 } })],
    ['5xx', ({ plan }) => plan.add({ fault: { kind: 'httpStatus', status: 503 } })],
    ['slow', ({ plan }) => plan.add({ fault: { kind: 'delay', ms: 3_000 } }), 20_000],
    ['silent', ({ plan }) => plan.add({ fault: { kind: 'hang', forward: false } }), 65_000],
    ['garbage', ({ plan }) => plan.add({ fault: { kind: 'garbage' } })],
    ['wrongChain', showOtherChain],
    [
      'frozenHead',
      async (proxy, world) => {
        proxy.view = { kind: 'stuck', at: await world.driver.getBlockNumber({ cacheTime: 0 }) };
      },
    ],
  ];
  return faults.map(([name, strike, quietMs]) => ({
    id: `20-${name}`,
    title: `first of two providers: ${name}`,
    payments: 10,
    contenders: BOTH,
    ...(quietMs !== undefined && { quietMs }),
    patienceMs: name === 'silent' ? 150_000 : 60_000,
    play: async (stage) => {
      stage.world.startMining(80);
      const app = await stage.open();
      stage.begin();
      await strike(at(stage.world.proxies, 0), stage.world);
      for (const key of stage.keys) app.pay(key);
    },
  }));
}
