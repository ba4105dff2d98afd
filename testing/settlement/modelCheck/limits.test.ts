import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_HASH } from '../../../packages/exchange/src/codec/hash.ts';
import { at } from '../../../packages/exchange/src/failures/invariant.ts';
import type { AccountId } from '../../../packages/exchange/src/ledger/account.ts';
import { FIELD_MODULUS } from '../../../packages/proofs/src/statements/fieldElement.ts';
import type { AgreedCircuit } from '../../../packages/settlement/src/baseLayer/domainAgreement.ts';
import { VAULT_UNITS_MAX } from '../../../packages/settlement/src/baseLayer/memory/vaultBook.ts';
import type { Scene } from '../memoryVenue.ts';
import {
  account,
  addOrder,
  CIRCUITS,
  EPOCH_BLOCKS,
  EXIT_BLOCKS,
  emptyScene,
  FUNDS,
  finish,
  MARKET,
  move,
  nextPlace,
  OPERATOR,
  PARAMETERS,
  SHARD,
  START_MS,
  sceneBatch,
  TRADERS,
  withdrawal,
} from '../memoryVenue.ts';
import { agreementCall, depositCall, registerParametersCall, settleCall } from './contractTwin.ts';
import { TwinStage } from './twinStage.ts';

// Goal: on both sides of every limit of the contracts, memory says what the bytecode says: what
// just fits is done, and what is one block, unit or place beyond is refused by the same name.
// Method: acts at each limit and next to it, in memory and in an EVM in this process.

const ALICE: AccountId = at(TRADERS, 0).owner;
const BOB: AccountId = at(TRADERS, 1).owner;
const CIRCUIT = at(CIRCUITS, 0);

class Limits {
  readonly stage: TwinStage;

  constructor(stage: TwinStage) {
    this.stage = stage;
  }

  /** Registers the agreement of a shard of its own. */
  agree(shard: number, circuits: readonly AgreedCircuit[]): Promise<string> {
    const { registry } = this.stage.venue.chain.contracts;
    const wish = { shard, operator: OPERATOR, paid: 5n, circuits };
    return this.stage.act({
      sender: OPERATOR,
      call: agreementCall(wish),
      run: (context) => {
        registry.registerAgreement(context, { ...wish, verifyingKeyHash: ZERO_HASH });
      },
    });
  }

  /** Makes a token on both sides and lists it. */
  async list(token: AccountId, decimals: number, ledgerDecimals: number): Promise<string> {
    const { registry, tokens } = this.stage.venue.chain.contracts;
    await this.stage.twin.deployToken(token, decimals);
    tokens.deploy(token, decimals);
    return await this.stage.act({
      sender: OPERATOR,
      call: { to: 'registry', functionName: 'listAsset', args: [SHARD, token, ledgerDecimals] },
      run: (context) => registry.listAsset(context, { shard: SHARD, token, ledgerDecimals }),
    });
  }

  market(marketId: number, columns: readonly number[]): Promise<string> {
    const { registry } = this.stage.venue.chain.contracts;
    const args = [SHARD, marketId, columns.map(BigInt), 0n, 0n];
    const wish = { shard: SHARD, marketId, columns, epochNumber: 0n, batchNumber: 0n };
    return this.stage.act({
      sender: OPERATOR,
      call: { to: 'registry', functionName: 'registerMarket', args },
      run: (context) => registry.registerMarket(context, wish),
    });
  }

  parameters(marketId: number, commitment: bigint): Promise<string> {
    const { registry } = this.stage.venue.chain.contracts;
    return this.stage.act({
      sender: OPERATOR,
      call: registerParametersCall(marketId, commitment),
      run: (context) => registry.registerParameters(context, { marketId, commitment }),
    });
  }

