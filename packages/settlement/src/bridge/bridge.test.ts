import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { accepted, type Result } from '@lawbook/exchange/failures/result';
import type { Input } from '@lawbook/exchange/inputs';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { StateMachine } from '@lawbook/exchange/stateMachine';
import { SimulatedClock } from '../../../../testing/chains/double/simulatedClock.ts';
import type { MemoryVenue } from '../../../../testing/settlement/memoryVenue.ts';
import {
  DOMAIN,
  EXIT_BLOCKS,
  FINALITY_BLOCKS,
  FUNDS,
  fund,
  openMemoryVenue,
  SHARD,
  TRADERS,
} from '../../../../testing/settlement/memoryVenue.ts';
import { SeededRandom } from '../../../../testing/world/seededRandom.ts';
import type { EventCursor } from '../baseLayer/baseLayerEvent.ts';
import { SettlementFault } from '../settlementFault.ts';
import type { Bridge, BridgePlace, BridgePlaceStore } from './bridge.ts';
import { openBridge } from './bridge.ts';

// Goal: what happens on the base layer reaches the ledger exactly once and in order, whatever is
// lost, and what the ledger has no place for stops nothing. Method: the real exchange on one side,
// a memory chain on the other, a simulated clock between them; the ledger is compared with the
// vaults at the end.

const ALICE: AccountId = at(TRADERS, 0).owner;
const BOB: AccountId = at(TRADERS, 1).owner;

/** Exchange, chain and bridge. */
class Stage {
  readonly clock = new SimulatedClock();
  readonly random: SeededRandom;
  readonly venue: MemoryVenue = openMemoryVenue(this.clock);
  readonly machine = new StateMachine(DOMAIN);
  readonly incidents: string[] = [];
  readonly bugs: InvariantViolation[] = [];
  readonly inputs: Input[] = [];
  /** Chance that an answer of the exchange is lost, half of the time after its effect. */
  lost = 0;
  /** Whether answers are lost after their effect only. */
  onlyAfter = false;
  /** Whether taking an input meets a bug. */
  isBroken = false;
  /** Whether the base layer tells nothing. */
  isAway = false;
  /** From where events were asked for. */
  readonly asked: (EventCursor | undefined)[] = [];
  bridge: Bridge | undefined;

  constructor(assets: number, seed = 1) {
    this.random = new SeededRandom(seed);
    for (let k = 0; k < assets; k += 1) this.register(k);
  }

  register(k: number): void {
    this.apply({ kind: 'registerAsset', symbol: `AS${k}`, decimals: 6 });
  }

  apply(input: Input): Result<undefined> {
    const sequence = this.machine.nextSequence;
    const result = this.machine.apply({ sequence, timeMs: this.clock.nowMs(), input });
    if (result.ok) this.inputs.push(input);
    return result.ok ? accepted(undefined) : result;
  }

  open(places?: BridgePlaceStore): void {
    this.bridge = openBridge({
      layer: {
        shard: this.venue.layer.shard,
        events: (after, signal) => {
          this.asked.push(after);
          if (this.isAway) throw away();
          return this.venue.layer.events(after, signal);
        },
      },
      environment: { clock: this.clock, random: this.random },
      book: () => this.machine.state.baseLayer,
      submit: async (input) => {
        await this.clock.sleep(this.random.integer(0, 5));
        invariant(!this.isBroken, 'the exchange keeps its books');
        if (!this.onlyAfter && this.random.next() < this.lost / 2) throw away();
        const result = this.apply(input);
        if (this.random.next() < this.lost / 2) throw away();
        return result;
      },
      onIncident: (sentence) => this.incidents.push(sentence),
      onBroken: (cause) => this.bugs.push(cause),
      ...(places === undefined ? {} : { places }),
    });
  }

  async settleDown(): Promise<void> {
    this.venue.chain.mine(FINALITY_BLOCKS);
    await this.clock.runFor(60_000);
  }

