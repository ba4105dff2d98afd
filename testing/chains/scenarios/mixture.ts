import type { FaultRule } from '../double/faultPlan.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Seconds between two faults, on average. */
const FAULT_EVERY_S = 10;

/** Not a row but all of them: a random fault every ten seconds, one on top of the other. */
export const mixture: Scenario = {
  number: 100,
  name: 'a mixture of every fault',
  criterion: 'the invariants hold',
  world: (random) => ({
    nodes: random.integer(2, 4),
    blockTime: random.integer(1, 4),
    firstChainNonce: random.integer(0, 1) * random.integer(0, 900),
    dialects: (['geth', 'nethermind', 'erigon', 'besu', 'anvil', 'front'] as const).slice(
      random.integer(0, 3),
    ),
    gossip: random.next() < 0.8,
  }),
  engine: (random) => ({ settings: { broadcastTo: random.integer(1, 2) } }),
  play: async (stage) => {
    const { world, random } = stage;
    await stage.openEngine('life-0');
    if (random.next() < 0.4) await stage.openEngine('standby');
    const paceMs = random.integer(100, 3000);
    let isOver = false;
    const submitting = stage
      .submitMany(stage.intents, { paceMs, change: { finality: { kind: 'finalized' } } })
      .then(() => {
        isOver = true;
      });
    for (let k = 1; !isOver || k < 4; k += 1) {
      await stage.sleep(random.between(0, 2 * FAULT_EVERY_S * 1000));
      const trouble = TROUBLES[random.integer(0, TROUBLES.length - 1)];
      await trouble?.(stage, k);
      if (stage.running() === undefined) await stage.openEngine(`life-${k}`);
    }
    await submitting;
    for (const host of world.processes) host.resume();
    world.calm();
  },
};

type Trouble = (stage: Stage, round: number) => Promise<void>;

/** What may go wrong at any time; each undoes itself, or `world.calm()` does. */
export const TROUBLES: readonly Trouble[] = [
  networkTrouble,
  networkTrouble,
  lagTrouble,
  reorgTrouble,
  storeTrouble,
  deathTrouble,
  pauseTrouble,
  strangerTrouble,
  dropTrouble,
  feeTrouble,
  signerTrouble,
];

async function networkTrouble({ world, random }: Stage): Promise<void> {
  const fromMs = world.clock.elapsedMs();
  const window = { fromMs, untilMs: fromMs + random.between(500, 15_000) };
  const share = random.between(0.1, 1);
  const name = `node-${random.integer(0, world.nodes.length - 1)}`;
  const nodes = random.next() < 0.7 ? { nodes: [name] } : {};
  const methods = random.next() < 0.4 ? { methods: ['eth_sendRawTransaction'] } : {};
  const faults: readonly FaultRule['fault'][] = [
    { kind: 'lostBefore' },
    { kind: 'lostAfter', reset: true },
    { kind: 'lostAfter', reset: false },
    { kind: 'slow', delayMs: random.between(100, 6000) },
    { kind: 'refused' },
    { kind: 'rateLimited', retryAfterMs: 1000 },
    { kind: 'httpStatus', status: 502 },
    { kind: 'malformed' },
    { kind: 'wrongId' },
    { kind: 'swallowed' },
    { kind: 'rpcError', code: -32603, message: 'Internal error' },
  ];
  const fault = faults[random.integer(0, faults.length - 1)] ?? { kind: 'refused' };
  world.network.plan.add({ ...window, ...nodes, ...methods, share, fault });
}

async function lagTrouble({ world, random }: Stage): Promise<void> {
  const node = world.nodes[random.integer(0, world.nodes.length - 1)];
  if (node === undefined) return;
  const depth = random.integer(1, 20);
  const isFlapping = random.next() < 0.5;
  world.isDisturbed = true;
  node.lag = () => (isFlapping && random.next() < 0.5 ? 0 : depth);
  world.clock.schedule(random.between(2000, 20_000), () => {
    node.lag = () => 0;
    world.isDisturbed = false;
  });
}

async function reorgTrouble({ world, random }: Stage): Promise<void> {
  const depth = random.integer(1, 6);
  const fate = random.next() < 0.5 ? 'lost' : 'returned';
  world.chain.reorganise({ depth, fate, reinclude: random.next() < 0.3 });
}

async function storeTrouble({ world, random }: Stage): Promise<void> {
  const { terms } = world.store;
  if (random.next() < 0.4) terms.away = true;
  else if (random.next() < 0.5) terms.failing = random.between(0.05, 0.5);
  else terms.answersLost = random.between(0.05, 0.5);
  world.clock.schedule(random.between(500, 12_000), () => {
    Object.assign(terms, { away: false, failing: 0, answersLost: 0 });
  });
}

async function deathTrouble(stage: Stage, round: number): Promise<void> {
  const { random } = stage;
  const victim = stage.running();
  if (victim === undefined) return;
  const touch = random.next() < 0.5 ? ({ touch: 'store', name: 'commit' } as const) : {};
  const moment = random.next() < 0.5 ? 'before' : 'after';
  const counted = touch.touch === undefined ? 'all' : 'store/commit';
  const at = victim.process.touches(counted) + random.integer(1, 6);
  victim.process.planKill({ ...touch, moment, at });
  await stage.until(() => victim.process.state === 'dead', 5000);
  victim.process.kill();
  await stage.sleep(random.between(0, 2000));
  await stage.openEngine(`after-${round}`);
}

async function pauseTrouble(stage: Stage): Promise<void> {
  const { random, world } = stage;
  const owner = stage.owner();
  if (owner === undefined) return;
  owner.process.pause();
  world.clock.schedule(random.between(1000, 20_000), () => owner.process.resume());
}

async function strangerTrouble(stage: Stage): Promise<void> {
  const { world, random } = stage;
  if (random.next() < 0.5) return;
  const { count } = world.chain.accountAt(world.chain.head(), world.signer);
  const stranger = stage.foreign(count + random.integer(0, 3));
  if (random.next() < 0.5) world.privately.push(stranger);
  else for (const node of world.nodes) node.receive(stranger);
}

async function dropTrouble({ world, random }: Stage): Promise<void> {
  for (const { pool } of world.nodes) {
    for (const { hash } of pool.allOf(world.signer)) if (random.next() < 0.5) pool.drop(hash);
  }
}

async function feeTrouble({ world, random }: Stage): Promise<void> {
  const from = world.chain.head().number;
  const length = random.integer(2, 15);
  const peak = BigInt(random.integer(20, 500)) * 1_000_000_000n;
  const calm = world.chain.head().baseFee;
  world.chain.scriptBaseFee((number, byRule) => {
    if (number === from + length) return calm;
    return number > from && number < from + length ? peak : byRule;
  });
}

async function signerTrouble({ world, random }: Stage): Promise<void> {
  world.signerFailing = random.between(0.2, 1);
  world.clock.schedule(random.between(1000, 15_000), () => {
    world.signerFailing = 0;
  });
}
