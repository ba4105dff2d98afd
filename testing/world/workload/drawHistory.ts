import type { SeededRandom } from '../seededRandom.ts';
import { doesSettle, drawBase } from '../simulation/drawBase.ts';
import type { BaseKind } from '../simulation/simulatedBase.ts';
import { oneOf, stream } from '../simulation/streams.ts';
import type { Act, ActOf, ClientAct, History, Step } from './acts.ts';
import type { Consent } from './trader.ts';

/** How much of each kind of act a history has; a seed leans one way or another. */
interface Leaning {
  readonly batch: number;
  readonly book: number;
  readonly session: number;
  readonly crossing: number;
  readonly hostile: number;
  readonly operator: number;
  readonly fault: number;
  /** Milliseconds between acts, the most. */
  readonly waitMsMax: number;
}

/** Figures in the order of `Leaning`. */
function leaning(...figures: readonly number[]): Leaning {
  const [batch = 0, book = 0, session = 0, crossing = 0, ...others] = figures;
  const [hostile = 0, operator = 0, fault = 0, waitMsMax = 0] = others;
  return { batch, book, session, crossing, hostile, operator, fault, waitMsMax };
}

const LEANINGS: readonly Leaning[] = [
  leaning(40, 30, 6, 8, 6, 2, 8, 900),
  leaning(60, 5, 4, 12, 2, 2, 6, 1_500),
  leaning(5, 70, 4, 2, 4, 2, 6, 300),
  leaning(30, 20, 6, 10, 4, 5, 25, 1_200),
  leaning(20, 20, 5, 5, 40, 2, 5, 400),
  leaning(15, 10, 3, 15, 2, 3, 12, 6_000),
  leaning(40, 20, 4, 10, 2, 2, 6, 20_000),
];

/**
 * Draws the history of a seed: the first steps of a longer one are those of a shorter one. The seed
 * says what the world settles on unless somebody does.
 */
export function drawHistory(seed: number, count: number, base: BaseKind = drawBase(seed)): History {
  const leans = { ...oneOf(stream(seed, 'leaning'), LEANINGS), commits: commitsMostly(seed) };
  const random = stream(seed, 'history');
  const steps: Step[] = [];
  for (let id = 1; id <= count; id += 1) {
    const drawn = drawAct(random, leans);
    // A world of commitments begins with the rules for them.
    const act = leans.commits && id === 1 ? rulesOfCommitments(random) : drawn;
    const isBurst = random.next() < 0.25;
    const waitMs = isBurst ? random.integer(0, 5) : random.integer(1, leans.waitMsMax);
    steps.push({ id, waitMs, act });
  }
  return { seed, base, steps };
}

/**
 * Share of the worlds in which orders are mostly committed to before they are shown. Bonds are only
 * where nothing settles, because no circuit proves them: there it is larger.
 */
function commitsMostly(seed: number): boolean {
  return stream(seed, 'commitments').next() < (doesSettle(seed) ? 0.3 : 0.6);
}

function rulesOfCommitments(random: SeededRandom): Act {
  const bondBits = random.integer(0, 24);
  return { kind: 'setFee', feeE7: random.integer(0, 5_000), admission: 0, bondBits };
}

function drawAct(random: SeededRandom, leans: Leaning & { readonly commits: boolean }): Act {
  const { batch, book, session, crossing, hostile, operator, fault, commits } = leans;
  const draws: readonly (readonly [number, (random: SeededRandom) => Act])[] = [
    [batch, (each) => drawBatch(each, commits)],
    [book, drawBook],
    [session, drawSession],
    [crossing, drawCrossing],
    [hostile, drawHostile],
    [operator, (each) => drawOperator(each, commits)],
    [fault, drawFault],
  ];
  let left = random.next() * draws.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, draw] of draws) {
    left -= weight;
    if (left < 0) return draw(random);
  }
  return drawBatch(random, commits);
}

const WHO_MAX = 5;

function drawConsent(random: SeededRandom): Consent {
  const u = random.next();
  if (u < 0.84) return 'owner';
  if (u < 0.9) return 'delegate';
  return u < 0.98 ? 'session' : 'stranger';
}

