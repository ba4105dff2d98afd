import { encodeState } from '@lawbook/exchange/application/stateCodec';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { decodeInput } from '@lawbook/exchange/inputs';
import type { LawVerdict } from '@lawbook/exchange/laws/judge';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { AdmissionMode } from '@lawbook/exchange/markets/batch/parameters';
import { amount } from '@lawbook/exchange/numbers/amount';
import { signDigest } from '@lawbook/exchange/orders/signature';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import { BookProjection } from '../../../packages/executor/src/books/bookProjection.ts';
import { Projection } from '../../../packages/executor/src/readModel/projection.ts';
import { encodeSnapshotBody } from '../../../packages/executor/src/readModel/snapshotBody.ts';
import { fundedBook } from '../../exchange/bookBench.ts';
import type { ExchangeBench, Person } from '../../exchange/exchangeBench.ts';
import { fundedBench, person } from '../../exchange/exchangeBench.ts';
import { BookScript } from '../../world/bookScript.ts';
import { SeededRandom } from '../../world/seededRandom.ts';

/** What a venue leaves behind: journal, states, snapshots, index. */
export interface PlayedVenue {
  readonly inputs: readonly Uint8Array[];
  readonly states: readonly Uint8Array[];
  readonly snapshots: readonly Uint8Array[];
  /** Rows of the index by the first byte of their key. */
  readonly rows: ReadonlyMap<number, readonly Uint8Array[]>;
}

let played: readonly PlayedVenue[] | undefined;

/** A venue of open batches, one of hidden orders, one of crossings and one of a book. */
export function playedVenues(): readonly PlayedVenue[] {
  played ??= [openBatches(), hiddenOrders(), crossings(), book()].map(replay);
  return played;
}

/** One kind of leavings over all venues, without repetitions, shortest first. */
export function gather(leavings: (venue: PlayedVenue) => readonly Uint8Array[]): Uint8Array[] {
  const seen = new Map<string, Uint8Array>();
  for (const bytes of playedVenues().flatMap(leavings)) {
    seen.set(Buffer.from(bytes).toString('latin1'), bytes);
  }
  return [...seen.values()].sort((a, b) => a.length - b.length);
}

/** Rows of one index over all venues. */
export function gatherRows(index: number): Uint8Array[] {
  return gather(({ rows }) => rows.get(index) ?? []);
}

function openBatches(): ExchangeBench {
  const { bench, alice, bob } = fundedBench();
  openSession(bench, alice);
  for (let day = 0; day < 2; day += 1) {
    bench.submit(alice);
    bench.submit(bob, { pay: 1, receive: 0, limitNumerator: 1n, limitDenominator: 2n });
    bench.submit(bob, { pay: 2, receive: 1, minFillPpm: 500_000 });
    const canceled = bench.order(alice, { pay: 1, receive: 2 });
    bench.must({ kind: 'submitOrder', entry: canceled });
    bench.cancel(alice, canceled.orderId);
    bench.clear();
  }
  bench.submit(alice);
  bench.seal();
  bench.must({ kind: 'setParameters', parameters: { ...bench.market().parameters, feeE7: 400 } });
  bench.submit(bob);
  bench.must({ kind: 'haltMarket', marketId: 1, reason: 'Prüfung der Märkte' });
  return bench;
}

function openSession(bench: ExchangeBench, owner: Person): void {
  const grant = {
    owner: owner.account,
    delegate: person('delegate').account,
    scopes: 3,
    expiresAtMs: bench.timeMs + 1_000_000,
    orderNonce: 77n,
  };
  const signature = signDigest(bench.signing.grantDigest(grant), owner.secretKey);
  const grantId = bench.signing.grantId(grant);
  bench.must({ kind: 'openSession', grant: { grant, grantId, signature } });
}

function hiddenOrders(): ExchangeBench {
  const bond = amount(5_000_000n);
  const { bench, alice, bob } = fundedBench({
    admission: AdmissionMode.commitReveal,
    bond,
    revealWindowMs: 1000,
  });
  const salt = new Uint8Array(32).fill(7);
  const entry = bench.order(alice);
  bench.commit(alice, entry.order, salt);
  bench.commit(bob, bench.order(bob).order, salt);
  bench.must({ kind: 'closeCollection', marketId: 1 });
  bench.must({ kind: 'revealOrder', entry, salt });
  bench.clear();
  bench.commit(alice, bench.order(alice).order, salt);
  return bench;
}

function crossings(): ExchangeBench {
  const { bench, alice, bob } = fundedBench();
  const into = { kind: 'deposit' as const, account: alice.account, assetId: assetId(2) };
  bench.must({ ...into, depositNumber: 1, amount: amount(8_000_000n) });
  bench.must({ kind: 'skipCrossing', crossing: 'deposit', number: 2 });
  bench.withdraw(alice);
  const early = bench.withdrawal(bob, { expiresAtMs: bench.timeMs + 1000 });
  bench.must({ kind: 'requestWithdrawal', ...early });
  bench.timeMs += 1000;
  bench.submit(alice);
  bench.clear();
  bench.seal();
  bench.withdraw(bob);
  bench.withdraw(alice);
  bench.must({ kind: 'noticeExit', owner: bob.account, dueBlock: 900n });
  bench.must({
    kind: 'payExit',
    exitNumber: 1,
    owner: bob.account,
    assetId: assetId(0),
    units: amount(7n),
  });
  bench.submit(alice);
  return bench;
}

function book(): ExchangeBench {
  const { bench, people } = fundedBook({ ordersMax: 60 }, ['alice', 'bob', 'carol', 'dave']);
  const script = new BookScript(bench, people, new SeededRandom(11));
  bench.signs = false;
  for (let step = 0; step < 160; step += 1) {
    bench.run(script.next());
    if (step === 90) bench.sealBook();
  }
  openSession(bench, at(people, 0));
  return bench;
}

/** Follows a journal on a fresh machine, as a venue does when it starts. */
function replay(bench: ExchangeBench): PlayedVenue {
  const { domain } = bench.signing;
  const machine = new StateMachine(domain);
  const books = new BookProjection(machine.state.books, domain);
  const projection = new Projection(machine.state.markets, () => VERDICTS, books);
  const rows = new Map<number, Uint8Array[]>();
  const [states, snapshots]: [Uint8Array[], Uint8Array[]] = [[], []];
  for (const [k, bytes] of bench.journal.entries()) {
    const entry = decodeInput(bytes);
    const result = machine.apply(entry);
    invariant(result.ok, 'a journal holds accepted inputs only');
    const executed = { ...entry, applied: result.value };
    for (const change of projection.project(executed).changes) {
      const index = change.key[0] ?? 0;
      if (change.kind === 'put') rows.set(index, [...(rows.get(index) ?? []), change.record]);
    }
    if (k % 40 !== 0 && k !== bench.journal.length - 1) continue;
    states.push(encodeState(machine.state));
    snapshots.push(encodeSnapshotBody(machine.state, projection));
  }
  return { inputs: bench.journal, states, snapshots, rows };
}

/** One that holds; which laws there are does not matter to those who store verdicts. */
const VERDICTS: readonly LawVerdict[] = [
  { id: 'L1', name: 'bindsItsInputs', verdict: { kind: 'holds' } },
];