  /** Deposits out of a purse that holds enough. */
  async deposit(sender: AccountId, owner: AccountId, units: bigint): Promise<string> {
    const { chain, tokens } = this.stage.venue;
    const token = at(tokens, 0);
    chain.contracts.tokens.mint(token, sender, units);
    const drip = { to: token, functionName: 'drip', args: [sender, units] };
    assert.equal(await this.stage.twin.act(sender, chain.head(), drip), 'done');
    return await this.stage.act({
      sender,
      call: depositCall(owner, 0, units),
      run: (context) => {
        chain.contracts.vaults.deposit(context, { shard: SHARD, owner, assetId: 0, units });
      },
    });
  }

  exit(owner: AccountId, functionName: 'requestExit' | 'cancelExit'): Promise<string> {
    const { vaults } = this.stage.venue.chain.contracts;
    return this.stage.act({
      sender: owner,
      call: { to: 'base', functionName, args: [SHARD, owner] },
      run: (context) => vaults[functionName](context, { shard: SHARD, owner }),
    });
  }

  completeExit(owner: AccountId): Promise<string> {
    const { vaults } = this.stage.venue.chain.contracts;
    return this.stage.act({
      sender: owner,
      call: { to: 'base', functionName: 'completeExit', args: [SHARD, owner, [0n]] },
      run: (context) => vaults.completeExit(context, { shard: SHARD, owner, assetIds: [0] }),
    });
  }

  scene(): Scene {
    return emptyScene(nextPlace(this.stage.venue));
  }

  settle(scene: Scene, sender: AccountId = OPERATOR): Promise<string> {
    const { contracts } = this.stage.venue.chain;
    const submission = finish(scene);
    return this.stage.act({
      sender,
      call: settleCall(submission),
      run: (context) => contracts.settle(context, submission),
    });
  }

  /** Settles both scenes: the first is beyond a limit, the second just within it. */
  async refusesThenSettles(rule: RegExp, beyond: Scene, within: Scene): Promise<void> {
    assert.match(await this.settle(beyond), rule);
    assert.equal(await this.settle(within), 'done', String(rule));
  }
}

async function openLimits(): Promise<Limits> {
  return new Limits(await TwinStage.open());
}

test('an agreement takes circuits of every lawful size and none beyond', async () => {
  const limits = await openLimits();
  const shard = (k: number): number => 100 + k;
  const many = (count: number): AgreedCircuit[] => new Array(count).fill(CIRCUIT);
  assert.equal(await limits.agree(shard(0), many(17)), 'circuitismalformed(17)');
  assert.equal(await limits.agree(shard(0), many(16)), 'done');
  const least = { ...CIRCUIT, batches: 1, orders: 1, vaults: 3, assetWords: 1 };
  assert.equal(await limits.agree(shard(1), [least]), 'done');
  assert.equal(await limits.agree(shard(2), [{ ...CIRCUIT, assetWords: 10 }]), 'done');
  const beyond = [{ batches: 0 }, { orders: 0 }, { vaults: 2 }, { assetWords: 0 }];
  for (const change of [...beyond, { assetWords: 11 }]) {
    const answer = await limits.agree(shard(3), [least, { ...least, ...change }]);
    assert.equal(answer, 'circuitismalformed(1)', JSON.stringify(change));
  }
});

test('an agreement and its operator hold from the first block of a base epoch', async () => {
  const limits = await openLimits();
  const { chain } = limits.stage.venue;
  const { registry } = chain.contracts;
  const asked = chain.head() + 1n;
  const wish = { shard: SHARD, operator: BOB, paid: 5n };
  const answer = await limits.stage.act({
    sender: OPERATOR,
    call: agreementCall(wish),
    run: (context) => {
      const whole = { ...wish, verifyingKeyHash: ZERO_HASH, circuits: CIRCUITS };
      registry.registerAgreement(context, whole);
    },
  });
  assert.equal(answer, 'done');
  const from = registry.baseEpoch(asked + 2n * EXIT_BLOCKS) + 1n;
  limits.stage.mineTo(registry.genesisBlock + from * EPOCH_BLOCKS - 1n);
  assert.match(await limits.settle(limits.scene(), BOB), /^callerisnotoperator/);
  assert.match(await limits.settle(limits.scene(), OPERATOR), /^callerisnotoperator/);
  assert.equal(await limits.settle(limits.scene(), BOB), 'done');
});

