import { DEMO_MARKET_ID, demoMids } from '@lawbook/analytics/demoWorld';
import { at } from '@lawbook/exchange/failures/invariant';
import { amount } from '@lawbook/exchange/numbers/amount';
import { picked } from '../simulation/streams.ts';
import type { World } from '../simulation/world.ts';
import type { ActOf, RevealFate } from './acts.ts';
import type { ThoughtOrder, Trader, Wish } from './trader.ts';
import { traderOf } from './traderOf.ts';

type BatchAct = ActOf<'order'> | ActOf<'cancel'> | ActOf<'commit'> | ActOf<'reveal'>;

/** Lets a trader do something in the batch market. */
export function performBatch(world: World, act: BatchAct): void {
  const trader = traderOf(world, act.who);
  const nowMs = world.clock.nowMs();
  switch (act.kind) {
    case 'order': {
      const { thought, wish } = orderWish(world, act);
      const usesFeed = act.byFeed && act.consent !== 'session';
      const feed = usesFeed ? world.feeds.find((each) => each.trader === trader) : undefined;
      if (feed === undefined) {
        world.send(wish);
        return;
      }
      world.auditor.sentByFeed(wish.wishId);
      const signed = trader.signedOrder(thought.order, act.consent);
      feed.submit(signed).then(
        (answer) => {
          if (answer === undefined) return;
          const body = { answers: [answer] };
          world.auditor.answered(wish, { status: 200, body }, world.clock.elapsedMs());
        },
        (cause: unknown) => world.bug(cause),
      );
      return;
    }
    case 'cancel': {
      const target = picked(trader.ordered, act.place);
      if (target !== undefined) world.send(trader.cancel(target.orderId, act.consent, nowMs));
      return;
    }
    case 'commit': {
      const batch = world.host.live?.wired.venue.state.markets.get(DEMO_MARKET_ID)?.batch;
      if (batch === undefined) return;
      const thought = thinkOrder(world, trader, act);
      world.send(trader.commit(thought, batch.number, nowMs));
      // Most people reveal what they committed to, as soon as they may.
      const then = act.then ?? (world.random.next() < 0.9 ? 'reveals' : 'forgets');
      if (then !== 'forgets') revealLater(world, trader, { batchNumber: batch.number, then });
      return;
    }
    case 'reveal': {
      // Mostly the last one: older batches are over.
      const hidden = act.place < 0.7 ? trader.hidden.at(-1) : picked(trader.hidden, act.place);
      if (hidden !== undefined) world.send(trader.reveal(hidden, nowMs));
      return;
    }
  }
}

/** The wish for an order, with the order as its owner thought it up. */
export function orderWish(
  world: World,
  act: ActOf<'order'>,
): { readonly thought: ThoughtOrder; readonly wish: Wish } {
  const trader = traderOf(world, act.who);
  const thought = thinkOrder(world, trader, act);
  return { thought, wish: trader.submit(thought, act.consent, world.clock.nowMs()) };
}

function thinkOrder(
  world: World,
  trader: Trader,
  act: ActOf<'order'> | ActOf<'commit'>,
): ReturnType<Trader['think']> {
  const mids = demoMids();
  const receive = (act.pay + act.step) % 7;
  const limitPpm = act.kind === 'order' ? act.limitPpm : null;
  // The seventh product is the basket, which has no mid of its own.
  const isPriced = limitPpm !== null && receive < 6;
  const scale = (asset: number): bigint => (asset === 2 ? 10_000n : 1_000_000n);
  const limits = isPriced
    ? {
        limitNumerator: at(mids, act.pay) * scale(receive) * BigInt(1_000_000 + limitPpm),
        limitDenominator: at(mids, receive) * scale(act.pay) * 1_000_000n,
      }
    : { limitNumerator: 0n, limitDenominator: 1n };
  const shift = 40n;
  const terms = {
    pay: act.pay,
    receive,
    budget: amount((1n << BigInt(act.bits)) + 1n),
    limitNumerator: limits.limitNumerator >> (isPriced ? shift : 0n),
    limitDenominator: limits.limitDenominator >> (isPriced ? shift : 0n) || 1n,
    minFillPpm: act.kind === 'order' ? act.minFillPpm : 0,
    expiresAtMs: world.clock.nowMs() + act.lifeMs,
  };
  return trader.think(terms, act.kind === 'order' ? BigInt(act.nonceStep) : 1n);
}

/** Looks now and then whether the time to reveal has come, and reveals as fate has it. */
function revealLater(
  world: World,
  trader: Trader,
  { batchNumber, then }: { readonly batchNumber: number; readonly then: RevealFate },
): void {
  const hidden = trader.hidden.at(-1);
  if (hidden === undefined) return;
  const salt = then === 'otherSalt' ? hidden.salt.map((byte) => byte ^ 1) : hidden.salt;
  const show = (): void => {
    world.send(trader.reveal({ ...hidden, salt }, world.clock.nowMs()));
    if (then === 'twice') world.send(trader.reveal(hidden, world.clock.nowMs()));
  };
  const look = (looks: number): void => {
    const batch = world.host.live?.wired.venue.state.markets.get(DEMO_MARKET_ID)?.batch;
    const isOver = batch !== undefined && batch.number > batchNumber;
    const isOpen = batch?.number === batchNumber && batch.phase === 'revealing';
    if (then === 'tooLate' ? isOver : isOpen) show();
    else if (looks > 0) world.clock.schedule(LOOK_MS, () => look(looks - 1));
  };
  // Behind the commitment, which is on its way.
  if (then === 'tooEarly') world.clock.schedule(LOOK_MS / 2, show);
  else look(LOOKS_MAX);
}

const LOOK_MS = 100;
const LOOKS_MAX = 100;