  deposit(owner: AccountId, k: number, units: bigint): void {
    this.venue.chain.perform(owner, (context) => fund(this.venue, context, { owner, k, units }));
  }

  balance(owner: AccountId, k: number): bigint {
    return this.machine.state.ledger.balance(owner, assetId(k)).available;
  }

  /** The ledger holds what the vaults hold, for every trader and registered asset. */
  checkSame(): void {
    const { vaults } = this.venue.chain.contracts;
    for (const { owner } of TRADERS) {
      for (let k = 0; k < this.machine.state.assets.length; k += 1) {
        const settled = vaults.balanceOf({ shard: SHARD, owner }, k);
        assert.equal(this.balance(owner, k), settled, `${owner} asset ${k}`);
      }
    }
  }
}

function away(): SettlementFault {
  return new SettlementFault('SETTLEMENT_UNAVAILABLE', 'The answer was lost.');
}

test('credits every final deposit once, also those of pools', async () => {
  const stage = new Stage(6);
  stage.open();
  stage.deposit(ALICE, 2, 5n);
  await stage.clock.runFor(1000);
  assert.equal(stage.balance(ALICE, 2), 0n, 'not final yet');
  await stage.settleDown();
  assert.equal(stage.balance(ALICE, 2), 5n);
  assert.equal(stage.balance(ALICE, 0), FUNDS);
  stage.checkSame();
  await stage.bridge?.close();
});

test('a restart reads the chain again and credits nothing twice', async () => {
  const stage = new Stage(6);
  stage.open();
  await stage.settleDown();
  const count = stage.inputs.length;
  await stage.bridge?.close();
  stage.open();
  await stage.settleDown();
  assert.equal(stage.inputs.length, count);
  stage.checkSame();
});

test('deposits into other shards take no number of ours', async () => {
  const stage = new Stage(6);
  const { registry, vaults } = stage.venue.chain.contracts;
  stage.venue.chain.perform(BOB, (context) => {
    const circuits = registry.agreement(1n)?.circuits ?? [];
    const wish = { shard: 9, operator: BOB, paid: 5n, circuits };
    registry.registerAgreement(context, { ...wish, verifyingKeyHash: DOMAIN_HASH });
    const token = at(stage.venue.tokens, 1);
    registry.listAsset(context, { shard: 9, token, ledgerDecimals: 6 });
    stage.venue.chain.contracts.tokens.mint(token, BOB, 10n ** 20n);
    vaults.deposit(context, { shard: 9, owner: ALICE, assetId: 0, units: 8n });
  });
  stage.deposit(ALICE, 3, 4n);
  stage.open();
  await stage.settleDown();
  assert.equal(stage.balance(ALICE, 0), FUNDS);
  assert.equal(stage.balance(ALICE, 3), 4n);
  const own = stage.inputs.flatMap((input) => (input.kind === 'deposit' ? [input] : []));
  assert.deepEqual(
    own.map(({ depositNumber }) => depositNumber),
    own.map((_, k) => k + 1),
  );
});

test('an asset that is not registered is counted, also when it is registered later', async () => {
  const stage = new Stage(3);
  stage.deposit(ALICE, 4, 9n);
  stage.deposit(ALICE, 2, 7n);
  stage.open();
  await stage.settleDown();
  assert.equal(stage.balance(ALICE, 2), 7n);
  for (const k of [3, 4, 5]) stage.register(k);
  await stage.bridge?.close();
  stage.open();
  stage.deposit(ALICE, 4, 1n);
  await stage.settleDown();
  assert.equal(stage.balance(ALICE, 2), 7n);
  assert.equal(stage.balance(ALICE, 4), 1n);
  assert.deepEqual(stage.incidents, []);
});

