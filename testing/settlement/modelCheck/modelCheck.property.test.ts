import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZERO_HASH } from '../../../packages/exchange/src/codec/hash.ts';
import { at } from '../../../packages/exchange/src/failures/invariant.ts';
import type { AccountId } from '../../../packages/exchange/src/ledger/account.ts';
import type { Hex } from '../../../packages/proofs/src/statements/epoch/diffList.ts';
import type { ActContext } from '../../../packages/settlement/src/baseLayer/memory/act.ts';
import { SeededRandom } from '../../world/seededRandom.ts';
import type { MemoryVenue, Scene } from '../memoryVenue.ts';
import {
  account,
  addOrder,
  CIRCUITS,
  emptyScene,
  FEES,
  finish,
  GUARDIAN,
  MARKET,
  move,
  nextPlace,
  OPERATOR,
  orderDigest,
  PARAMETERS,
  POOL,
  SHARD,
  SIGNING,
  sceneBatch,
  signed,
  TRADERS,
  WIDTH,
  withdrawal,
} from '../memoryVenue.ts';
import type { ContractTwin } from './contractTwin.ts';
import { agreementCall, depositCall, registerParametersCall, settleCall } from './contractTwin.ts';
import type { TwinAct } from './twinStage.ts';
import { actInMemory, TwinStage } from './twinStage.ts';

// Goal: the base layer in memory answers every act as the contracts do, by the same error with the
// same arguments, and ends in the same state with the same list hashes; tokens are conserved.
// Method: random acts, lawful and altered, on both: the committed bytecode in an EVM in this
// process is the judge. MODEL_SEEDS and MODEL_STEPS ask for more than a commit does.

const SEEDS = Number(process.env['MODEL_SEEDS'] ?? 2);
const STEPS = Number(process.env['MODEL_STEPS'] ?? 50);

/** Acts are drawn from a venue's present state. */
class Drawer {
  readonly #venue: MemoryVenue;
  readonly #random: SeededRandom;
  /** Order nonces rise, and now and then an old one is used again. */
  #orderNonce = 1n;

  constructor(venue: MemoryVenue, random: SeededRandom) {
    this.#venue = venue;
    this.#random = random;
  }

  draw(): TwinAct {
    const dice = this.#random.integer(0, 19);
    if (dice < 10) return this.#settle();
    if (dice < 12) return this.#deposit();
    if (dice < 16) return this.#exit();
    if (dice < 17) return this.#claim();
    if (dice < 18) return this.#pause();
    return this.#register();
  }

  #trader(): AccountId {
    return at(TRADERS, this.#random.integer(0, TRADERS.length - 1)).owner;
  }

  #someone(): AccountId {
    const others = [OPERATOR, GUARDIAN, this.#trader(), this.#trader()];
    return at(others, this.#random.integer(0, 3));
  }

  #pick<T>(choices: readonly T[]): T {
    return at(choices, this.#random.integer(0, choices.length - 1));
  }

  #settle(): TwinAct {
    const { contracts } = this.#venue.chain;
    const scene = this.#scene();
    const changes = this.#random.next() < 0.5 ? 0 : this.#random.integer(1, 2);
    for (let k = 0; k < changes; k += 1) this.#alter(scene);
    const submission = finish(scene);
    const sender = this.#random.next() < 0.03 ? this.#someone() : OPERATOR;
    return {
      sender,
      call: settleCall(submission),
      run: (context) => contracts.settle(context, submission),
    };
  }