test('a shard lists 64 assets, of tokens whose decimals fit', async () => {
  const limits = await openLimits();
  const token = (k: number): AccountId => account(`e${k.toString(16).padStart(3, '0')}`);
  assert.match(await limits.list(token(0), 19, 10), /^tokenisunusable/);
  assert.equal(await limits.list(token(0), 18, 9), 'done');
  assert.match(await limits.list(token(1), 8, 9), /^tokenisunusable/);
  assert.equal(await limits.list(token(1), 9, 9), 'done');
  assert.match(await limits.list(token(2), 19, 0), /^tokenisunusable/);
  assert.equal(await limits.list(token(2), 18, 0), 'done');
  const { registry } = limits.stage.venue.chain.contracts;
  for (let k = registry.assets(SHARD).length; k < 64; k += 1) {
    assert.equal(await limits.list(token(k), 6, 6), 'done');
  }
  assert.equal(await limits.list(token(64), 6, 6), 'assetunknown(64)');
});

test('a market has 2 to 30 columns', async () => {
  const limits = await openLimits();
  for (let k = 6; k < 31; k += 1) await limits.list(account(`e${k + 100}`), 6, 6);
  const columns = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
  assert.equal(await limits.market(2, columns(31)), 'marketismalformed(2)');
  assert.equal(await limits.market(2, columns(30)), 'done');
  assert.equal(await limits.market(3, columns(1)), 'marketismalformed(3)');
  assert.equal(await limits.market(3, columns(2)), 'done');
});

test('a parameter set is a field element and holds from the first block of its epoch', async () => {
  const limits = await openLimits();
  const { stage } = limits;
  const { registry } = stage.venue.chain.contracts;
  assert.match(await limits.parameters(MARKET, FIELD_MODULUS), /^circuitismalformed/);
  assert.equal(await limits.parameters(MARKET, FIELD_MODULUS - 1n), 'done');
  const asked = stage.venue.chain.head() + 1n;
  assert.equal(await limits.parameters(MARKET, PARAMETERS + 1n), 'done');
  const from = registry.baseEpoch(asked + 2n * EXIT_BLOCKS) + 1n;
  const under = (): Scene => {
    const scene = limits.scene();
    scene.list.batches = [{ ...at(scene.list.batches, 0), parameters: PARAMETERS + 1n }];
    return scene;
  };
  stage.mineTo(registry.genesisBlock + from * EPOCH_BLOCKS - 1n);
  await limits.refusesThenSettles(/^parametersarenotactive/, under(), under());
});

test('a vault holds 2^63 - 1 units and is emptied to the last one', async () => {
  const limits = await openLimits();
  const room = VAULT_UNITS_MAX - FUNDS;
  assert.match(await limits.deposit(BOB, ALICE, room + 1n), /^amountoutofrange/);
  assert.equal(await limits.deposit(BOB, ALICE, room), 'done');
  const drawing = (units: bigint): Scene => {
    const scene = limits.scene();
    scene.list.withdrawals = [withdrawal(0, { units })];
    return scene;
  };
  const all = drawing(VAULT_UNITS_MAX);
  assert.equal(await limits.settle(all), 'done');
  const none = limits.scene();
  none.list.withdrawals = [withdrawal(0, { units: 1n, orderNonce: 2n })];
  assert.match(await limits.settle(none), /^vaultsaresolvent/);
});

test('an exit pays and stops debits from its due block on, not before', async () => {
  const limits = await openLimits();
  const { chain } = limits.stage.venue;
  const asked = chain.head() + 1n;
  assert.equal(await limits.exit(ALICE, 'requestExit'), 'done');
  assert.equal(await limits.exit(BOB, 'requestExit'), 'done');
  const traded = (k: number): Scene => {
    const scene = limits.scene();
    addOrder(scene, k, { orderNonce: 5n });
    return scene;
  };
  limits.stage.mineTo(asked + EXIT_BLOCKS - 2n);
  assert.equal(await limits.completeExit(ALICE), `exitisnotdue(${asked + EXIT_BLOCKS})`);
  assert.equal(await limits.settle(traded(0)), 'done');
  assert.equal(await limits.completeExit(ALICE), 'done');
  assert.match(await limits.settle(traded(1)), /^vaultisunlocked/);
  const credited = limits.scene();
  move(credited, 3, { column: 1, change: 5n });
  move(credited, 0, { column: 1, change: -5n });
  assert.equal(await limits.settle(credited), 'done', 'what is due may still be credited');
});

