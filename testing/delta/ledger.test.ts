// Goal: the ledger that judges the Delta adapter refuses each breach of a global law by name and
// then changes nothing. Method: lawful intents and one corruption each, sent past the adapter's own
// checks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { DeltaRefusal } from '@lawbook/settlement/baseLayer/delta/deltaRefusal';
import type {
  DebitAllowance,
  DeltaAddress,
  ExecutedAllowance,
} from '@lawbook/settlement/baseLayer/delta/deltaWire';
import { deltaAddress } from '@lawbook/settlement/baseLayer/delta/deltaWire';
import { encodeLawInput } from '@lawbook/settlement/baseLayer/delta/lawInput';
import { ALICE, BOB, DeltaWorld, ownerOf, POOL, SHARD, signAs, TOKENS } from './deltaWorld.ts';

const GOLD = at(TOKENS, 0);
const shard = BigInt(SHARD);

function addressOf(account: AccountId, of: bigint = shard): DeltaAddress {
  return deltaAddress(ownerOf(account).ownerId, of);
}

interface Corruption {
  readonly content?: Partial<DebitAllowance>;
  readonly signer?: AccountId;
  readonly debited?: DeltaAddress;
  readonly credited?: DeltaAddress;
  readonly taken?: bigint;
  readonly given?: bigint;
}

/** Alice allows 500 of gold to the pool, and 400 are taken. */
function intentOf(corruption: Corruption = {}): ExecutedAllowance {
  const { signer = ALICE, taken = 400n, given = taken } = corruption;
  const content = {
    allowances: new Map([[GOLD, 500n]]),
    credited: addressOf(POOL),
    debitedShard: shard,
    newNonce: 1n,
    ...corruption.content,
  };
  const allowance = signAs(signer, { content, auxiliary: new Uint8Array(72) });
  const { debited = addressOf(ALICE), credited = addressOf(POOL) } = corruption;
  const diffs = [
    { address: debited, changes: new Map([[GOLD, -taken]]) },
    { address: credited, changes: new Map([[GOLD, given]]) },
  ];
  return { allowance, diffs };
}

const rich = 2n ** 63n;

const BREACHES: readonly (readonly [law: string, intent: ExecutedAllowance])[] = [
  ['SpendsAreAuthorised', intentOf({ signer: BOB })],
  ['SpendsAreAuthorised', intentOf({ debited: addressOf(BOB) })],
  ['ShardOfAnotherDomain', intentOf({ content: { debitedShard: 10n } })],
  [
    'ShardOfAnotherDomain',
    intentOf({ content: { credited: addressOf(POOL, 10n) }, credited: addressOf(POOL, 10n) }),
  ],
  ['OrderNonceReplayed', intentOf({ content: { newNonce: 0n } })],
  ['ChainNonceIsNotNext', intentOf({ content: { newNonce: 2n } })],
  ['LimitsAreRespected', intentOf({ taken: 501n })],
  ['AssetsAreConserved', intentOf({ given: 401n })],
  ['CreditOfAnotherVault', intentOf({ credited: addressOf(BOB) })],
  [
    'VaultsAreSolvent',
    intentOf({ content: { allowances: new Map([[GOLD, rich]]) }, taken: 1_000_001n }),
  ],
  ['AmountOutOfRange', intentOf({ content: { allowances: new Map([[GOLD, rich]]) }, taken: rich })],
];

test('each breach of a global law is refused by name, and nothing changes', async () => {
  const world = await DeltaWorld.start();
  try {
    const client = world.client();
    const lawful = intentOf({ signer: BOB, debited: addressOf(BOB) });
    for (const [law, intent] of BREACHES) {
      // A lawful intent before the breach is not applied either.
      await assert.rejects(client.submitIntents([lawful, intent]), DeltaRefusal);
      await assert.rejects(client.submitIntents([intent]), (error) => {
        assert.ok(error instanceof DeltaRefusal, String(error));
        assert.equal(error.refusal.rule, law);
        return true;
      });
    }
    assert.deepEqual(world.ledger.applied, { submissions: 0, cuts: 0 });
    for (const id of [ALICE, BOB]) assert.equal(await client.nextNonce(ownerOf(id).ownerId), 1n);
    await client.submitIntents([intentOf()]);
    assert.equal(await client.nextNonce(ownerOf(ALICE).ownerId), 2n);
    await assert.rejects(client.submitIntents([intentOf()]), /used before/);
  } finally {
    await world.close();
  }
});

test('a list off the chain, or one that the pool did not sign, is not proved', async () => {
  const world = await DeltaWorld.start();
  try {
    const client = world.client();
    await client.submitIntents([intentOf()]);
    const hash = await client.submitSdl();
    assert.ok(hash !== undefined);
    const submission = world.submission({ number: 1n, rows: [] });
    const { listHash, proof, list } = submission;
    const head = {
      shard: SHARD,
      listNumber: 1n,
      listHash,
      previousListHash: list.previousListHash,
    };
    const inputs: readonly (readonly [RegExp, Uint8Array])[] = [
      [/ListNumberIsNotNext/, encodeLawInput({ head: { ...head, listNumber: 2n }, proof })],
      [
        /ListIsNotChained/,
        encodeLawInput({ head: { ...head, previousListHash: listHash }, proof }),
      ],
      [/the pool signed for another list/, encodeLawInput({ head, proof })],
      [/LawInputIsMalformed/, Uint8Array.of(1, 2, 3)],
    ];
    for (const [reason, input] of inputs) {
      await client.prove(hash, input);
      let state = await client.sdl(hash);
      while (state?.kind === 'Proving') state = await client.sdl(hash);
      assert.equal(state?.kind, 'ProvingFailed');
      assert.match(state.reason, reason);
    }
  } finally {
    await world.close();
  }
});