  #scene(): Scene {
    const scene = emptyScene(nextPlace(this.#venue));
    for (let k = 0; k < TRADERS.length; k += 1) {
      if (this.#random.next() < 0.4) continue;
      this.#orderNonce += BigInt(this.#pick([1, 1, 1, 40, 200]));
      const isOld = this.#random.next() < 0.1;
      const back = BigInt(this.#random.integer(0, 500));
      const orderNonce =
        isOld && back < this.#orderNonce ? this.#orderNonce - back : this.#orderNonce;
      addOrder(scene, k, { orderNonce });
      if (this.#random.next() < 0.08) this.#delegate(scene);
    }
    if (this.#random.next() < 0.3) scene.list.withdrawals = [this.#withdrawal()];
    return scene;
  }

  #withdrawal(): ReturnType<typeof withdrawal> {
    const k = this.#random.integer(0, 3);
    return withdrawal(k, {
      units: BigInt(this.#pick([1, 10, 2_000_000, 0])),
      assetId: this.#pick([0, 1, 5, 9]),
      orderNonce: BigInt(this.#random.integer(0, 600)),
      shard: this.#pick([SHARD, SHARD, SHARD, 8]),
      to: this.#pick([account('7001'), account('7002'), account('00')]) as never,
    });
  }

  /** Alters one thing; what it breaks is for the two sides to say. */
  #alter(scene: Scene): void {
    const batch = scene.list.batches[0] ?? sceneBatch(50, 0);
    const dice = this.#random.integer(0, 10);
    if (dice < 2) this.#alterChanges(scene);
    else if (dice < 5) this.#alterRow(scene, batch.closedAtMs);
    else if (dice < 8) this.#alterBatch(scene, batch);
    else this.#alterList(scene);
  }

  #alterChanges(scene: Scene): void {
    const column = this.#random.integer(0, WIDTH - 1);
    const row = this.#random.integer(0, scene.changes.length - 1);
    const change = this.#pick([1n, -1n, 100n, -100n, -2_000_000n]);
    if (row < scene.changes.length) move(scene, row, { column, change });
    if (this.#random.next() < 0.5) move(scene, 0, { column, change: -change });
  }

  #alterRow(scene: Scene, closedAtMs: bigint): void {
    const row = this.#random.integer(0, Math.max(0, scene.rows.length - 1));
    const entry = scene.rows[row];
    if (entry === undefined) return;
    const nothing = { paid: 0n, received: 0n };
    const ordered = (change: Partial<typeof entry.order>): Partial<typeof entry> => {
      return { order: { ...entry.order, ...change } };
    };
    const change = this.#pick<Partial<typeof entry>>([
      { paid: this.#pick([0n, 1n, 99n, 101n]) },
      nothing,
      { vault: this.#random.integer(0, 7) },
      { ...nothing, isVoid: true, signature: this.#pick<Hex>(['0x', '0x12']) },
      { signature: this.#pick<Hex>(['0x', `0x${'11'.repeat(65)}`]) },
      { grant: this.#random.integer(1, 3) },
      ordered({ marketId: 2 }),
      ordered({ pay: this.#random.integer(0, 7) }),
      ordered({ budget: 99n }),
      ordered({ expiresAtMs: closedAtMs }),
    ]);
    scene.rows[row] = { ...entry, ...change };
  }

  #alterBatch({ list }: Scene, batch: Scene['list']['batches'][number]): void {
    const { closedAtMs } = batch;
    const change = this.#pick<Partial<typeof batch>>([
      { isHalted: true },
      { orderCount: this.#random.integer(0, 5) },
      { closedAtMs: closedAtMs + BigInt(this.#pick([-1, -2, 900_000])) },
      { parameters: PARAMETERS + BigInt(this.#random.integer(0, 3)) },
      { oracle: this.#pick<Hex>(['0x', '0x00000006', sceneBatch(50, 0).oracle]) },
      { prices: this.#pick([[1n], [1n << 192n, 1n], [1n, 1n, 1n]]) },
    ]);
    const second = sceneBatch(Number(closedAtMs) + 5, 0);
    list.batches = this.#pick([
      [{ ...batch, ...change }, ...list.batches.slice(1)],
      [{ ...batch, ...change }],
      [batch, second],
      [],
    ]);
  }

  #alterList(scene: Scene): void {
    const { list } = scene;
    const other = `0x${'ab'.repeat(32)}` as typeof list.previousListHash;
    const reversed = [...list.owners].reverse();
    const change = this.#pick<Partial<typeof list>>([
      { number: list.number + this.#pick([1n, -1n]) },
      { epochNumber: list.epochNumber + 1n },
      { previousListHash: other },
      { shard: this.#pick([0, 8]) },
      { marketId: 2 },
      { poolBefore: this.#pick([[1n], [1n << 50n, 0n], [0n, 1n << 192n], [5n, 5n]]) },
      { owners: this.#pick([reversed, [POOL as never], []]) },
    ]);
    Object.assign(list, change);
    const dice = this.#random.next();
    if (dice < 0.1) scene.changes.pop();
    else if (dice < 0.2) scene.proof = { ...scene.proof, circuit: this.#random.integer(1, 2) };
    else if (dice < 0.3) scene.proof = { ...scene.proof, dataCommitment: 1n << 254n };
  }

  /** Lets another trader sign an order under a grant that may or may not cover it. */
  #delegate(scene: Scene): void {
    const k = scene.rows.length - 1;
    const entry = scene.rows[k];
    const owner = TRADERS.find((trader) => trader.owner === entry?.order.owner);
    if (entry === undefined || owner === undefined) return;
    const delegate = at(TRADERS, this.#random.integer(0, 3));
    const lasts = entry.order.expiresAtMs;
    const terms = {
      owner: owner.owner,
      delegate: delegate.owner,
      scopes: this.#pick([1, 2, 2, 2, 3]),
      expiresAtMs: this.#pick([lasts, lasts, lasts, lasts - 1n]),
      orderNonce: 1n,
    };
    const digest = SIGNING.grantDigest({ ...terms, expiresAtMs: Number(terms.expiresAtMs) });
    const signer = this.#random.next() < 0.9 ? owner : delegate;
    scene.grants.push({ grant: terms, signature: signed(digest, signer.secretKey) });
    const signature = signed(orderDigest(entry.order), delegate.secretKey);
    scene.rows[k] = { ...entry, grant: scene.grants.length, signature };
  }

  #deposit(): TwinAct {
    const { vaults } = this.#venue.chain.contracts;
    const owner = this.#pick([this.#trader(), POOL, FEES, account('00'), account('1a3b')]);
    const k = this.#random.integer(0, 7);
    const units = this.#pick([0n, 1n, 1000n, (1n << 63n) - 1n]);
    return {
      sender: this.#someone(),
      call: depositCall(owner, k, units),
      run: (context) => vaults.deposit(context, { shard: SHARD, owner, assetId: k, units }),
    };
  }

  #exit(): TwinAct {
    const { vaults } = this.#venue.chain.contracts;
    const owner = this.#random.next() < 0.1 ? POOL : this.#trader();
    const sender =
      this.#random.next() < 0.9 ? (owner === POOL ? OPERATOR : owner) : this.#someone();
    const vault = { shard: SHARD, owner };
    const assetIds = this.#pick([[0, 1], [0], [2, 0], [9], []]);
    const ids = assetIds.map(BigInt);
    const to = 'base';
    const args = [SHARD, owner];
    // Vaults that were left for good would starve the other acts.
    const functionName = this.#pick(['requestExit', 'cancelExit', 'cancelExit', 'completeExit']);
    if (functionName === 'completeExit') {
      const run = (context: ActContext): void =>
        vaults.completeExit(context, { ...vault, assetIds });
      return { sender, call: { to, functionName, args: [...args, ids] }, run };
    }
    const run = (context: ActContext): unknown =>
      functionName === 'requestExit'
        ? vaults.requestExit(context, vault)
        : vaults.cancelExit(context, vault);
    return { sender, call: { to, functionName, args }, run };
  }

  #claim(): TwinAct {
    const { vaults } = this.#venue.chain.contracts;
    const token = this.#pick(this.#venue.tokens);
    const to = this.#pick([account('7001'), account('7002')]);
    return {
      sender: this.#someone(),
      call: { to: 'base', functionName: 'claim', args: [token, to] },
      run: () => vaults.claim(token, to),
    };
  }

  #pause(): TwinAct {
    const { contracts } = this.#venue.chain;
    const isPause = this.#random.next() < 0.2;
    const functionName = isPause ? 'pauseSettlements' : 'resumeSettlements';
    return {
      sender: this.#pick([GUARDIAN, GUARDIAN, OPERATOR]),
      call: { to: 'base', functionName, args: [] },
      run: (context) => contracts[functionName](context),
    };
  }

  #register(): TwinAct {
    const { registry } = this.#venue.chain.contracts;
    const sender = this.#pick([OPERATOR, OPERATOR, this.#trader()]);
    if (this.#random.next() < 0.6) {
      const commitment = PARAMETERS + BigInt(this.#random.integer(0, 3));
      const marketId = this.#pick([MARKET, MARKET, 2]);
      return {
        sender,
        call: registerParametersCall(marketId, commitment),
        run: (context) => registry.registerParameters(context, { marketId, commitment }),
      };
    }
    const shard = this.#pick([0, SHARD, 9]);
    const paid = this.#pick([5n, 5n, 4n]);
    const verifyingKeyHash = ZERO_HASH;
    const wish = { shard, operator: OPERATOR, verifyingKeyHash, circuits: CIRCUITS, paid };
    return {
      sender,
      call: agreementCall({ shard, operator: OPERATOR, paid }),
      run: (context) => registry.registerAgreement(context, wish),
    };
  }
}

/** Tokens for everybody to deposit, on both sides. */
async function mint(venue: MemoryVenue, twin: ContractTwin): Promise<void> {
  const block = venue.chain.head();
  for (const owner of [OPERATOR, GUARDIAN, ...TRADERS.map((trader) => trader.owner)]) {
    for (const to of venue.tokens) {
      venue.chain.contracts.tokens.mint(to, owner, 10n ** 16n);
      const call = { to, functionName: 'drip', args: [owner, 10n ** 16n] };
      assert.equal(await twin.act(owner, block, call), 'done');
    }
  }
}

async function compareStates(venue: MemoryVenue, twin: ContractTwin): Promise<void> {
  const { vaults, tokens } = venue.chain.contracts;
  const block = venue.chain.head();
  const read = (functionName: string, ...args: readonly unknown[]): Promise<unknown> =>
    twin.read(block, { to: 'base', functionName, args });
  const { number, listHash } = venue.chain.contracts.listChain(SHARD);
  assert.deepEqual(await read('listChains', SHARD), [number, listHash]);
  const progress = venue.chain.contracts.marketProgress(MARKET);
  const { epochNumber = 0n, batchNumber = 0n, closedAtMs = 0n } = progress ?? {};
  assert.deepEqual(await read('marketProgress', MARKET), [epochNumber, batchNumber, closedAtMs]);
  assert.equal(await read('depositCount'), vaults.depositCount());
  for (const owner of [POOL, FEES, ...TRADERS.map((trader) => trader.owner)]) {
    const vault = { shard: SHARD, owner };
    assert.equal(await read('exitDueBlock', SHARD, owner), vaults.exitDueBlock(vault) ?? 0n);
    for (let k = 0; k < WIDTH; k += 1) {
      const units = vaults.balanceOf(vault, k);
      assert.equal(await read('balanceOf', SHARD, owner, BigInt(k)), units, `${owner} ${k}`);
    }
  }
  for (const token of venue.tokens) {
    const held = tokens.balanceOf(token, venue.layer.domain.address);
    assert.equal(vaults.owed(token), held, 'what is held is owed, to the unit');
    const args = [venue.layer.domain.address];
    assert.equal(await twin.read(block, { to: token, functionName: 'balanceOf', args }), held);
  }
}

for (let seed = 1; seed <= SEEDS; seed += 1) {
  test(`memory and contracts answer ${STEPS} acts alike, seed ${seed}`, async (t) => {
    const random = new SeededRandom(seed);
    const { venue, twin } = await TwinStage.open();
    await mint(venue, twin);
    await compareStates(venue, twin);
    const drawer = new Drawer(venue, random);
    const answers = new Map<string, number>();
    for (let step = 0; step < STEPS; step += 1) {
      const act = drawer.draw();
      const holds = random.next() >= 0.03;
      venue.laws.hold = () => holds;
      await twin.answer(holds);
      const expected = await twin.act(act.sender, venue.chain.head() + 1n, act.call);
      const actual = actInMemory(venue, act);
      assert.equal(actual, expected, `step ${step}: ${act.call.functionName}`);
      const name = `${act.call.functionName} ${/^[^(]*/.exec(actual)?.[0] ?? ''}`;
      answers.set(name, (answers.get(name) ?? 0) + 1);
      if (random.next() < 0.2) venue.chain.mine(random.integer(1, 8));
    }
    await compareStates(venue, twin);
    assert.ok((answers.get('settle done') ?? 0) > 0, 'some lists settle');
    t.diagnostic(
      [...answers]
        .map(([name, count]) => `${name} ${count}`)
        .sort()
        .join(', '),
    );
  });
}