test('an exit stops its owner, and what the chain pays leaves the ledger', async () => {
  const stage = new Stage(6);
  const { vaults } = stage.venue.chain.contracts;
  const vault = { shard: SHARD, owner: ALICE };
  stage.open();
  stage.venue.chain.perform(ALICE, (context) => vaults.requestExit(context, vault));
  stage.venue.chain.perform(BOB, (context) =>
    vaults.requestExit(context, { ...vault, owner: BOB }),
  );
  stage.venue.chain.perform(BOB, (context) => vaults.cancelExit(context, { ...vault, owner: BOB }));
  await stage.settleDown();
  const { exits } = stage.machine.state.baseLayer;
  assert.deepEqual([exits.has(ALICE), exits.has(BOB)], [true, false]);
  stage.venue.chain.mine(Number(EXIT_BLOCKS));
  const assetIds = [0, 1];
  stage.venue.chain.perform(ALICE, (context) => {
    vaults.completeExit(context, { ...vault, assetIds });
  });
  await stage.settleDown();
  assert.equal(stage.balance(ALICE, 0), 0n);
  assert.equal(stage.machine.state.baseLayer.exitCount, 2);
  stage.checkSame();
});

test('a payment that the ledger cannot cover is an incident and blocks what follows', async () => {
  const stage = new Stage(6);
  const { vaults } = stage.venue.chain.contracts;
  const vault = { shard: SHARD, owner: ALICE };
  stage.open();
  await stage.settleDown();
  stage.venue.chain.perform(ALICE, (context) => vaults.requestExit(context, vault));
  stage.venue.chain.mine(Number(EXIT_BLOCKS));
  // Alice has spent all of it here, in an epoch that is not settled.
  const spent = { from: ALICE, to: BOB, assetId: assetId(0), amount: FUNDS as never };
  stage.machine.state.ledger.transfer(spent);
  stage.venue.chain.perform(ALICE, (context) => {
    vaults.completeExit(context, { ...vault, assetIds: [0] });
  });
  stage.deposit(BOB, 4, 1n);
  await stage.settleDown();
  await stage.clock.runFor(60_000);
  assert.equal(stage.incidents.length, 1);
  assert.match(at(stage.incidents, 0), /cannot/);
  assert.equal(stage.balance(BOB, 4), 0n);
  await stage.bridge?.close();
});

test('a stored place is where reading goes on, unless the exchange is behind it', async () => {
  let stored: BridgePlace | undefined;
  const places = {
    get: async () => stored,
    put: async (place: BridgePlace) => {
      stored = place;
    },
  };
  const stage = new Stage(6);
  stage.open(places);
  await stage.settleDown();
  assert.equal(stored?.deposits, 14);
  const other = new Stage(6);
  other.open(places);
  await other.settleDown();
  other.checkSame();
});

for (let seed = 1; seed <= 10; seed += 1) {
  test(`follows the chain through lost answers and reorganisations, seed ${seed}`, async () => {
    const stage = new Stage(5, seed);
    const { random, venue } = stage;
    const { vaults } = venue.chain.contracts;
    stage.lost = 0.3;
    stage.open();
    for (let step = 0; step < 60; step += 1) {
      const owner = at(TRADERS, random.integer(0, 3)).owner;
      const vault = { shard: SHARD, owner };
      const dice = random.integer(0, 9);
      const units = BigInt(random.integer(1, 1000));
      if (dice < 5) stage.deposit(owner, random.integer(0, 5), units);
      if (dice === 5) venue.chain.attempt(owner, () => undefined);
      const isLeaving = vaults.exitDueBlock(vault) !== undefined;
      if (dice === 6 && !isLeaving) {
        venue.chain.perform(owner, (context) => vaults.requestExit(context, vault));
      }
      if (dice === 7 && isLeaving) {
        venue.chain.perform(owner, (context) => vaults.cancelExit(context, vault));
      }
      const due = vaults.exitDueBlock(vault);
      if (dice === 8 && due !== undefined && due <= venue.chain.head()) {
        venue.chain.perform(owner, (context) => {
          vaults.completeExit(context, { ...vault, assetIds: [0, 1, 2, 3, 4] });
        });
      }
      if (dice === 9) {
        venue.chain.mine(random.integer(1, 6));
        venue.chain.reorganise(random.integer(1, 6));
        venue.chain.mine();
      }
      await stage.clock.runFor(random.integer(0, 300));
      if (random.next() < 0.1) {
        const closing = stage.bridge?.close();
        await stage.clock.runFor(10);
        await closing;
        stage.open();
      }
    }
    stage.lost = 0;
    await stage.settleDown();
    stage.checkSame();
    assert.deepEqual(stage.incidents, []);
    for (const { owner } of TRADERS) {
      const due = vaults.exitDueBlock({ shard: SHARD, owner });
      assert.equal(stage.machine.state.baseLayer.exits.get(owner), due);
    }
  });
}

