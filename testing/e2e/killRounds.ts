import { DEMO_DOMAIN, developmentAccount } from '@lawbook/analytics/demoWorld';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { BatchOrder } from '@lawbook/exchange/orders/batchOrder';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { Signing } from '@lawbook/exchange/orders/signedTypes';
import { loadConfig } from '../../packages/executor/src/config/loadConfig.ts';
import { replayJournal } from '../../packages/executor/src/replay.ts';
import { VenueProcess } from './venueProcess.ts';

/** What the rounds found; every list must stay empty. */
export interface KillReport {
  readonly rounds: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged orders that the restarted venue does not know. */
  readonly lost: readonly string[];
  /** Acknowledged orders whose sequence changed. */
  readonly moved: readonly string[];
  /** Unanswered orders whose resubmission got no definite answer. */
  readonly undecided: readonly string[];
  readonly replayAgrees: boolean;
  readonly isZeroSum: boolean;
}

/** How to run the rounds. */
export interface KillOptions {
  readonly dataDir: string;
  /** Most rounds to play. */
  readonly rounds: number;
  /** No round begins after this many milliseconds. */
  readonly budgetMs?: number;
  readonly seed: number;
  readonly onRound?: (round: number) => void;
}

interface Sent {
  readonly body: string;
  readonly orderId: string;
  sequence: number | undefined;
}

interface Answer {
  readonly kind: string;
  readonly orderId?: string;
  readonly sequence?: number;
}

/**
 * Kills a loaded venue with SIGKILL at random moments and checks after every restart that each
 * acknowledged order is there under its sequence, and that each unanswered one gets a definite
 * answer when it is sent again. Ends with a clean stop and a replay of the whole journal.
 */
export async function killRounds(options: KillOptions): Promise<KillReport> {
  const { dataDir, rounds, seed } = options;
  const flags = {
    dataDir,
    'market.batchIntervalMs': 100,
    'demo.ordersPerSecond': 50,
    'journal.snapshotEveryInputs': 200,
    'limits.account.ratePerSecond': 100_000,
    'limits.account.burst': 100_000,
    'limits.address.ratePerSecond': 100_000,
    'limits.address.burst': 100_000,
  };
  const random = mulberry32(seed);
  const traders = new Traders();
  const found = { lost: [] as string[], moved: [] as string[], undecided: [] as string[] };
  let [sentCount, acknowledgedCount] = [0, 0];
  const deadline = performance.now() + (options.budgetMs ?? Number.POSITIVE_INFINITY);
  let round = 0;
  for (; round < rounds && performance.now() < deadline; round += 1) {
    options.onRound?.(round);
    const venue = await VenueProcess.start(flags);
    const sent: Sent[] = [];
    const stopAt = performance.now() + 50 + random() * 700;
    const clients = [0, 1, 2, 3].map(async (client) => {
      while (performance.now() < stopAt + 200) {
        const one = traders.next(client);
        sent.push(one);
        if (!(await submit(venue.url, one))) return;
      }
    });
    await new Promise((resolve) => setTimeout(resolve, stopAt - performance.now()));
    await venue.kill();
    await Promise.all(clients);
    sentCount += sent.length;
    const again = await VenueProcess.start(flags);
    for (const one of sent) {
      if (one.sequence === undefined) await decide(again.url, one, found.undecided);
      else {
        acknowledgedCount += 1;
        await check(again.url, one, found);
      }
    }
    await again.kill();
  }
  const last = await VenueProcess.start({ ...flags, 'demo.flow': false });
  await last.stop();
  const { config } = loadConfig({ flags });
  const replay = await replayJournal({ config, judge: true });
  const restarted = await VenueProcess.start({ ...flags, 'demo.flow': false });
  const { stateRoot } = restarted.line;
  await restarted.stop();
  return {
    rounds: round,
    sent: sentCount,
    acknowledged: acknowledgedCount,
    ...found,
    replayAgrees: replay.stateRoot === stateRoot && replay.violations.length === 0,
    isZeroSum: replay.isZeroSum,
  };
}

class Traders {
  readonly #signing = new Signing(DEMO_DOMAIN);
  readonly #people = ['alice', 'bob', 'charlie', 'alice'].map(developmentAccount);
  #orderNonce = BigInt(Date.now()) * 1000n;

  next(client: number): Sent {
    const person = this.#people[client];
    invariant(person !== undefined, 'every client has a person');
    this.#orderNonce += 1n;
    const order: BatchOrder = {
      owner: person.account,
      marketId: 1,
      pay: client % 2,
      receive: (client % 2) + 1,
      budget: amount(1_000_000n),
      limitNumerator: 0n,
      limitDenominator: 1n,
      minFillPpm: 0,
      orderNonce: this.#orderNonce,
      expiresAtMs: Date.now() + 600_000,
    };
    const signature = bytesToHex(signDigest(this.#signing.orderDigest(order), person.secretKey));
    const terms = {
      ...order,
      marketId: '1',
      budget: String(order.budget),
      limitNumerator: '0',
      limitDenominator: '1',
      orderNonce: String(order.orderNonce),
      signature,
    };
    const body = JSON.stringify({ orders: [terms] });
    return { body, orderId: this.#signing.orderId(order), sequence: undefined };
  }
}

/** Sends an order; false once the venue is gone. */
async function submit(url: string, one: Sent): Promise<boolean> {
  const answer = await post(url, one.body);
  if (answer?.kind === 'accepted') one.sequence = answer.sequence;
  return answer !== undefined;
}

async function decide(url: string, one: Sent, undecided: string[]): Promise<void> {
  const answer = await post(url, one.body);
  if (answer?.kind !== 'accepted' && answer?.kind !== 'rejected') undecided.push(one.orderId);
}

async function check(
  url: string,
  one: Sent,
  found: { readonly lost: string[]; readonly moved: string[] },
): Promise<void> {
  const reply = await fetch(`${url}/v1/orders/${one.orderId}`);
  if (reply.status !== 200) {
    found.lost.push(`${one.orderId}: ${reply.status}`);
    return;
  }
  const { order } = (await reply.json()) as { readonly order: { readonly sequence: number } };
  if (order.sequence !== one.sequence) found.moved.push(one.orderId);
}

async function post(url: string, body: string): Promise<Answer | undefined> {
  try {
    const reply = await fetch(`${url}/v1/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { answers } = (await reply.json()) as { readonly answers?: readonly Answer[] };
    return answers?.[0];
  } catch {
    // The venue was killed under the request: no answer is one of the three answers.
    return undefined;
  }
}

function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