test('orders and withdrawals live until the millisecond of their expiry', async () => {
  const limits = await openLimits();
  const expiring = (afterMs: bigint): Scene => {
    const scene = limits.scene();
    const { closedAtMs } = at(scene.list.batches, 0);
    const terms = { expiresAtMs: closedAtMs + afterMs };
    addOrder(scene, 0, { orderNonce: 1n, terms });
    return scene;
  };
  await limits.refusesThenSettles(/^orderexpired/, expiring(0n), expiring(1n));
  const leaving = (afterMs: bigint): Scene => {
    const scene = limits.scene();
    const { closedAtMs } = at(scene.list.batches, 0);
    scene.list.withdrawals = [withdrawal(0, { expiresAtMs: closedAtMs + afterMs })];
    return scene;
  };
  await limits.refusesThenSettles(/^withdrawalexpired/, leaving(0n), leaving(1n));
});

test('a void row without a signature has expired by the close of its batch', async () => {
  const limits = await openLimits();
  const dead = (afterMs: bigint): Scene => {
    const scene = limits.scene();
    const { closedAtMs } = at(scene.list.batches, 0);
    const still = scene.changes.map((columns) => [...columns]);
    addOrder(scene, 0, { orderNonce: 1n, terms: { expiresAtMs: closedAtMs + afterMs } });
    const nothing = { isVoid: true, paid: 0n, received: 0n, signature: '0x' as const };
    scene.rows = scene.rows.map((row) => ({ ...row, ...nothing }));
    scene.changes = still;
    return scene;
  };
  await limits.refusesThenSettles(/^ordersarecomplete/, dead(1n), dead(0n));
});

test('a batch closes at most a quarter of an hour ahead, and never backwards', async () => {
  const limits = await openLimits();
  const closing = (closedAtMs: number): Scene => {
    const scene = limits.scene();
    scene.list.batches = [sceneBatch(closedAtMs, 0)];
    return scene;
  };
  const latest = START_MS + 15 * 60 * 1000;
  await limits.refusesThenSettles(/^batchclosesinthefuture/, closing(latest + 1), closing(latest));
  await limits.refusesThenSettles(/^batchescloseinorder/, closing(latest - 1), closing(latest));
});

test('a list fills its circuit to the last order, vault and batch', async () => {
  const limits = await openLimits();
  // The second circuit: one batch, two orders, four vaults.
  const small = (orders: number, owners: number, batches = 1): Scene => {
    const scene = emptyScene(nextPlace(limits.stage.venue), owners);
    for (let k = 0; k < orders; k += 1) {
      addOrder(scene, k % 2, { orderNonce: scene.list.number * 10n + BigInt(k) });
    }
    const { closedAtMs } = at(scene.list.batches, 0);
    for (let k = 1; k < batches; k += 1) {
      scene.list.batches = [...scene.list.batches, sceneBatch(Number(closedAtMs), 0)];
    }
    scene.proof = { ...scene.proof, circuit: 1 };
    return scene;
  };
  await limits.refusesThenSettles(/^circuitistoosmall\(2, 3\)/, small(3, 2), small(2, 2));
  await limits.refusesThenSettles(/^circuitistoosmall\(4, 5\)/, small(2, 3), small(1, 2));
  await limits.refusesThenSettles(/^circuitistoosmall\(1, 2\)/, small(0, 2, 2), small(0, 2, 1));
  const large = (batches: number): Scene => {
    return { ...small(0, 2, batches), proof: limits.scene().proof };
  };
  await limits.refusesThenSettles(/^circuitistoosmall\(8, 9\)/, large(9), large(8));
});

