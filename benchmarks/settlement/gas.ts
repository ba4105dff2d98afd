import { readEngineSettings } from '@lawbook/chains/configuration/engineSettings';
import { startChainEngine } from '@lawbook/chains/configuration/startChainEngine';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { evmVerifier } from '@lawbook/proofs/verifier/evmVerifier';
import { encodeSettleCall } from '@lawbook/settlement/baseLayer/evm/settleCall';
import type { Submission } from '@lawbook/settlement/baseLayer/submission';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import { startMinedAnvil } from '../../testing/settlement/evm/minedAnvil.ts';
import type { ProvedSubmission } from '../../testing/settlement/evm/provedVenue.ts';
import { ProvedVenue } from '../../testing/settlement/evm/provedVenue.ts';
import type { BenchPlace } from '../../testing/settlement/exchangeEpochs.ts';
import { SettlingBench } from '../../testing/settlement/exchangeEpochs.ts';
import type { EpochFilling } from '../../testing/settlement/fullEpochs.ts';
import {
  budgetOf,
  fullEpoch,
  paidAsset,
  peopleNames,
} from '../../testing/settlement/fullEpochs.ts';
import type { FigureList } from '../figurePage.ts';

/** What is measured. */
export interface GasTerms {
  /** Orders of an epoch, ascending. */
  readonly sizes: readonly number[];
  readonly signal: AbortSignal;
}

/** Most gas of an order at 32 orders and above, verification excluded. */
const GOAL_GAS_PER_ORDER = 35_000;
const GOAL_ORDERS_MIN = 32;
/** People who settle for the first time in one epoch. */
const FIRST_AT_ONCE = 64;
/** More epochs than anybody trades in here. */
const BUDGETS_HELD = 10n;
const BATCHES = 8;
/** Settled in one batch too, to tell what a batch costs. */
const COMPARED = 64;

/** What one settlement used. */
interface GasUse {
  readonly total: number;
  /** The verifier's call, by the verifier's own code run in this process. */
  readonly verify: number;
  /** Call data of the proof's bytes: 4 gas a zero byte, 16 another. @see EIP-2028 */
  readonly proofCallData: number;
  readonly callDataBytes: number;
}

/**
 * Gas of epochs by their orders, on the embedded chain with the real contracts, verifiers and
 * proofs. Everybody settles once before; their second settlement on is measured. Exact: the same on
 * every machine.
 */
export async function benchmarkGas(list: FigureList, { sizes, signal }: GasTerms): Promise<void> {
  const anvil = await startMinedAnvil();
  const settings = readEngineSettings({
    chain: { id: anvil.chainId, name: 'embedded' },
    endpoints: [{ url: anvil.url, webSocketUrl: anvil.webSocketUrl, preset: 'local' }],
    signers: [{ name: 'operator', ...anvil.signer }],
    store: { kind: 'memory' },
    policy: {},
  });
  const { variables } = anvil;
  const started = await startChainEngine(settings, { owner: `gas-${process.pid}`, variables });
  const operator = at(started.engine.lanes(), 0).address;
  const finality = { kind: 'confirmations', blocks: 1 } as const;
  const venue = new ProvedVenue({ started, operator, chainId: anvil.chainId, finality, signal });
  try {
    const people = Math.max(...sizes);
    const stage = { venue, bench: await openBench(venue, people) };
    const firstAtOnce = Math.min(people, FIRST_AT_ONCE);
    for (let from = 0; from < people; from += firstAtOnce) {
      const orders = Math.min(firstAtOnce, people - from);
      const use = await settle(stage, { orders, batches: BATCHES, from });
      if (from === 0 && use !== undefined) printFirst(list, orders, use);
    }
    for (const orders of sizes) {
      const whole = await settle(stage, { orders, batches: Math.min(orders, BATCHES) });
      if (whole === undefined) break;
      printSteady(list, { orders, place: `${orders}`, use: whole });
      if (orders !== COMPARED) continue;
      const single = await settle(stage, { orders, batches: 1 });
      if (single === undefined) continue;
      printSteady(list, { orders, place: `${orders}-in-1-batch`, use: single });
      const perBatch = (whole.total - single.total) / (BATCHES - 1);
      list.print({ name: 'settlement/gas-per-batch', value: perBatch, unit: 'gas', n: 1 });
    }
  } finally {
    await venue.close();
    await started.close();
    await anvil.close();
  }
}

