import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnvilMining, EmbeddedAnvil } from '@lawbook/chains/embedded/anvil';
import { startAnvil } from '@lawbook/chains/embedded/anvil';
import type { Hex } from 'viem';
import { createTestClient, http } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { payeeOf } from '../../testing/chains/anvil/anvilWorld.ts';
import { lmdbIn, RealEngine } from '../../testing/chains/anvil/realEngine.ts';
import { requestFor } from './engineApp.ts';
import type { Bench, Job } from './figures.ts';
import { isWanted, quantile, ratioOf } from './figures.ts';
import { viemClients } from './viemApp.ts';

/** Payments a second, from the first one handed over to the last one there. */
interface Rates {
  readonly accepted: number;
  readonly included: number;
}

interface Setting {
  readonly name: string;
  readonly mining: AnvilMining;
  readonly count: number;
  readonly oneByOne: number;
  readonly rounds: number;
  /** Chain nonces of one account in use at once; the engine's default is 16. */
  readonly inFlightMax: number;
}

const SETTINGS: readonly Setting[] = [
  {
    name: 'automine',
    mining: { kind: 'automatic' },
    count: 200,
    oneByOne: 40,
    rounds: 3,
    inFlightMax: 16,
  },
  {
    name: 'blocks-of-1s',
    mining: { kind: 'interval', seconds: 1 },
    count: 96,
    oneByOne: 4,
    rounds: 1,
    inFlightMax: 16,
  },
  {
    name: 'blocks-of-1s-64-in-flight',
    mining: { kind: 'interval', seconds: 1 },
    count: 192,
    oneByOne: 4,
    rounds: 1,
    inFlightMax: 64,
  },
];

/** `chains/intents-per-second/...`: one endpoint, no faults, no proxy. */
export const RATE_JOBS: readonly Job[] = [
  { name: 'chains/intents-per-second', run: (bench) => measureRates(bench) },
];

async function measureRates(bench: Bench): Promise<void> {
  for (const setting of SETTINGS) {
    const name = `chains/intents-per-second/${setting.name}`;
    const isLong = setting.mining.kind === 'interval';
    if (isWanted(name, bench.only) && !(bench.quick && isLong)) await measureRate(bench, setting);
  }
}

async function measureRate(bench: Bench, setting: Setting): Promise<void> {
  const anvil = await startAnvil({ mining: setting.mining });
  const close = bench.closers.add(() => anvil.close());
  const own: Rates[] = [];
  const together: Rates[] = [];
  const single: Rates[] = [];
  const rounds = bench.quick ? 1 : setting.rounds;
  const count = bench.quick ? 50 : setting.count;
  const oneByOne = bench.quick ? 10 : setting.oneByOne;
  try {
    for (let round = 0; round < rounds; round += 1) {
      own.push(await engineRates(bench, anvil, { ...setting, count }));
      together.push(await viemTogether(anvil, count));
      single.push(await viemOneByOne(anvil, oneByOne));
    }
  } finally {
    await close();
  }
  for (const level of ['accepted', 'included'] as const) {
    const medianOf = (rates: readonly Rates[]): number =>
      quantile(
        rates.map((rate) => rate[level]),
        0.5,
      );
    const perSecond = medianOf(own);
    for (const [peer, rates, peerN] of [
      ['viem nonceManager, Promise.all', together, count],
      ['viem, one at a time', single, oneByOne],
    ] as const) {
      bench.print({
        name: `chains/intents-per-second/${setting.name}/${level}`,
        value: Number(perSecond.toPrecision(4)),
        unit: 'intents/s',
        ratio: ratioOf(perSecond, medianOf(rates)),
        peer,
        n: count,
        peerValue: Number(medianOf(rates).toPrecision(4)),
        peerN,
      });
    }
  }
}

async function freshKey(anvil: EmbeddedAnvil): Promise<Hex> {
  const key = generatePrivateKey();
  const client = createTestClient({ mode: 'anvil', chain: foundry, transport: http(anvil.url) });
  const { address } = privateKeyToAccount(key);
  await client.setBalance({ address, value: 100n * 10n ** 18n });
  return key;
}

async function engineRates(bench: Bench, anvil: EmbeddedAnvil, setting: Setting): Promise<Rates> {
  const directory = mkdtempSync(join(tmpdir(), 'lawbook-rate-'));
  const remove = bench.closers.add(() => rm(directory, { recursive: true, force: true }));
  const engine = await RealEngine.open({
    chainId: anvil.chainId,
    endpoints: [{ name: 'anvil', url: anvil.url }],
    key: await freshKey(anvil),
    openStore: lmdbIn(directory),
    settings: { inFlightMax: setting.inFlightMax },
  });
  const close = bench.closers.add(() => engine.close());
  const terms = { deadlineMs: Date.now() + 120_000 };
  const keys = Array.from({ length: setting.count }, (_, index) => `rate:${index}`);
  const startMs = performance.now();
  try {
    const handles = await Promise.all(
      keys.map((key) => engine.lane.submit(requestFor(key, terms))),
    );
    const there = async (level: 'accepted' | 'included'): Promise<number> => {
      await Promise.all(handles.map((intent) => intent.wait(level, { timeoutMs: 60_000 })));
      return (setting.count * 1_000) / (performance.now() - startMs);
    };
    const [accepted, included] = await Promise.all([there('accepted'), there('included')]);
    return { accepted, included };
  } finally {
    await close();
    await remove();
  }
}

async function viemTogether(anvil: EmbeddedAnvil, count: number): Promise<Rates> {
  const { wallet, reader } = viemClients({ key: await freshKey(anvil), urls: [anvil.url] });
  const startMs = performance.now();
  const rate = (): number => (count * 1_000) / (performance.now() - startMs);
  const hashes = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      wallet.sendTransaction({ to: payeeOf(`rate:${index}`), value: 1_000n }),
    ),
  );
  const accepted = rate();
  await Promise.all(hashes.map((hash) => reader.waitForTransactionReceipt({ hash })));
  return { accepted, included: rate() };
}

/** Each waits for the receipt of the one before, so both levels are one figure. */
async function viemOneByOne(anvil: EmbeddedAnvil, count: number): Promise<Rates> {
  const { wallet, reader } = viemClients({ key: await freshKey(anvil), urls: [anvil.url] });
  const startMs = performance.now();
  for (let index = 0; index < count; index += 1) {
    const hash = await wallet.sendTransaction({ to: payeeOf(`rate:${index}`), value: 1_000n });
    await reader.waitForTransactionReceipt({ hash });
  }
  const rate = (count * 1_000) / (performance.now() - startMs);
  return { accepted: rate, included: rate };
}
