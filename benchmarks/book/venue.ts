// The server side of the gateway figures, in a process of its own: a real venue with its journal on
// disk and the first book of the demo world, limits raised out of the way, epochs sealed as they
// come due. Stops when told, or when its parent is gone.
import { DEMO_BOOK_ID } from '../../packages/analytics/src/demoBooks.ts';
import { developmentAccount } from '../../packages/analytics/src/demoWorld.ts';
import { invariant } from '../../packages/exchange/src/failures/invariant.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { demoBookInputs } from '../../packages/executor/src/demo/demoBookInputs.ts';
import { GATEWAY_PRESETS } from '../../packages/executor/src/gateways/gatewayOptions.ts';
import { GatewayWorld } from '../../testing/gateways/gatewayWorld.ts';
import { OWNERS, ownerName } from '../api/load.ts';

const NO_LIMIT = { ratePerSecond: 1e9, burst: 1e9 };

async function main(): Promise<void> {
  const world = await GatewayWorld.open({
    options: {
      accountBucket: NO_LIMIT,
      addressBucket: NO_LIMIT,
      webSocket: { ...GATEWAY_PRESETS.webSocket, messages: NO_LIMIT },
    },
  });
  for (const input of demoBookInputs(world.venue.state.assets.length)) {
    const result = await world.venue.execute(input);
    invariant(result.ok, 'the books of the demo world fit an empty venue');
  }
  const market = world.venue.state.books.get(DEMO_BOOK_ID);
  invariant(market !== undefined, 'the first demo book is open');
  const { base, quote } = market.parameters;
  for (let k = 0; k < OWNERS; k += 1) {
    const { account } = developmentAccount(ownerName(k));
    for (const assetId of [base, quote]) {
      const units = amount(1_000_000_000_000_000n);
      await world.venue.execute({ kind: 'credit', account, assetId, amount: units });
    }
  }
  const beat = setInterval(() => world.wired.scheduler.tick(), 50);
  const stop = async (): Promise<void> => {
    clearInterval(beat);
    await world.close();
    process.exit(0);
  };
  process.once('disconnect', () => void stop());
  process.once('message', () => void stop());
  process.send?.({ url: world.url });
}

await main();