interface Stage {
  readonly venue: ProvedVenue;
  readonly bench: SettlingBench;
}

async function openBench(venue: ProvedVenue, people: number): Promise<SettlingBench> {
  await venue.deploy();
  await venue.agree();
  const place: BenchPlace = { domain: venue.layer.domain, timeMs: Date.now() };
  const bench = new SettlingBench(peopleNames(people), place);
  await venue.fund(
    bench.people.map(({ account }, k) => {
      return { owner: account, assetId: paidAsset(k), units: BUDGETS_HELD * budgetOf(k) };
    }),
  );
  return bench;
}

/**
 * Settles an epoch. One that cannot be sent is estimated instead, and told on stderr: nothing that
 * follows it can settle.
 */
async function settle({ venue, bench }: Stage, filling: EpochFilling): Promise<GasUse | undefined> {
  const proved = await venue.prove(fullEpoch(bench, filling));
  const { submission } = proved;
  const bytes = (encodeSettleCall(submission).length - 2) / 2;
  const total = await gasOf(venue, submission).catch(async (fault: unknown) => {
    if (!(fault instanceof SettlementFault)) throw fault;
    const check = await venue.layer.check(submission);
    const gas = check.kind === 'passes' ? `${check.gas} gas by estimate` : check.refusal.rule;
    const size = `${filling.orders} orders, ${bytes} bytes of call data, ${gas}`;
    process.stderr.write(`not settled: ${size}: ${fault.message}\n`);
    return undefined;
  });
  if (total === undefined) return undefined;
  return { total, ...(await verificationOf(proved)), callDataBytes: bytes };
}

async function gasOf(venue: ProvedVenue, submission: Submission): Promise<number> {
  const outcome = await venue.layer.settle(submission, venue.terms.signal);
  if (outcome.kind === 'refused') {
    const { rule, sentence } = outcome.refusal;
    throw new SettlementFault('SETTLEMENT_REFUSED', sentence, { fields: { rule } });
  }
  invariant(outcome.gasUsed !== undefined, 'a new settlement tells its gas');
  return Number(outcome.gasUsed);
}

async function verificationOf({
  proof,
  key,
}: ProvedSubmission): Promise<Pick<GasUse, 'verify' | 'proofCallData'>> {
  const { gasUsed, holds } = await evmVerifier.measure(proof, proof.publicInputs, key);
  invariant(holds, 'what the chain accepted verifies here');
  const proofCallData = proof.bytes.reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 0);
  return { verify: Number(gasUsed), proofCallData };
}

interface Steady {
  readonly orders: number;
  /** The end of its figures' names. */
  readonly place: string;
  readonly use: GasUse;
}

function printSteady(list: FigureList, { orders, place, use }: Steady): void {
  const { total, verify, proofCallData } = use;
  const print = (part: string, count: number, unit: string): void => {
    list.print({ name: `settlement/${part}/${place}`, value: count, unit, n: 1 });
  };
  print('gas-per-epoch', total, 'gas');
  print('gas-verify', verify, 'gas');
  print('gas-proof-calldata', proofCallData, 'gas');
  const perOrder = (total - verify - proofCallData) / orders;
  list.print({
    name: `settlement/gas-per-order/${place}`,
    value: perOrder,
    unit: 'gas',
    ...(orders < GOAL_ORDERS_MIN
      ? {}
      : { ratio: perOrder / GOAL_GAS_PER_ORDER, peer: `goal ${GOAL_GAS_PER_ORDER} gas` }),
    n: 1,
  });
  print('gas-per-order-in-all', total / orders, 'gas');
  print('calldata', use.callDataBytes, 'bytes');
}

/** Traders whose nonces and receipts have no storage yet. */
function printFirst(list: FigureList, orders: number, use: GasUse): void {
  const { total, verify, proofCallData } = use;
  const perOrder = (total - verify - proofCallData) / orders;
  const name = `settlement/gas-per-order-first/${orders}`;
  list.print({ name, value: perOrder, unit: 'gas', n: 1 });
}