test('the ring of order nonces remembers three words and takes 2^63 - 1 at most', async () => {
  const limits = await openLimits();
  const paying = (orderNonce: bigint): Scene => {
    const scene = limits.scene();
    addOrder(scene, 0, { orderNonce });
    return scene;
  };
  const word = 192n;
  assert.equal(await limits.settle(paying(10n * word)), 'done');
  await limits.refusesThenSettles(/^ordernoncetooold/, paying(8n * word - 1n), paying(8n * word));
  await limits.refusesThenSettles(/^ordernoncereplayed/, paying(8n * word), paying(9n * word - 1n));
  await limits.refusesThenSettles(/^ordernoncetooold/, paying(1n << 63n), paying((1n << 63n) - 1n));
});

test('the pool is stated up to what is settled, the commitment within the field', async () => {
  const limits = await openLimits();
  const stating = (units: bigint): Scene => {
    const scene = limits.scene();
    scene.list.poolBefore = [units, 0n];
    return scene;
  };
  const settled = FUNDS * 1000n;
  await limits.refusesThenSettles(/^poolisoverstated/, stating(settled + 1n), stating(settled));
  const committing = (dataCommitment: bigint): Scene => {
    const scene = limits.scene();
    return { ...scene, proof: { ...scene.proof, dataCommitment } };
  };
  await limits.refusesThenSettles(
    /^commitmentoutoffield/,
    committing(FIELD_MODULUS),
    committing(FIELD_MODULUS - 1n),
  );
});

test('a vault loses what its orders paid and not a unit more, down to nothing', async () => {
  const limits = await openLimits();
  const paying = (more: bigint): Scene => {
    const scene = limits.scene();
    addOrder(scene, 0, { orderNonce: 7n, terms: { budget: FUNDS } });
    const row = at(scene.rows, 0);
    scene.rows = [{ ...row, paid: FUNDS }];
    move(scene, 2, { column: 0, change: 100n - FUNDS - more });
    move(scene, 0, { column: 0, change: FUNDS - 100n + more });
    return scene;
  };
  await limits.refusesThenSettles(/^vaultsaresolvent/, paying(1n), paying(0n));
});

test('a void row neither pays nor receives, and a halted batch pays nothing', async () => {
  const limits = await openLimits();
  const altered = (change: Partial<Scene['rows'][number]>, isHalted = false): Scene => {
    const scene = limits.scene();
    const still = scene.changes.map((columns) => [...columns]);
    const { closedAtMs } = at(scene.list.batches, 0);
    addOrder(scene, 0, { orderNonce: 1n, terms: { expiresAtMs: closedAtMs } });
    const nothing = { paid: 0n, received: 0n, signature: '0x' as const };
    scene.rows = scene.rows.map((row) => ({ ...row, ...nothing, ...change }));
    scene.changes = still;
    scene.list.batches = scene.list.batches.map((batch) => ({ ...batch, isHalted }));
    return scene;
  };
  const rule = /^limitsarerespected/;
  assert.match(await limits.settle(altered({ isVoid: true, paid: 1n })), rule);
  assert.match(await limits.settle(altered({ received: 1n })), rule);
  assert.match(await limits.settle(altered({ paid: 1n }, true)), rule);
  await limits.refusesThenSettles(
    rule,
    altered({ isVoid: true, received: 1n }),
    altered({ isVoid: true }),
  );
});

test('a withdrawal names somebody and some units', async () => {
  const limits = await openLimits();
  const drawing = (wish: Parameters<typeof withdrawal>[1]): Scene => {
    const scene = limits.scene();
    scene.list.withdrawals = [withdrawal(0, wish)];
    return scene;
  };
  const nobody = account('00') as (typeof TRADERS)[number]['owner'];
  assert.match(await limits.settle(drawing({ to: nobody })), /^amountoutofrange/);
  await limits.refusesThenSettles(
    /^amountoutofrange/,
    drawing({ units: 0n }),
    drawing({ units: 1n }),
  );
});