function drawBatch(random: SeededRandom, commits: boolean): ClientAct {
  // The last two have nothing that the batch market trades.
  const who = random.next() < 0.92 ? random.integer(0, 3) : random.integer(0, WHO_MAX);
  const pay = random.integer(0, 5);
  const terms = { who, pay, step: random.integer(1, 6), bits: random.integer(18, 36) };
  const lifeMs = oneOf(random, [100, 2_000, 10_000, 60_000, 60_000, 60_000, 600_000]);
  const u = random.next();
  if (u < 0.1) {
    return { kind: 'cancel', who, place: random.next(), consent: drawConsent(random) };
  }
  const [commit, reveal] = commits ? [0.45, 0.1] : [0.04, 0.02];
  if (u < 0.1 + commit) {
    const then = oneOf(random, REVEAL_FATES);
    return { kind: 'commit', ...terms, lifeMs: 120_000, then };
  }
  if (u < 0.1 + commit + reveal) return { kind: 'reveal', who, place: random.next() };
  if (u < 0.16 + commit + reveal) {
    return { kind: 'read', who, what: random.integer(0, 8), place: random.next() };
  }
  if (u > 0.97) {
    const acts = Array.from({ length: random.integer(2, 6) }, () => {
      return { ...drawOrder(random, { ...terms, pay: random.integer(0, 5) }), lifeMs };
    });
    return { kind: 'together', acts: acts.map((each) => ({ ...each, consent: 'owner' as const })) };
  }
  return { ...drawOrder(random, terms), lifeMs };
}

const REVEAL_FATES = [
  ...(['reveals', 'reveals', 'reveals', 'reveals', 'reveals'] as const),
  ...(['forgets', 'tooEarly', 'tooLate', 'twice', 'otherSalt'] as const),
];

type OrderTerms = Pick<ActOf<'order'>, 'who' | 'pay' | 'step' | 'bits'>;

function drawOrder(random: SeededRandom, terms: OrderTerms): Omit<ActOf<'order'>, 'lifeMs'> {
  return {
    kind: 'order',
    ...terms,
    limitPpm: oneOf(random, [null, null, -20_000, -3_000, -10, 0, 10, 3_000]),
    minFillPpm: oneOf(random, [0, 0, 0, 0, 1, 500_000, 1_000_000]),
    nonceStep: oneOf(random, [1, 1, 1, 1, 1, 2, 200, -1, -255, 2 ** 33]),
    consent: drawConsent(random),
    byFeed: random.next() < 0.25,
  };
}

function drawBook(random: SeededRandom): ClientAct {
  // The fourth has nothing that books trade.
  const who = random.next() < 0.95 ? oneOf(random, [0, 1, 2, 4, 5]) : 3;
  const market = random.integer(0, 1);
  const u = random.next();
  if (u < 0.08) return drawTwap(random, { who, market });
  if (u < 0.11) return { kind: 'cancelTwap', who, place: random.next() };
  if (u < 0.13) {
    const acts = Array.from({ length: random.integer(2, 6) }, () => {
      return { ...drawBookAct(random, { who, market }), consent: 'owner' as const };
    });
    return { kind: 'together', acts };
  }
  return drawBookAct(random, { who, market });
}

interface BookPlace {
  readonly who: number;
  readonly market: number;
}

function drawTwap(random: SeededRandom, place: BookPlace): ActOf<'twap'> {
  return {
    kind: 'twap',
    ...place,
    buys: random.next() < 0.5,
    away: random.integer(-4, 20),
    lots: random.integer(2, 600),
    slices: random.integer(2, 12),
    intervalMs: oneOf(random, [100, 500, 2_000, 10_000]),
    again: oneOf(random, ['no', 'no', 'no', 'no', 'same', 'other'] as const),
  };
}

function drawBookAct(
  random: SeededRandom,
  { who, market }: BookPlace,
): ActOf<'bookOrder'> | ActOf<'bookChange'> {
  const away = random.integer(-6, 14);
  // Small sizes meet in ways in which large ones hardly do: one lot is left, or none.
  const lots = random.next() < 0.4 ? random.integer(1, 4) : random.integer(1, 400);
  const consent = drawConsent(random);
  const u = random.next();
  if (u < 0.68) {
    return {
      kind: 'bookOrder',
      who,
      market,
      buys: random.next() < 0.5,
      takes: random.next() < 0.25,
      word: random.next(),
      away,
      lots,
      special: random.next(),
      lifeMs: oneOf(random, [300, 20_000, 60_000, 60_000, 600_000]),
      consent,
    };
  }
  const what = oneOf(random, [
    'amend',
    'amend',
    'cancel',
    'cancel',
    'cancel',
    'cancelAll',
    'heartbeat',
  ] as const);
  const byClientId = random.next() < 0.3;
  return {
    kind: 'bookChange',
    ...{ what, who, market, place: random.next(), away, lots, byClientId, consent },
  };
}

function drawSession(random: SeededRandom): Act {
  const who = random.integer(0, WHO_MAX);
  if (random.next() < 0.3) return { kind: 'closeSession', who };
  return {
    kind: 'openSession',
    who,
    delegated: random.next() < 0.6,
    scopes: oneOf(random, [1, 3, 3, 3, 3, 7]),
    lifeMs: oneOf(random, [500, 20_000, 600_000, 3_600_000, 3_600_000, 90_000_000]),
  };
}

