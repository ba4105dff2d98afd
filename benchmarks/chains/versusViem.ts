import type { Bench } from './figures.ts';
import { isWanted, ratioOf } from './figures.ts';
import type { PaymentCounts } from './judgePayments.ts';
import { judgePayments, violationsOf } from './judgePayments.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Contender, Scenario } from './stage.ts';
import { Stage } from './stage.ts';

/** One contender's end of one scenario. */
export interface Performance extends PaymentCounts {
  readonly contender: string;
  /** The first thing that the app complained of. */
  readonly complaint: string | undefined;
}

/** Scenarios that wait for long and work little: they run beside all others. */
const LONG: ReadonlySet<string> = new Set(['20-silent', '20-slow']);
const QUICK: ReadonlySet<string> = new Set(['2-answer-lost', '4-already-known', '20-5xx']);
/** Scenarios at once, besides the long ones: each has a chain per contender. */
const ABREAST = 2;

/** `chains/versus-viem/{scenario}`: the engine and plain viem through the same mishaps. */
export async function runVersusViem(bench: Bench): Promise<void> {
  const wanted = SCENARIOS.filter(({ id }) => {
    const isAsked = isWanted(`chains/versus-viem/${id}`, bench.only);
    return isAsked && (!bench.quick || QUICK.has(id));
  });
  for (const scenario of wanted) if (scenario.alone === true) await playScenario(bench, scenario);
  const queue = wanted.filter(({ id, alone }) => !LONG.has(id) && alone !== true);
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await playScenario(bench, next);
    }
  };
  await Promise.all([
    ...wanted.filter(({ id }) => LONG.has(id)).map((scenario) => playScenario(bench, scenario)),
    ...Array.from({ length: ABREAST }, work),
  ]);
}

async function playScenario(bench: Bench, scenario: Scenario): Promise<void> {
  const performances: Performance[] = [];
  if (scenario.alone === true) {
    for (const contender of scenario.contenders) {
      performances.push(await perform(bench, scenario, contender));
    }
  } else {
    const all = scenario.contenders.map((contender) => perform(bench, scenario, contender));
    performances.push(...(await Promise.all(all)));
  }
  const [own, ...others] = performances;
  if (own === undefined) return;
  for (const peer of others) {
    bench.print({
      name: `chains/versus-viem/${scenario.id}`,
      value: violationsOf(own),
      unit: `violations of ${scenario.payments} payments`,
      ratio: ratioOf(violationsOf(own), violationsOf(peer)),
      peer: peer.contender,
      n: scenario.payments,
      peerValue: violationsOf(peer),
      title: scenario.title,
      own,
      theirs: peer,
    });
  }
}

function perform(bench: Bench, scenario: Scenario, contender: Contender): Promise<Performance> {
  return Stage.run(bench, scenario, contender, async (stage) => ({
    contender: contender.name,
    complaint: stage.apps.flatMap(({ complaints }) => complaints)[0],
    ...(await judgePayments(stage)),
  }));
}
