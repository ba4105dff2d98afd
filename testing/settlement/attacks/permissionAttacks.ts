import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { amount } from '@lawbook/exchange/numbers/amount';
import type { SessionGrant, Withdrawal } from '@lawbook/exchange/orders/signedTypes';
import { Scope } from '@lawbook/exchange/orders/signedTypes';
import type { Hex, HexAccount } from '@lawbook/proofs/statements/epoch/diffList';
import type { Person } from '../../exchange/exchangeBench.ts';
import { signedBy } from './alterBatch.ts';
import type { Attack } from './attack.ts';
import { unseen } from './attack.ts';
import { OTHER_SHARD } from './attackedChain.ts';
import type { Honest } from './attackWorld.ts';
import type { Forgery } from './forgery.ts';
import {
  editedBatches,
  editRow,
  forgeCalldata,
  forgeEpoch,
  resealed,
  unforged,
} from './forgery.ts';
import { BOB, DAVID, DELEGATE, ERIN, FIRST, MALLORY } from './tradedEpochs.ts';

const HOUR_MS = 3_600_000;

/** Attacks on what owners allow others, and on what they take out. */
export const PERMISSION_ATTACKS: readonly Attack[] = [
  {
    name: 'a grant is signed by its delegate',
    part: 'grant',
    apply: (honest) => forgeGrant(honest, (grant) => ({ grant, signer: DELEGATE })),
    refusedOffline: 'L2',
    refusedOnChain: 'GrantIsNotSigned',
  },
  {
    name: 'a grant lasts longer than it was signed for',
    part: 'grant',
    apply: (honest) =>
      forgeGrant(honest, (grant) => ({
        grant: { ...grant, expiresAtMs: grant.expiresAtMs + 1 },
        signer: undefined,
      })),
    refusedOffline: 'L2',
    refusedOnChain: 'GrantIsNotSigned',
  },
  {
    name: 'a grant expires before the order that rests on it',
    part: 'grant',
    apply: (honest) =>
      forgeGrant(honest, (grant) => ({
        grant: { ...grant, expiresAtMs: grant.expiresAtMs - HOUR_MS + 2000 },
        signer: BOB,
      })),
    refusedOffline: 'L2',
    refusedOnChain: 'GrantDoesNotCover',
  },
  {
    name: 'a grant does not allow to trade',
    part: 'grant',
    apply: (honest) =>
      forgeGrant(honest, (grant) => ({ grant: { ...grant, scopes: Scope.read }, signer: BOB })),
    refusedOffline: 'L2',
    refusedOnChain: 'GrantIsNotSigned',
  },
  {
    name: 'a grant is for another delegate',
    part: 'grant',
    apply: (honest) =>
      forgeGrant(honest, (grant) => ({
        grant: { ...grant, delegate: MALLORY.account },
        signer: BOB,
      })),
    refusedOffline: 'L2',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'an order rests on the grant of another owner',
    part: 'grant',
    apply: (honest) => {
      const forged = forgeCalldata(honest, (cut) => ({
        rows: editRow(cut, FIRST.bobByDelegate, (row) => ({
          ...row,
          grant: row.grant === 1 ? 2 : 1,
        })),
      }));
      const batches = editedBatches(honest, 0, (batch) => ({
        ...batch,
        grants: batch.grants.filter(({ grant }) => grant.owner !== BOB.account),
      }));
      return { ...forged, bundle: resealed({ ...forged.bundle, batches }) };
    },
    refusedOffline: 'L2',
    refusedOnChain: 'GrantDoesNotCover',
  },
  {
    name: 'an order rests on a grant that is not there',
    part: 'grant',
    apply: (honest) =>
      forgeCalldata(honest, (cut) => ({
        rows: editRow(cut, FIRST.bobByDelegate, (row) => ({ ...row, grant: 3 })),
      })),
    refusedOffline: unseen('a reader finds the grant of an order itself'),
    refusedOnChain: 'GrantDoesNotCover',
  },
  ...withdrawalAttacks(),
  {
    name: 'a withdrawal is signed by another owner',
    part: 'withdrawal',
    apply: (honest) => forgeWithdrawal(honest, {}, MALLORY),
    refusedOffline: 'withdrawals are signed, unexpired and fresh',
    refusedOnChain: 'SpendsAreAuthorised',
  },
  {
    name: 'a withdrawal has expired by the last close',
    part: 'withdrawal',
    apply: (honest) => {
      const { closedAtMs } = at(honest.epoch.bundle.batches, 1);
      return forgeWithdrawal(honest, { expiresAtMs: closedAtMs }, ERIN);
    },
    refusedOffline: 'withdrawals are signed, unexpired and fresh, proof',
    refusedOnChain: 'WithdrawalExpired',
  },
  {
    name: 'the shard of a withdrawal is not the signed one',
    part: 'withdrawal',
    apply: (honest) => forgeWithdrawal(honest, { shard: OTHER_SHARD }, undefined),
    refusedOffline: 'withdrawals are signed, unexpired and fresh, shape',
    refusedOnChain: 'ShardOfAnotherDomain',
  },
  {
    name: 'a withdrawal is of another shard, signed',
    part: 'withdrawal',
    apply: (honest) => forgeWithdrawal(honest, { shard: OTHER_SHARD }, ERIN),
    refusedOffline: 'shape',
    refusedOnChain: 'ShardOfAnotherDomain',
  },
  {
    name: 'a withdrawal is of nothing, signed',
    part: 'withdrawal',
    apply: (honest) => forgeWithdrawal(honest, { units: amount(0n) }, ERIN),
    refusedOffline: 'withdrawals are signed, unexpired and fresh, proof',
    refusedOnChain: 'AmountOutOfRange',
  },
  {
    name: 'a withdrawal is of more than the vault holds, signed',
    part: 'withdrawal',
    apply: (honest) => forgeWithdrawal(honest, { units: amount(10n ** 13n) }, ERIN),
    refusedOffline: 'proof',
    refusedOnChain: 'VaultsAreSolvent',
  },
  {
    name: 'the operator takes out of the pool',
    part: 'withdrawal',
    apply: (honest) => {
      const owner = systemAccount(SystemRole.pool, honest.epoch.bundle.marketId);
      const secretKey = hexToBytes(honest.chain.world.key);
      return forgeWithdrawal(honest, { owner }, { secretKey });
    },
    refusedOffline: 'withdrawals are signed, unexpired and fresh, proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a withdrawal is paid twice',
    part: 'withdrawal',
    apply: (honest) => {
      const { withdrawals } = honest.epoch.bundle;
      return forgeEpoch(honest, { withdrawals: [...withdrawals, ...withdrawals] });
    },
    refusedOffline: 'withdrawals are signed, unexpired and fresh, proof',
    refusedOnChain: 'OrderNonceReplayed',
  },
  {
    name: 'a withdrawal is left out',
    part: 'withdrawal',
    apply: (honest) => forgeEpoch(honest, { withdrawals: [] }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'a withdrawal is left out, and the epoch hash stays',
    part: 'withdrawal',
    apply: (honest) => {
      const forged = forgeEpoch(honest, { withdrawals: [] });
      const { epochHash } = honest.epoch.bundle;
      return { ...forged, bundle: { ...forged.bundle, epochHash } };
    },
    refusedOffline: 'epoch hash binds the diffs and the withdrawals, proof',
    refusedOnChain: 'LawsAreProven',
  },
];

/** Signed terms of the withdrawal that are altered one at a time. */
function withdrawalAttacks(): Attack[] {
  const terms: readonly [string, (wish: Withdrawal) => Partial<Withdrawal>][] = [
    ['amount', ({ units }) => ({ units: amount(units + 1n) })],
    ['receiver', () => ({ to: MALLORY.account })],
    ['owner', () => ({ owner: DAVID.account })],
    ['asset', () => ({ assetId: assetId(1) })],
    ['nonce', ({ orderNonce }) => ({ orderNonce: orderNonce + 1n })],
    ['expiry', ({ expiresAtMs }) => ({ expiresAtMs: expiresAtMs + 1 })],
  ];
  return terms.map(
    ([name, edit]): Attack => ({
      name: `the ${name} of a withdrawal is not the signed one`,
      part: 'withdrawal',
      apply: (honest) => {
        const { withdrawal } = at(honest.epoch.bundle.withdrawals, 0);
        return forgeWithdrawal(honest, edit(withdrawal), undefined);
      },
      refusedOffline: 'withdrawals are signed, unexpired and fresh, proof',
      refusedOnChain: 'SpendsAreAuthorised',
    }),
  );
}

/** The withdrawal with other terms, under the old signature or a new one. */
function forgeWithdrawal(
  honest: Honest,
  terms: Partial<Withdrawal>,
  signer: Pick<Person, 'secretKey'> | undefined,
): Forgery {
  const old = at(honest.epoch.bundle.withdrawals, 0);
  const withdrawal = { ...old.withdrawal, ...terms };
  const digest = honest.signing.withdrawalDigest(withdrawal);
  const signature = signer === undefined ? old.signature : signedBy(signer, digest);
  return forgeEpoch(honest, { withdrawals: [{ withdrawal, signature }] });
}

/** Bob's grant altered, in the bundle and in the list alike. */
function forgeGrant(
  honest: Honest,
  edit: (old: SessionGrant) => {
    readonly grant: SessionGrant;
    /** Signs anew; undefined keeps the old signature. */
    readonly signer: Person | undefined;
  },
): Forgery {
  const { signing } = honest;
  const batches = honest.epoch.bundle.batches.map((batch) => ({
    ...batch,
    grants: batch.grants.map((entry) => {
      if (entry.grant.owner !== BOB.account) return entry;
      const { grant, signer } = edit(entry.grant);
      const digest = signing.grantDigest(grant);
      const signature = signer === undefined ? entry.signature : signedBy(signer, digest);
      return { grant, grantId: signing.grantId(grant), signature };
    }),
  }));
  const base = unforged(honest, honest.epoch);
  const bundle = resealed({ ...base.bundle, batches });
  const forged = batches.flatMap(({ grants }) => grants);
  const bobs = forged.find(({ grant }) => grant.owner === BOB.account) ?? at(forged, 0);
  const grants = base.call.book.grants.map((entry) => {
    if (entry.grant.owner !== BOB.account) return entry;
    const { owner, delegate, expiresAtMs, ...rest } = bobs.grant;
    return {
      grant: {
        ...rest,
        owner: owner as HexAccount,
        delegate: delegate as HexAccount,
        expiresAtMs: BigInt(expiresAtMs),
      },
      signature: `0x${Buffer.from(bobs.signature).toString('hex')}` as Hex,
    };
  });
  const call = { ...base.call, book: { ...base.call.book, grants } };
  return { ...base, bundle, call };
}