function drawCrossing(random: SeededRandom): Act {
  const who = random.integer(0, WHO_MAX);
  const asset = random.integer(0, 5);
  const u = random.next();
  if (u < 0.35) return { kind: 'deposit', who, asset, bits: random.integer(0, 40) };
  if (u < 0.85) {
    return {
      kind: 'withdraw',
      who,
      asset,
      bits: random.integer(0, 38),
      lifeMs: oneOf(random, [1_000, 660_000, 700_000, 3_600_000]),
      nonceStep: oneOf(random, [1, 1, 1, 3, 200, -1]),
    };
  }
  if (u < 0.9) return { kind: 'requestExit', who };
  if (u < 0.95) return { kind: 'cancelExit', who };
  return { kind: 'completeExit', who, asset };
}

function drawHostile(random: SeededRandom): Act {
  const who = random.integer(0, WHO_MAX);
  const seed = random.integer(0, 2 ** 31);
  const u = random.next();
  if (u < 0.25) return { kind: 'garbage', route: random.next(), seed };
  if (u < 0.6) return { kind: 'spoil', who, place: random.next(), seed };
  const times = oneOf(random, [1, 1, 1, 2, 5, 40]);
  return { kind: 'replay', who, place: random.next(), times };
}

function drawOperator(random: SeededRandom, commits: boolean): Act {
  const u = random.next();
  if (u < 0.35) return { kind: 'restart', config: random.integer(0, 2 ** 31) };
  if (u < 0.4) return { kind: 'halt' };
  if (u < 0.65) return { kind: 'resume' };
  if (u < 0.7) return { kind: 'void' };
  if (u < 0.85) {
    const admission = random.next() * (commits ? 0.35 : 1);
    const bondBits = random.integer(0, 40);
    return { kind: 'setFee', feeE7: random.integer(0, 5_000), admission, bondBits };
  }
  if (u < 0.93) {
    return { kind: 'bookState', market: random.integer(0, 1), state: random.integer(0, 5) };
  }
  return { kind: 'discard', what: random.next() < 0.5 ? 'indexes' : 'snapshots' };
}

function drawFault(random: SeededRandom): Act {
  const forMs = oneOf(random, [50, 500, 2_000, 8_000, 30_000]);
  const share = oneOf(random, [0.02, 0.1, 0.3, 0.6]);
  const u = random.next();
  if (u < 0.08) return { kind: 'kill', power: random.next() < 0.6 };
  if (u < 0.1) return { kind: 'rot' };
  if (u < 0.13) return { kind: 'pause', forMs };
  if (u < 0.38) {
    const touch = oneOf(random, [null, 'write', 'sync', 'sync', 'store', 'base'] as const);
    const touches = random.integer(1, touch === null ? 60 : oneOf(random, [1, 3, 10]));
    return {
      kind: 'planDeath',
      ...{ touch, touches, after: random.next() < 0.5, power: random.next() < 0.6 },
    };
  }
  if (u < 0.48) {
    const what = oneOf(random, ['slow', 'slow', 'failing', 'full', 'short'] as const);
    return { kind: 'disk', what, share, forMs };
  }
  if (u < 0.51) return { kind: 'store', what: oneOf(random, ['full', 'failing'] as const), forMs };
  if (u < 0.63) {
    return {
      kind: 'wires',
      loss: oneOf(random, [0, 0.1, 0.4]),
      repeats: oneOf(random, [0, 0.1, 0.5]),
      delayMs: oneOf(random, [5, 300, 4_000]),
      frameFaults: oneOf(random, [0, 0.02, 0.2]),
      forMs,
    };
  }
  if (u < 0.67) return { kind: 'cutFeeds' };
  if (u < 0.73) {
    const byMs = oneOf(random, [-86_400_000, -60_000, -900, 900, 7_000, 40_000]);
    return { kind: 'clockJump', byMs, forMs };
  }
  if (u < 0.83) {
    const what = oneOf(random, ['away', 'answersLost', 'withheld', 'reorganises', 'slow'] as const);
    return { kind: 'base', what, share, forMs };
  }
  if (u < 0.9) {
    const what = oneOf(random, ['dies', 'hangs', 'garbage', 'slow'] as const);
    return { kind: 'provers', what, share, forMs };
  }
  const what = oneOf(random, ['lie', 'stale', 'down', 'jump', 'drift', 'garbage'] as const);
  const ppm = oneOf(random, [-300_000, -60_000, -4_000, 1_000, 9_000, 80_000]);
  return { kind: 'oracle', what, source: random.integer(0, 2), ppm, forMs };
}
