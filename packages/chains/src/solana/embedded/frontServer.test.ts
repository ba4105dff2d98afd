// Goal: the front speaks Solana's JSON-RPC by HTTP and WebSocket well enough for @solana/kit.
// Method: @solana/kit's own clients against the embedded chain, and raw requests for what is wrong.

import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { after, before, test } from 'node:test';
import type { Address, Signature } from '@solana/kit';
import {
  appendTransactionMessageInstruction,
  createSolanaRpc,
  createTransactionMessage,
  generateKeyPairSigner,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  lamports,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { WebSocket } from 'ws';
import { systemEnvironment } from '../../environment.ts';
import { SYSTEM_PROGRAM } from '../solTransfer.ts';
import type { EmbeddedSolana } from './embeddedSolana.ts';
import { openEmbeddedSolana } from './embeddedSolana.ts';

let chain: EmbeddedSolana;

before(async () => {
  chain = await openEmbeddedSolana({ slotMs: 5 }, systemEnvironment());
});

after(() => chain.close());

async function post(body: unknown): Promise<{ result?: unknown; error?: { code: number } }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(chain.url, { method: 'POST', body: text });
  return (await response.json()) as { result?: unknown; error?: { code: number } };
}

interface Message {
  readonly method?: string;
  readonly params: { readonly result: unknown };
}

/** Subscribes, and reads what is pushed until `accept` is satisfied. */
async function follow(
  subscription: { readonly method: string; readonly params: readonly unknown[] },
  accept: (message: Message) => boolean,
): Promise<void> {
  const socket = new WebSocket(chain.webSocketUrl);
  const messages = on(socket, 'message');
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 1, ...subscription }));
  for await (const [bytes] of messages) if (accept(JSON.parse(String(bytes)))) break;
  socket.terminate();
}

test('carries a transfer that @solana/kit builds, and tells its subscribers', async () => {
  const rpc = createSolanaRpc(chain.url);
  const payer = await generateKeyPairSigner();
  const payee = (await generateKeyPairSigner()).address;
  const airdrop = await rpc.requestAirdrop(payer.address, lamports(10n ** 9n)).send();
  await signatureSeen(airdrop);
  const { value: latest } = await rpc.getLatestBlockhash({ commitment: 'processed' }).send();
  const draft = setTransactionMessageLifetimeUsingBlockhash(
    latest,
    setTransactionMessageFeePayerSigner(payer, createTransactionMessage({ version: 0 })),
  );
  const message = appendTransactionMessageInstruction(transfer(payer.address, payee), draft);
  const signed = await signTransactionMessageWithSigners(message);
  const wire = getBase64EncodedWireTransaction(signed);
  const signature = getSignatureFromTransaction(signed);
  const probe = { commitment: 'processed', encoding: 'base64' } as const;
  const simulation = await rpc.simulateTransaction(wire, probe).send();
  assert.equal(simulation.value.err, null);
  await rpc.sendTransaction(wire, { encoding: 'base64', preflightCommitment: 'processed' }).send();
  await signatureSeen(signature);
  const { value: balance } = await rpc.getBalance(payee, { commitment: 'processed' }).send();
  assert.equal(balance, 1_000_000n);
  const { value: statuses } = await rpc.getSignatureStatuses([signature]).send();
  assert.equal(statuses[0]?.err, null);
});

test('pushes every slot', async () => {
  const slots: number[] = [];
  await follow({ method: 'slotSubscribe', params: [] }, ({ method, params }) => {
    if (method === 'slotNotification') slots.push((params.result as { slot: number }).slot);
    return slots.length === 4;
  });
  assert.deepEqual(
    slots,
    [...slots].sort((a, b) => a - b),
  );
});

test('refuses what is no call, no method and no transaction, as the protocol does', async () => {
  assert.equal((await post('not json')).error?.code, -32700);
  assert.equal((await post({ id: 1, method: 'getNothing' })).error?.code, -32601);
  const call = { id: 1, method: 'sendTransaction', params: ['AAAA', { encoding: 'base64' }] };
  assert.equal((await post(call)).error?.code, -32602);
  assert.equal((await post({ id: 1, method: 'getBalance', params: [7] })).error?.code, -32602);
});

test('answers the remaining methods', async () => {
  const rpc = createSolanaRpc(chain.url);
  assert.equal(await rpc.getGenesisHash().send(), chain.genesisHash);
  assert.match((await rpc.getVersion().send())['solana-core'], /litesvm/);
  assert.equal(await rpc.getMinimumBalanceForRentExemption(0n).send(), 890_880n);
  const slot = await rpc.getSlot({ commitment: 'processed' }).send();
  const height = await rpc.getBlockHeight({ commitment: 'processed' }).send();
  assert.ok(slot > height);
  const missing = (await generateKeyPairSigner()).address;
  assert.equal((await rpc.getAccountInfo(missing, { encoding: 'base64' }).send()).value, null);
});

async function signatureSeen(signature: Signature): Promise<void> {
  const params = [signature, { commitment: 'processed' }];
  await follow({ method: 'signatureSubscribe', params }, ({ method }) => {
    return method === 'signatureNotification';
  });
}

function transfer(from: Address, to: Address) {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(2, 0);
  bytes.writeBigUInt64LE(1_000_000n, 4);
  return {
    programAddress: SYSTEM_PROGRAM as Address,
    accounts: [
      { address: from, role: 3 },
      { address: to, role: 1 },
    ],
    data: new Uint8Array(bytes),
  };
}