const DOMAIN_HASH = `0x${'00'.repeat(32)}` as Parameters<
  MemoryVenue['chain']['contracts']['registry']['registerAgreement']
>[1]['verifyingKeyHash'];

test('a notice that only memory holds is read again after a restart', async () => {
  const stage = new Stage(6);
  let stored: BridgePlace | undefined;
  const places: BridgePlaceStore = {
    get: async () => stored,
    put: async (place) => {
      stored = place;
    },
  };
  stage.open(places);
  await stage.settleDown();
  const { vaults } = stage.venue.chain.contracts;
  stage.venue.chain.perform(ALICE, (context) => {
    vaults.requestExit(context, { shard: SHARD, owner: ALICE });
  });
  // The disk of the exchange fails: the notice is applied, and every answer is a fault.
  stage.lost = 2;
  stage.onlyAfter = true;
  await stage.settleDown();
  assert.ok(stage.machine.state.baseLayer.exits.has(ALICE));
  await stage.bridge?.close();
  // The restart finds what was durable: everything but the notice.
  stage.machine.state.baseLayer.exits.delete(ALICE);
  stage.lost = 0;
  stage.open(places);
  await stage.settleDown();
  assert.ok(stage.machine.state.baseLayer.exits.has(ALICE));
  await stage.bridge?.close();
});

test('a bug ends the bridge at its first try, and is told by name', async () => {
  const stage = new Stage(6);
  stage.isBroken = true;
  stage.open();
  stage.deposit(ALICE, 0, 5n);
  await stage.settleDown();
  assert.deepEqual(
    stage.bugs.map(({ message }) => message),
    ['the exchange keeps its books'],
  );
  assert.equal(stage.inputs.filter(({ kind }) => kind === 'deposit').length, 0);
  await assert.rejects(async () => stage.bridge?.close(), { name: 'InvariantViolation' });
});

/** Places that are kept in memory, and the last of them. */
function placesOf(): { readonly store: BridgePlaceStore; readonly last: () => BridgePlace } {
  let stored: BridgePlace | undefined;
  return {
    store: {
      get: async () => stored,
      put: async (place) => {
        stored = place;
      },
    },
    last: () => stored ?? assert.fail('a place was stored'),
  };
}

test('reads on behind a stored place, and from the beginning where it is ahead', async () => {
  const stage = new Stage(6);
  const { vaults } = stage.venue.chain.contracts;
  const vault = { shard: SHARD, owner: ALICE };
  const { store, last } = placesOf();
  stage.open(store);
  stage.venue.chain.perform(ALICE, (context) => vaults.requestExit(context, vault));
  stage.venue.chain.mine(Number(EXIT_BLOCKS));
  stage.venue.chain.perform(ALICE, (context) => {
    vaults.completeExit(context, { ...vault, assetIds: [0] });
  });
  await stage.settleDown();
  assert.deepEqual([last().deposits, last().exits], [14, 1]);
  assert.deepEqual(stage.bridge?.place(), last());
  await stage.bridge?.close();
  stage.asked.length = 0;
  stage.open(store);
  assert.equal(stage.bridge?.place(), undefined, 'nothing was read yet');
  await stage.settleDown();
  assert.deepEqual(stage.asked, [last().cursor]);
  await stage.bridge?.close();
  // Another exchange has lost the payment, and one more the last deposit.
  for (const ahead of [{ exits: last().exits + 1 }, { deposits: last().deposits + 1 }]) {
    await store.put({ ...last(), ...ahead });
    stage.asked.length = 0;
    stage.open(store);
    await stage.clock.runFor(50);
    assert.deepEqual(stage.asked, [undefined], JSON.stringify(ahead));
    await stage.settleDown();
    await stage.bridge?.close();
  }
  stage.checkSame();
});

