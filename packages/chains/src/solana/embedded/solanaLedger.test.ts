// Goal: the ledger gives litesvm what it lacks: blocks, blockhashes that expire, forks, a past.
// Method: transfers through an in-process endpoint, judged by balances and statuses.

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import type { Address } from '@solana/kit';
import { getBase58Decoder } from '@solana/kit';
import { solanaFee } from '../solanaFee.ts';
import { compileMessage } from '../solanaMessage.ts';
import { solTransfer } from '../solTransfer.ts';
import { SolanaLedger } from './solanaLedger.ts';
import { loadSolanaMachine } from './solanaMachine.ts';
import type { WireTransaction } from './wireTransaction.ts';
import { isSigned, readWire } from './wireTransaction.ts';

const pair = generateKeyPairSync('ed25519');
const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
const payer = getBase58Decoder().decode(spki.subarray(-32)) as Address;
const payee = 'GPyPeq9KB8WSdxQmsnyUB9ft9UA5gRQgHEjzCfBLC8Dn' as Address;
const FUNDS = 1_000_000_000n;
const AMOUNT = 1_000_000n;

async function openLedger(): Promise<SolanaLedger> {
  const ledger = new SolanaLedger(await loadSolanaMachine());
  ledger.fund(payer, FUNDS);
  for (let blocks = 0; blocks < 40; blocks += 1) ledger.produceBlock();
  return ledger;
}

function pay(ledger: SolanaLedger, unitLimit = 1_000): WireTransaction {
  const { instructions } = solTransfer({ from: payer, to: payee, amount: AMOUNT });
  const { blockhash } = ledger.tip();
  const message = compileMessage(instructions, { payer, blockhash, unitLimit, unitPrice: 7n });
  const signature = new Uint8Array(sign(null, message.messageBytes, pair.privateKey));
  return readWire(message.seal(signature).wire);
}

test('charges what the formula says', async () => {
  const ledger = await openLedger();
  const payment = pay(ledger, 123_457);
  ledger.submit(payment);
  ledger.produceBlock();
  const fee = solanaFee(payment.terms);
  assert.equal(ledger.landed(payment.signature)?.fee, fee);
  assert.equal(ledger.machine.balance(payer), FUNDS - AMOUNT - fee);
});

test('runs the same bytes once, however often they are sent', async () => {
  const ledger = await openLedger();
  const payment = pay(ledger);
  for (let sends = 0; sends < 3; sends += 1) {
    ledger.submit(payment);
    ledger.submit(payment);
    ledger.produceBlock();
  }
  assert.equal(ledger.machine.balance(payee), AMOUNT);
});

test('lands a transaction in the last block of its blockhash, and in none after', async () => {
  for (const [wait, lands] of [
    [150, true],
    [151, false],
  ] as const) {
    const ledger = await openLedger();
    const payment = pay(ledger);
    for (let blocks = 0; blocks < wait; blocks += 1) ledger.produceBlock();
    ledger.submit(payment);
    ledger.produceBlock();
    assert.equal(ledger.landed(payment.signature) !== undefined, lands);
    assert.deepEqual(ledger.waiting(), []);
  }
});

test('undoes landed transactions by a fork, and lands again those that are told to', async () => {
  for (const lands of [true, false]) {
    const ledger = await openLedger();
    const payment = pay(ledger);
    ledger.submit(payment);
    ledger.produceBlock();
    ledger.produceBlock();
    const { slot, height } = ledger.tip();
    assert.deepEqual(
      ledger.fork(2, () => lands),
      [payment.signature],
    );
    assert.equal(ledger.machine.balance(payer), FUNDS);
    assert.equal(ledger.machine.account(payee), undefined);
    const block = ledger.produceBlock();
    assert.ok(block.slot > slot && block.height < height);
    assert.equal(ledger.machine.balance(payee), lands ? AMOUNT : 0n);
  }
});

test('never undoes what was final, not even by two forks in a row', async () => {
  const ledger = await openLedger();
  const payment = pay(ledger);
  ledger.submit(payment);
  for (let blocks = 0; blocks < 33; blocks += 1) ledger.produceBlock();
  assert.ok(ledger.blockAt('finalized', 0).slot >= (ledger.landed(payment.signature)?.slot ?? 0));
  ledger.fork(20, () => false);
  ledger.fork(100, () => false);
  assert.equal(ledger.machine.balance(payee), AMOUNT);
  assert.equal(ledger.blockAt('finalized', 0).slot, ledger.tip().slot);
});

test('reads accounts as they were', async () => {
  const ledger = await openLedger();
  const before = ledger.tip();
  ledger.submit(pay(ledger));
  const block = ledger.produceBlock();
  ledger.produceBlock();
  assert.equal(ledger.accountAt(payee, before), undefined);
  assert.equal(ledger.accountAt(payer, before)?.lamports, FUNDS);
  assert.equal(ledger.accountAt(payee, block)?.lamports, AMOUNT);
  assert.equal(ledger.accountAt(payee, ledger.tip())?.lamports, AMOUNT);
});

test('tells a signature from one that was tampered with', async () => {
  const ledger = await openLedger();
  const payment = pay(ledger);
  assert.ok(isSigned(payment));
  const bytes = Buffer.from(payment.wire, 'base64');
  bytes.writeUInt8(bytes.readUInt8(5) ^ 1, 5);
  assert.equal(isSigned(readWire(bytes.toString('base64'))), false);
});
