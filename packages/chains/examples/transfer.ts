// Pays one ether on an embedded chain, exactly once: `node packages/chains/examples/transfer.ts`.
// Run it again with the same folder as its argument, or kill it in between: it pays no second time.

import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEngineSettings } from '@lawbook/chains/configuration/engineSettings';
import { startChainEngine } from '@lawbook/chains/configuration/startChainEngine';
import { startAnvil } from '@lawbook/chains/embedded/anvil';
import { rpcTransportOf } from '@lawbook/chains/endpoints/rpcTransport';
import { openKeyFile } from '@lawbook/chains/signers/keyFile';
import { createPublicClient, createTestClient, formatEther, http, parseEther } from 'viem';
import { generatePrivateKey } from 'viem/accounts';
import { anvil as anvilChain } from 'viem/chains';

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'transfer-'));
mkdirSync(folder, { recursive: true });
const keyFile = join(folder, 'payer.key');
if (!existsSync(keyFile)) writeFileSync(keyFile, generatePrivateKey(), { mode: 0o600 });
chmodSync(keyFile, 0o600);

// An Ethereum chain of our own, with a block each second. A real one needs only its URLs below.
const chain = await startAnvil({
  mining: { kind: 'interval', seconds: 1 },
  stateFile: join(folder, 'chain.json'),
});
const { address } = await openKeyFile(keyFile);
const faucet = createTestClient({ chain: anvilChain, mode: 'anvil', transport: http(chain.url) });
await faucet.setBalance({ address, value: parseEther('10') });

const { engine, close } = await startChainEngine(
  readEngineSettings({
    chain: { id: chain.chainId, name: 'embedded' },
    endpoints: [{ url: chain.url, webSocketUrl: chain.webSocketUrl, preset: 'local' }],
    signers: [{ name: 'payer', keyFile }],
    store: { kind: 'lmdb', directory: join(folder, 'intents') },
    policy: { amountMax: parseEther('1').toString() },
  }),
  { owner: `example-${process.pid}`, onAlert: ({ sentence }) => console.error(sentence) },
);

const payee = '0x00000000000000000000000000000000000000aa';
const rent = await engine.lane(address).submit({
  key: 'rent:2026-11', // The name of the wish: submitting it again means the same payment.
  to: payee,
  amount: parseEther('1'),
  callData: '0x',
  gasLimit: undefined,
  urgency: 'patient',
  deadlineMs: Date.now() + 60_000,
  finality: { kind: 'confirmations', blocks: 3 },
  feeCap: parseEther('0.01'),
  route: 'public',
  privateForMs: undefined,
  expects: [{ asset: 'native', account: payee, least: parseEther('1'), most: parseEther('1') }],
  after: undefined,
  principal: 'example',
});

for (const level of ['accepted', 'included', 'final'] as const) {
  const { verdict, life } = await rent.wait(level, { timeoutMs: 60_000 });
  console.log(`${level}: ${verdict} (${life.state})`);
}
const { inclusion } = await rent.life();
console.log(`in block ${inclusion?.block.number}, fee ${formatEther(inclusion?.feePaid ?? 0n)}`);

// The pool of endpoints serves viem as well.
const reader = createPublicClient({ transport: rpcTransportOf(engine.pool) });
console.log(`the payee has ${formatEther(await reader.getBalance({ address: payee }))}`);

await close();
await chain.close();