test('a restart repeats no notice that lies before what is counted', async () => {
  const stage = new Stage(6);
  const { vaults } = stage.venue.chain.contracts;
  const vault = { shard: SHARD, owner: ALICE };
  stage.open();
  await stage.settleDown();
  stage.venue.chain.perform(ALICE, (context) => vaults.requestExit(context, vault));
  stage.venue.chain.perform(ALICE, (context) => vaults.cancelExit(context, vault));
  stage.deposit(BOB, 3, 1n);
  await stage.settleDown();
  const { length } = stage.inputs;
  await stage.bridge?.close();
  stage.open();
  await stage.settleDown();
  assert.equal(stage.inputs.length, length, 'the exchange has heard of all of it');
  await stage.bridge?.close();
});

test('an answer that is lost after its effect repeats no input', async () => {
  const stage = new Stage(6);
  const { vaults } = stage.venue.chain.contracts;
  const vault = { shard: SHARD, owner: ALICE };
  stage.open();
  await stage.settleDown();
  stage.onlyAfter = true;
  stage.lost = 2;
  stage.venue.chain.perform(ALICE, (context) => vaults.requestExit(context, vault));
  await stage.settleDown();
  stage.lost = 0;
  await stage.settleDown();
  const notices = stage.inputs.filter(({ kind }) => kind === 'noticeExit');
  assert.equal(notices.length, 1);
  await stage.bridge?.close();
});

test('asks a base layer that is away ever more seldom, and reads on when it is back', async () => {
  const stage = new Stage(6);
  stage.isAway = true;
  stage.open();
  await stage.clock.runFor(300_000);
  assert.ok(
    stage.asked.length > 25 && stage.asked.length < 80,
    `asked ${stage.asked.length} times`,
  );
  stage.isAway = false;
  await stage.settleDown();
  stage.checkSame();
  await stage.bridge?.close();
});

test('tries again what the ledger cannot take for a moment, and closes at once', async () => {
  const stage = new Stage(6);
  const { vaults } = stage.venue.chain.contracts;
  const vault = { shard: SHARD, owner: ALICE };
  stage.open();
  await stage.settleDown();
  stage.venue.chain.perform(ALICE, (context) => vaults.requestExit(context, vault));
  stage.venue.chain.mine(Number(EXIT_BLOCKS));
  const { ledger } = stage.machine.state;
  const spent = { assetId: assetId(0), amount: FUNDS as never };
  ledger.transfer({ ...spent, from: ALICE, to: BOB });
  stage.venue.chain.perform(ALICE, (context) => {
    vaults.completeExit(context, { ...vault, assetIds: [0] });
  });
  stage.venue.chain.mine(FINALITY_BLOCKS);
  await stage.clock.runFor(3000);
  assert.deepEqual(stage.incidents, [], 'units may be under a hold for a moment');
  // What was under a hold is there again before anybody is told.
  ledger.transfer({ ...spent, from: BOB, to: ALICE });
  await stage.settleDown();
  assert.deepEqual(stage.incidents, []);
  assert.equal(stage.balance(ALICE, 0), 0n);
  let isClosed = false;
  const closing = stage.bridge?.close().then(() => {
    isClosed = true;
  });
  await stage.clock.settle();
  assert.ok(isClosed);
  await closing;
});
