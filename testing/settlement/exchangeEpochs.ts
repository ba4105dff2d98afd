/** Epochs of the real exchange, with what its vaults held before the first of them. */
import { DEMO_ASSETS } from '@lawbook/analytics/demoWorld';
import { invariant } from '../../packages/exchange/src/failures/invariant.ts';
import { SystemRole, systemAccount } from '../../packages/exchange/src/ledger/account.ts';
import { assetId } from '../../packages/exchange/src/ledger/asset.ts';
import { amount } from '../../packages/exchange/src/numbers/amount.ts';
import { signDigest } from '../../packages/exchange/src/orders/signature.ts';
import { Scope } from '../../packages/exchange/src/orders/signedTypes.ts';
import type { VenueDomain } from '../../packages/exchange/src/orders/typedData.ts';
import type { BatchTransition } from '../../packages/exchange/src/transition.ts';
import type { SettledEpoch } from '../../packages/proofs/src/statements/epoch/cutDiffList.ts';
import type { Person } from '../exchange/exchangeBench.ts';
import { ExchangeBench, person } from '../exchange/exchangeBench.ts';
import type { VaultHolding } from './baseLayerWorld.ts';
import { WORLD_SHARD } from './baseLayerWorld.ts';

/** Where and when a bench trades; in the demo world of the past unless told. */
export interface BenchPlace {
  readonly domain?: VenueDomain;
  readonly timeMs?: number;
}

/** A bench that remembers its batches until they are sealed. */
export class SettlingBench {
  readonly bench: ExchangeBench;
  readonly people: readonly Person[];
  /** What each vault held when the bench opened. */
  readonly holdings: readonly VaultHolding[];
  #batches: BatchTransition[] = [];
  #withdrawalNonce = 0n;

  constructor(names: readonly string[], place: BenchPlace = {}) {
    this.bench = new ExchangeBench(place.domain);
    this.bench.timeMs = place.timeMs ?? 1_700_000_000_000;
    this.bench.openMarket({ batchIntervalMs: 1000 });
    this.people = names.map(person);
    for (const one of this.people) {
      DEMO_ASSETS.forEach(({ decimals }, asset) => {
        this.bench.fund(one, asset, 1_000_000n * 10n ** BigInt(decimals));
      });
    }
    this.holdings = this.#held();
  }

  /** Signs and applies a withdrawal of the first asset. */
  withdraw(owner: Person, units: bigint): void {
    this.#withdrawalNonce += 1n;
    const withdrawal = {
      owner: owner.account,
      to: owner.account,
      shard: WORLD_SHARD,
      assetId: assetId(0),
      units: amount(units),
      orderNonce: this.#withdrawalNonce,
      expiresAtMs: this.bench.timeMs + 3_600_000,
    };
    const digest = this.bench.signing.withdrawalDigest(withdrawal);
    const signature = signDigest(digest, owner.secretKey);
    this.bench.must({ kind: 'requestWithdrawal', withdrawal, signature });
  }

  /** Opens a session for a delegated key. */
  delegate(owner: Person, delegate: Person, lastsMs = 3_600_000): void {
    const { signing, timeMs } = this.bench;
    // Sessions and orders share their nonces: an order that is thrown away gives one.
    const { orderNonce } = this.bench.order(owner).order;
    const grant = {
      owner: owner.account,
      delegate: delegate.account,
      scopes: Scope.read | Scope.trade,
      expiresAtMs: timeMs + lastsMs,
      orderNonce,
    };
    const signature = signDigest(signing.grantDigest(grant), owner.secretKey);
    const entry = { grant, grantId: signing.grantId(grant), signature };
    this.bench.must({ kind: 'openSession', grant: entry });
  }

  /** Clears the open batch with the real solver; a second passes. */
  clear(): BatchTransition {
    const { transition } = this.bench.clear();
    this.bench.timeMs += 1000;
    this.#batches.push(transition);
    return transition;
  }

  /** Takes a batch that was cleared elsewhere. */
  keep(transition: BatchTransition): void {
    this.#batches.push(transition);
  }

  /** Seals what was cleared since the last seal. */
  seal(): SettledEpoch {
    const sealed = this.bench.must({ kind: 'sealEpoch', marketId: 1 });
    invariant(sealed.kind === 'epochSealed', 'an epoch with a batch is sealed');
    const { epochNumber, withdrawals } = sealed.epoch;
    const batches = this.#batches;
    this.#batches = [];
    return { epochNumber, batches, withdrawals };
  }

  /** All that the vaults of people, pool and fees hold now. */
  held(): readonly VaultHolding[] {
    return this.#held();
  }

  #held(): VaultHolding[] {
    const { ledger } = this.bench.machine.state;
    const venue = [systemAccount(SystemRole.pool, 1), systemAccount(SystemRole.fees, 1)];
    return [...this.people.map(({ account }) => account), ...venue].flatMap((owner) =>
      DEMO_ASSETS.map((_, asset) => {
        return { owner, assetId: asset, units: ledger.total(owner, assetId(asset)) };
      }),
    );
  }
}
