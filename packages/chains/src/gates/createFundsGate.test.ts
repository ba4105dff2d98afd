// Goal: funds are refused with the exact shortfall, and worst cases are read as chains charge them.
// Method: worked examples and properties on coverWith; a scripted endpoint for the gate.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Hex } from 'viem';
import { decodeFunctionData, pad, parseAbi, parseTransaction } from 'viem';
import { ChainFault } from '../chainFault.ts';
import type { UnsignedTransaction } from '../signers/transactionSigner.ts';
import { coverWith, createFundsGate } from './createFundsGate.ts';
import { directPool } from './fixtures/directPool.ts';
import { SOMEBODY } from './fixtures/requests.ts';
import type { Reservation } from './fundsGate.ts';

const seed = Date.now() & 0x7fffffff;
console.log(`createFundsGate seed ${seed}`);

const TRANSACTION: UnsignedTransaction = {
  chainId: 10,
  chainNonce: 3,
  to: SOMEBODY,
  amount: 7n,
  callData: '0x1234',
  gasLimit: 30_000n,
  maxFeePerGas: 11n,
  maxPriorityFeePerGas: 2n,
};

test('covers to the last wei', () => {
  const next = { amount: 50n, gas: 30n, dataFee: 5n };
  const inFlight = [{ amount: 10n, gas: 4n, dataFee: 1n }];
  assert.deepEqual(coverWith({ balance: 100n, inFlight, next }), {
    kind: 'covered',
    reservation: next,
  });
});

test('names the shortfall of each part, in the order in which the balance is used up', () => {
  const next = { amount: 50n, gas: 30n, dataFee: 5n };
  const inFlight = [{ amount: 10n, gas: 4n, dataFee: 1n }];
  const verdict = coverWith({ balance: 70n, inFlight, next });
  assert.equal(verdict.kind, 'short');
  assert.deepEqual(verdict.reason.fields, {
    balance: '70',
    inFlight: '15',
    amount: '50',
    gas: '30',
    dataFee: '5',
    shortfall: '30',
    shortOfInFlight: '0',
    shortOfAmount: '0',
    shortOfGas: '25',
    shortOfDataFee: '5',
  });
  assert.equal(verdict.reason.code, 'insufficientFunds');
  assert.match(verdict.reason.sentence, /send at least 30 wei/);
});

test('exactly the shortfall more is enough, one wei less is not, and the parts add up', () => {
  const wei = fc.bigInt({ min: 0n, max: 2n ** 80n });
  const reservation: fc.Arbitrary<Reservation> = fc.record({ amount: wei, gas: wei, dataFee: wei });
  fc.assert(
    fc.property(wei, fc.array(reservation), reservation, (balance, inFlight, next) => {
      const verdict = coverWith({ balance, inFlight, next });
      if (verdict.kind === 'covered') return;
      const { fields } = verdict.reason;
      const part = (name: string): bigint => BigInt(fields[name] ?? '');
      const shortfall = part('shortfall');
      const enough = { balance: balance + shortfall, inFlight, next };
      assert.equal(coverWith(enough).kind, 'covered');
      assert.equal(coverWith({ ...enough, balance: enough.balance - 1n }).kind, 'short');
      const parts = ['shortOfInFlight', 'shortOfAmount', 'shortOfGas', 'shortOfDataFee'];
      assert.equal(
        parts.reduce((sum, name) => sum + part(name), 0n),
        shortfall,
      );
    }),
    { seed },
  );
});

test('reserves amount and the worst gas where there is no data fee', async () => {
  const pool = directPool(() => assert.fail('nothing is read'));
  const reservation = await createFundsGate({ pool }).reservation(TRANSACTION);
  assert.deepEqual(reservation, { amount: 7n, gas: 330_000n, dataFee: 0n });
});

test('asks the oracle about the serialised unsigned transaction and adds headroom', async () => {
  const pool = directPool(() => pad('0x65'));
  const gate = createFundsGate({ pool, dataFee: { headroom: 150 } });
  assert.equal((await gate.reservation(TRANSACTION)).dataFee, 152n);
  const [target, block] = pool.calls[0]?.params ?? [];
  const { to, data: callData } = target as { to: string; data: Hex };
  assert.equal(to, '0x420000000000000000000000000000000000000F');
  assert.equal(block, 'latest');
  const abi = parseAbi(['function getL1Fee(bytes) view returns (uint256)']);
  const { args } = decodeFunctionData({ abi, data: callData });
  const raw = parseTransaction(args[0]);
  assert.deepEqual(
    [raw.chainId, raw.nonce, raw.to, raw.value, raw.data, raw.gas, raw.maxFeePerGas],
    [10, 3, SOMEBODY, 7n, '0x1234', 30_000n, 11n],
  );
});

test('reads a balance at the very block', async () => {
  const pool = directPool(() => '0x10');
  assert.equal(await createFundsGate({ pool }).balance(SOMEBODY, 5n), 16n);
  assert.deepEqual(pool.calls[0], { method: 'eth_getBalance', params: [SOMEBODY, '0x5'] });
});

test('calls answers that are no amounts faults', async () => {
  const garbage = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('0x', '0xzz', '-0x1', `0x${'1'.repeat(65)}`),
  );
  await fc.assert(
    fc.asyncProperty(garbage, async (answer) => {
      const gate = createFundsGate({ pool: directPool(() => answer), dataFee: {} });
      await assert.rejects(gate.balance(SOMEBODY, 1n), ChainFault);
      await assert.rejects(gate.reservation(TRANSACTION), ChainFault);
    }),
    { seed },
  );
});
