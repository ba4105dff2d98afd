import { borshAllowanceMessage } from '@lawbook/settlement/baseLayer/delta/allowanceMessage';
import { parseBase58, parseDeltaKey } from '@lawbook/settlement/baseLayer/delta/deltaKey';
import type { AllowancePayload, DeltaAddress } from '@lawbook/settlement/baseLayer/delta/deltaWire';
import type { ExactJson } from '@lawbook/settlement/baseLayer/delta/exactJson';
import { ed25519 } from '@noble/curves/ed25519.js';

/** A vault: the last nonce that was used, and balances by token. */
export interface LedgerVault {
  readonly last: bigint;
  readonly balances: ReadonlyMap<string, bigint>;
}

/** An allowance as it came over the wire, with the changes made under it. */
export interface Intent {
  readonly payload: AllowancePayload;
  readonly auxiliary: Uint8Array;
  readonly publicKey: string;
  readonly signature: string;
  readonly diffs: readonly { readonly address: string; readonly changes: readonly Change[] }[];
}

type Change = readonly [token: string, change: bigint];

/** A refusal of the ledger by the name of a law. */
export class LawBroken extends Error {
  readonly law: string;

  constructor(law: string, message: string) {
    super(message);
    this.law = law;
  }
}

const I64_MAX = (1n << 63n) - 1n;
const U64_MAX = (1n << 64n) - 1n;

/**
 * The global laws of a shard, over intents in their order: all are applied, or none and the broken
 * law is named. Written apart from the adapter's own checks, which it judges.
 */
export function applyIntents(
  before: ReadonlyMap<string, LedgerVault>,
  intents: readonly Intent[],
  shard: bigint,
): ReadonlyMap<string, LedgerVault> {
  const vaults = new Map(before);
  for (const intent of intents) {
    authorise(intent, vaults, shard);
    for (const { address, changes } of intent.diffs) {
      for (const [token, change] of changes) move(vaults, ownerOf(address, shard), token, change);
    }
  }
  return vaults;
}

/** Signature, shard, nonce, budget, direction and conservation of one allowance. */
function authorise(intent: Intent, vaults: Map<string, LedgerVault>, shard: bigint): void {
  const { content } = intent.payload;
  const publicKey = parseDeltaKey(intent.publicKey);
  const signature = parseBase58(intent.signature, 64);
  const isSigned =
    publicKey !== undefined &&
    signature !== undefined &&
    ed25519.verify(signature, borshAllowanceMessage(intent.payload), publicKey);
  if (!isSigned) throw new LawBroken('SpendsAreAuthorised', 'the owner did not sign this');
  if (content.debitedShard !== shard) {
    throw new LawBroken('ShardOfAnotherDomain', `this domain debits shard ${shard}`);
  }
  const vault = vaults.get(intent.publicKey) ?? { last: 0n, balances: new Map() };
  if (content.newNonce <= vault.last) throw new LawBroken('OrderNonceReplayed', 'used before');
  if (content.newNonce !== vault.last + 1n) {
    throw new LawBroken('ChainNonceIsNotNext', `${vault.last + 1n} is next`);
  }
  vaults.set(intent.publicKey, { ...vault, last: content.newNonce });
  const sums = new Map<string, bigint>();
  for (const { address, changes } of intent.diffs) {
    for (const [token, change] of changes) {
      if (change > I64_MAX || change < -I64_MAX - 1n)
        throw new LawBroken('AmountOutOfRange', 'i64');
      sums.set(token, (sums.get(token) ?? 0n) + change);
      if (change >= 0n && address !== content.credited) {
        throw new LawBroken('CreditOfAnotherVault', 'the allowance credits another vault');
      }
      if (change >= 0n) continue;
      if (address !== `${intent.publicKey},${shard}`) {
        throw new LawBroken('SpendsAreAuthorised', 'the debit is of another vault');
      }
      if (-change > (content.allowances.get(token) ?? 0n)) {
        throw new LawBroken('LimitsAreRespected', 'the debit is above the allowance');
      }
    }
  }
  for (const sum of sums.values()) {
    if (sum !== 0n) throw new LawBroken('AssetsAreConserved', 'the changes do not sum to zero');
  }
}

function move(
  vaults: Map<string, LedgerVault>,
  ownerId: string,
  token: string,
  change: bigint,
): void {
  const vault = vaults.get(ownerId) ?? { last: 0n, balances: new Map<string, bigint>() };
  const after = (vault.balances.get(token) ?? 0n) + change;
  if (after < 0n) throw new LawBroken('VaultsAreSolvent', 'a vault would go negative');
  if (after > U64_MAX) throw new LawBroken('AmountOutOfRange', 'u64');
  vaults.set(ownerId, { ...vault, balances: new Map(vault.balances).set(token, after) });
}

function ownerOf(address: string, shard: bigint): string {
  const [ownerId = '', of = ''] = address.split(',');
  // Credits of other shards are lawful on Delta; this ledger keeps one shard and no other.
  if (of !== String(shard)) throw new LawBroken('ShardOfAnotherDomain', 'a foreign vault');
  return ownerId;
}

/** Reads the body of `POST /intents/submit`, by the published names. */
export function readIntents(json: ExactJson | undefined): readonly Intent[] {
  return (json as unknown as readonly WireIntent[]).map(({ verifiable, state_diffs: diffs }) => {
    const { payload, signature } = verifiable.DebitAllowance;
    const {
      allowances,
      credited,
      debited_shard: debitedShard,
      new_nonce: newNonce,
    } = payload.content;
    const units = new Map(Object.entries(allowances).map(([key, { Fungible }]) => [key, Fungible]));
    const auxiliary = Uint8Array.from(payload.auxiliary.map(Number));
    const content = { allowances: units, credited, debitedShard, newNonce };
    return {
      payload: { content, auxiliary },
      auxiliary,
      publicKey: signature.Ed25519.pub_key,
      signature: signature.Ed25519.signature,
      diffs: diffs.map(({ address, operation }) => ({
        address,
        changes: Object.entries(operation.TokenDiffs).map(([key, { Fungible }]): Change => {
          return [key, Fungible];
        }),
      })),
    };
  });
}

interface WireIntent {
  readonly verifiable: {
    readonly DebitAllowance: {
      readonly payload: {
        readonly content: {
          readonly allowances: Readonly<Record<string, { readonly Fungible: bigint }>>;
          readonly credited: DeltaAddress;
          readonly debited_shard: bigint;
          readonly new_nonce: bigint;
        };
        readonly auxiliary: readonly bigint[];
      };
      readonly signature: {
        readonly Ed25519: { readonly pub_key: string; readonly signature: string };
      };
    };
  };
  readonly state_diffs: readonly {
    readonly address: string;
    readonly operation: {
      readonly TokenDiffs: Readonly<Record<string, { readonly Fungible: bigint }>>;
    };
  }[];
}
