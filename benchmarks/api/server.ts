// The server side of benchmarks/api.ts, in a process of its own: a real venue with its journal on
// disk, limits raised out of the way, batches clearing every second; beside it the two peers, which
// parse the same requests and answer at once.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { developmentAccount } from '../../packages/analytics/src/demoWorld.ts';
import { assetId } from '../../packages/exchange/src/ledger/asset.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { GATEWAY_PRESETS } from '../../packages/executor/src/gateways/gatewayOptions.ts';
import { GatewayWorld } from '../../testing/gateways/gatewayWorld.ts';
import { OWNERS, ownerName } from './load.ts';

const NO_LIMIT = { ratePerSecond: 1e9, burst: 1e9 };

async function main(): Promise<void> {
  const world = await GatewayWorld.open({
    parameters: { batchIntervalMs: 1000, orderCountMax: 1_000_000 },
    options: {
      accountBucket: NO_LIMIT,
      addressBucket: NO_LIMIT,
      webSocket: { ...GATEWAY_PRESETS.webSocket, messages: NO_LIMIT },
    },
  });
  for (let k = 0; k < OWNERS; k += 1) {
    const { account } = developmentAccount(ownerName(k));
    for (const asset of [0, 1]) {
      const units = amount(1_000_000_000_000n);
      await world.venue.execute({
        kind: 'credit',
        account,
        assetId: assetId(asset),
        amount: units,
      });
    }
  }
  const beat = setInterval(() => world.wired.scheduler.tick(), 50);
  const peer = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      JSON.parse(Buffer.concat(chunks).toString());
      response.writeHead(200, { 'content-type': 'application/json' }).end(PEER_ANSWER);
    });
  });
  const sockets = new WebSocketServer({ server: peer, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    socket.on('message', (bytes: Buffer) => {
      const { id } = JSON.parse(bytes.toString()) as { id: string };
      socket.send(`{"op":"answers","id":"${id}","answers":[{"kind":"accepted"}]}`);
    });
  });
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  const { port } = peer.address() as AddressInfo;
  process.send?.({ url: world.url, peerUrl: `http://127.0.0.1:${port}` });
  process.once('disconnect', () => void stop());
  process.once('message', () => void stop());
  const stop = async (): Promise<void> => {
    clearInterval(beat);
    sockets.close();
    peer.closeAllConnections();
    peer.close();
    await world.close();
    process.disconnect?.();
    process.exit(0);
  };
}

const PEER_ANSWER = '{"answers":[{"kind":"accepted"}]}';

await main();
