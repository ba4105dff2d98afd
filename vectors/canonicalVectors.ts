// Rebuilds the frozen vectors of the canonical encoding: `node vectors/canonicalVectors.ts` prints
// them, `--write` stores them in canonical.json. The test beside this file compares the two, so a
// change of any encoding or hash shows as a difference in a file that people can read.
import { writeFileSync } from 'node:fs';
import {
  DEMO_ASSETS,
  DEMO_DOMAIN,
  demoOracle,
  demoParameters,
  demoTargets,
} from '@lawbook/analytics/demoWorld';
import { chainEpoch } from '@lawbook/exchange/application/batchInputs';
import { encodeBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { hashFromBytes, taggedHash } from '@lawbook/exchange/codec/hash';
import { bytesToHex, hexToBytes } from '@lawbook/exchange/codec/hex';
import { diffRoot, encodeDiffs } from '@lawbook/exchange/diffs/stateDiff';
import { invariant } from '@lawbook/exchange/failures/invariant';
import type { Input } from '@lawbook/exchange/inputs';
import { encodeInput } from '@lawbook/exchange/inputs';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { OracleSnapshot } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import { encodeOracle, oracleHash } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import {
  encodeParameters,
  parameterHash,
  RATION_SCALE,
} from '@lawbook/exchange/markets/batch/parameters';
import { encodeReport, reportHash } from '@lawbook/exchange/markets/batch/report';
import type { BatchSolution } from '@lawbook/exchange/markets/batch/solution';
import { amount } from '@lawbook/exchange/numbers/amount';
import { price } from '@lawbook/exchange/numbers/price';
import { commitmentHash } from '@lawbook/exchange/orders/commitment';
import { encodeOrder } from '@lawbook/exchange/orders/orderCodec';
import type { SignedWithdrawal } from '@lawbook/exchange/orders/signedTypes';
import { NO_DELEGATE, Scope } from '@lawbook/exchange/orders/signedTypes';
import type { BatchTransition } from '@lawbook/exchange/transition';
import { ExchangeBench, person } from '../testing/exchange/exchangeBench.ts';

/** One frozen object: what it is, its bytes (or their hash where they are long), its hash. */
export interface CanonicalVector {
  readonly name: string;
  readonly bytes?: string;
  readonly length?: number;
  readonly hash: string;
}

/** Every vector, in a fixed order. Nothing in them depends on time, chance or the machine. */
export function canonicalVectors(): CanonicalVector[] {
  const bench = new ExchangeBench();
  bench.timeMs = 1_700_000_000_000;
  const [alice, bob] = [person('alice'), person('bob')];
  bench.openMarket({ batchIntervalMs: 1000 });
  for (const one of [alice, bob]) bench.fund(one, 0, 10_000_000_000n);
  bench.fund(bob, 1, 10_000_000_000n);
  const entry = bench.order(alice, { limitNumerator: 909n, limitDenominator: 1000n });
  const { order } = entry;
  bench.must({ kind: 'submitOrder', entry });
  bench.submit(bob, { pay: 1, receive: 0, minFillPpm: 500_000 });
  bench.submit(bob, { pay: 0, receive: 6 });
  const transition = clearAtMids(bench);
  const sealed = bench.must({ kind: 'sealEpoch', marketId: 1 });
  invariant(sealed.kind === 'epochSealed', 'an epoch with a batch is sealed');
  const { epoch } = sealed;
  const bundle = encodeBundle({ ...epoch, batches: [transition], attachments: [] });
  // In this order: each signature takes the next nonce of the bench.
  const trading = inputs(bench, alice);
  const signed = bench.withdrawal(alice, { orderNonce: 77n, expiresAtMs: 1_800_000_000_000 });
  const withdrawalId = bench.signing.withdrawalId(signed.withdrawal);
  const attachments = [{ name: 'proof', bytes: Uint8Array.of(1, 2, 3) }];
  const full = encodeBundle({
    ...epoch,
    batches: [transition],
    withdrawals: [signed],
    attachments,
  });
  const { parameters, oracle, report } = transition;
  const { account: owner } = alice;
  const salt = new Uint8Array(32).fill(7);
  const committed = commitmentHash({ batchNumber: 1, order, salt });
  const hidden = { marketId: 1, batchNumber: 1, commitment: committed };
  const commitTerms = { owner: alice.account, ...hidden };
  return [
    vector('order', encodeOrder(order), entry.orderId),
    { name: 'order signature', hash: bytesToHex(entry.authorisation) },
    { name: 'order commitment', hash: committed },
    {
      name: 'cancel digest',
      hash: digest(bench.signing.cancelDigest(alice.account, entry.orderId)),
    },
    {
      name: 'commit digest',
      hash: digest(bench.signing.commitDigest(commitTerms)),
    },
    vector('oracle snapshot', encodeOracle(oracle), oracleHash(oracle)),
    vector('batch parameters', encodeParameters(parameters), parameterHash(parameters)),
    vector('batch report', encodeReport(report), reportHash(report)),
    vector('state diffs', encodeDiffs(epoch.diffs), diffRoot(epoch.diffs)),
    { name: 'epoch', hash: epoch.epochHash },
    { name: 'state root', hash: bench.machine.root() },
    { name: 'bundle', length: bundle.length, hash: taggedHash('vector', bundle) },
    { name: 'withdrawal digest', hash: withdrawalId },
    { name: 'withdrawal signature', hash: bytesToHex(signed.signature) },
    {
      name: 'epoch with a withdrawal',
      hash: chainEpoch({ ...epoch, withdrawalIds: [withdrawalId] }),
    },
    { name: 'bundle of version 2', length: full.length, hash: taggedHash('vector', full) },
    ...[...trading, ...crossings(owner, signed)].map((input) => {
      const bytes = encodeInput({ sequence: 7, timeMs: bench.timeMs, input });
      return vector(`input ${input.kind}`, bytes, taggedHash('vector', bytes));
    }),
  ];
}

/** Clears at the mids, whatever the solver of the day would say: vectors outlive solvers. */
export function clearAtMids(bench: ExchangeBench): BatchTransition {
  bench.must({ kind: 'closeBatch', marketId: 1 });
  const oracle = demoOracle(bench.timeMs);
  const proposal = { kind: 'cleared' as const, solution: atMids(oracle) };
  const applied = bench.must({ kind: 'clearBatch', marketId: 1, oracle, proposal });
  invariant(applied.kind === 'batchCleared', 'a closed batch is cleared');
  return applied.transition;
}

function atMids(oracle: OracleSnapshot): BatchSolution {
  const whole = oracle.mids.map(() => RATION_SCALE);
  return {
    prices: oracle.mids,
    payFactors: whole,
    receiveFactors: whole,
    blocked: [],
    iterations: 3,
    stepNormE12: -1n,
  };
}

/** One input of every kind. */
function inputs(bench: ExchangeBench, alice: ReturnType<typeof person>): Input[] {
  const entry = bench.order(alice);
  const { account: owner } = alice;
  const { orderId } = entry;
  const authorisation = entry.authorisation;
  const grant = {
    owner,
    delegate: NO_DELEGATE,
    scopes: Scope.read | Scope.trade,
    expiresAtMs: bench.timeMs + 1,
    orderNonce: 9n,
  };
  const grantId = bench.signing.grantId(grant);
  const oracle = demoOracle(bench.timeMs);
  const solution = { ...atMids(oracle), blocked: [2, 5] };
  const parameters = demoParameters();
  const inventory = demoTargets();
  const marketId = 1;
  return [
    ...DEMO_ASSETS.slice(0, 1).map(({ symbol, decimals }): Input => {
      return { kind: 'registerAsset', symbol, decimals };
    }),
    { kind: 'createMarket', parameters, oracle, inventory },
    { kind: 'setParameters', parameters },
    { kind: 'credit', account: owner, assetId: assetId(1), amount: amount(5n) },
    { kind: 'submitOrder', entry },
    { kind: 'cancelOrder', owner, marketId, orderId, authorisation },
    { kind: 'openSession', grant: { grant, grantId, signature: authorisation } },
    { kind: 'revokeSession', grantId },
    { kind: 'commitOrder', owner, marketId, batchNumber: 3, commitment: orderId, authorisation },
    { kind: 'revealOrder', entry, salt: new Uint8Array(32).fill(7) },
    { kind: 'closeCollection', marketId },
    { kind: 'closeBatch', marketId },
    { kind: 'clearBatch', marketId, oracle, proposal: { kind: 'cleared', solution } },
    {
      kind: 'clearBatch',
      marketId,
      oracle,
      proposal: { kind: 'halted', reason: 'why', prices: [price(1n)] },
    },
    { kind: 'haltMarket', marketId, reason: 'maintenance' },
    { kind: 'resumeMarket', marketId },
    { kind: 'sealEpoch', marketId },
  ];
}

/** What crosses to and from the base layer, and how a venue resumes from it. */
function crossings(owner: AccountId, signed: SignedWithdrawal): Input[] {
  const [parentEpochHash, parentReportHash] = [hashOf('22'), hashOf('33')];
  const resumeFrom = { epochNumber: 4, batchNumber: 9, parentEpochHash, parentReportHash };
  const euro = assetId(1);
  return [
    {
      kind: 'createMarket',
      parameters: demoParameters(),
      oracle: demoOracle(1_700_000_000_000),
      inventory: demoTargets(),
      resumeFrom,
    },
    { kind: 'voidBatch', marketId: 1, reason: 'broken' },
    { kind: 'deposit', depositNumber: 5, account: owner, assetId: euro, amount: amount(6n) },
    { kind: 'requestWithdrawal', ...signed },
    { kind: 'noticeExit', owner, dueBlock: 1234n },
    { kind: 'withdrawExit', owner },
    { kind: 'payExit', exitNumber: 2, owner, assetId: euro, units: amount(8n) },
    {
      kind: 'restoreVault',
      account: owner,
      balances: [{ assetId: euro, amount: amount(7n) }],
      orderNonceHighest: 300n,
      withdrawalNonceHighest: 4n,
    },
    { kind: 'restoreCounts', depositNumber: 4, exitNumber: 1 },
    { kind: 'skipCrossing', crossing: 'exit', number: 3 },
  ];
}

function hashOf(byte: string): Hash {
  return hashFromBytes(hexToBytes(`0x${byte.repeat(32)}`));
}

function vector(name: string, bytes: Uint8Array, hash: string): CanonicalVector {
  return { name, bytes: bytesToHex(bytes), hash };
}

function digest(bytes: Uint8Array): string {
  return hashFromBytes(bytes);
}

if (import.meta.main) {
  const document = { venue: DEMO_DOMAIN.address, vectors: canonicalVectors() };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (process.argv.includes('--write')) {
    writeFileSync(new URL('./canonical.json', import.meta.url), text);
  } else process.stdout.write(text);
}
