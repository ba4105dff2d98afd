import type { Hash } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { FIELD_MODULUS } from '@lawbook/proofs/statements/fieldElement';
import type { AgreedCircuit } from '../domainAgreement.ts';
import type { ActContext } from './act.ts';
import { revert } from './refusedAct.ts';
import type { TokenBook } from './tokenBook.ts';
import { UndoCell, type UndoLog, UndoMap } from './undoLog.ts';

/** Periods and fee of a registry; they never change. Blocks, and units of the chain's own coin. */
export interface AgreementTerms {
  readonly baseEpochBlocks: bigint;
  readonly exitBlocks: bigint;
  readonly agreementFee: bigint;
}

/** A registered agreement. */
export interface AgreementEntry {
  readonly operator: AccountId;
  readonly activeFrom: bigint;
  readonly verifyingKeyHash: Hash;
  readonly circuits: readonly AgreedCircuit[];
}

/** An asset of a shard; `unit` is how many token units one ledger unit is. */
export interface ListedAsset {
  readonly token: AccountId;
  readonly unit: bigint;
}

/** A market: its assets by column, and where it stood before the first list that settles. */
export interface ListedMarket {
  readonly shard: number;
  readonly columns: readonly number[];
  readonly epochNumber: bigint;
  readonly batchNumber: bigint;
}

/** What a settlement has to know. */
export interface SettleTerms {
  readonly operator: AccountId;
  readonly circuit: AgreedCircuit;
  readonly market: ListedMarket;
}

/** The present agreement of a shard and the one that follows; zero for none. */
interface ShardEntry {
  readonly current: bigint;
  readonly next: bigint;
}

const ASSET_COUNT_MAX = 64;
const LEDGER_DECIMALS_MAX = 9;
const UNIT_DECIMALS_MAX = 18;
const COLUMNS_MAX = 30;
const CIRCUITS_MAX = 16;
const NOBODY = `0x${'00'.repeat(20)}` as AccountId;

/**
 * Who operates a shard, by which laws, with which assets and markets: contracts/src's
 * AgreementRegistry, rule by rule and in its order.
 */
export class AgreementBook {
  readonly terms: AgreementTerms;
  readonly genesisBlock: bigint;
  readonly #tokens: TokenBook;
  readonly #agreements: UndoMap<bigint, AgreementEntry>;
  readonly #count: UndoCell<bigint>;
  readonly #shards: UndoMap<number, ShardEntry>;
  readonly #assets: UndoMap<number, readonly ListedAsset[]>;
  readonly #markets: UndoMap<number, ListedMarket>;
  /** First base epoch in which a parameter set holds, by market and commitment. */
  readonly #parameters: UndoMap<string, bigint>;
  /** First base epoch in which any parameter set of a market holds. */
  readonly #parametersFrom: UndoMap<number, bigint>;

  /** @throws RefusedAct ConstructionIsMalformed. */
  constructor(
    terms: AgreementTerms & { readonly genesisBlock: bigint },
    { log, tokens }: { readonly log: UndoLog; readonly tokens: TokenBook },
  ) {
    if (terms.baseEpochBlocks <= 0n || terms.exitBlocks <= 0n) revert('ConstructionIsMalformed');
    this.terms = terms;
    this.genesisBlock = terms.genesisBlock;
    this.#tokens = tokens;
    this.#agreements = new UndoMap(log);
    this.#count = new UndoCell(log, 0n);
    this.#shards = new UndoMap(log);
    this.#assets = new UndoMap(log);
    this.#markets = new UndoMap(log);
    this.#parameters = new UndoMap(log);
    this.#parametersFrom = new UndoMap(log);
  }

  /** Number of the chain's period that a block lies in. */
  baseEpoch(blockNumber: bigint): bigint {
    return (blockNumber - this.genesisBlock) / this.terms.baseEpochBlocks;
  }

  /** @throws RefusedAct AgreementIsNotActive. */
  activeAgreement(shard: number, blockNumber: bigint): bigint {
    const { current, next } = this.#shard(shard);
    const agreementId = this.#isActive(next, blockNumber) ? next : current;
    if (!this.#isActive(agreementId, blockNumber)) revert('AgreementIsNotActive', shard);
    return agreementId;
  }

  /** The agreement that holds, or the first one while it waits, and the one that follows it. */
  shardAgreements(
    shard: number,
    blockNumber: bigint,
  ): { readonly agreementId: bigint; readonly next: bigint | undefined } | undefined {
    const { current, next } = this.#shard(shard);
    if (next === 0n) return undefined;
    if (current === 0n || this.#isActive(next, blockNumber)) {
      return { agreementId: next, next: undefined };
    }
    return { agreementId: current, next };
  }

  agreement(agreementId: bigint): AgreementEntry | undefined {
    return this.#agreements.get(agreementId);
  }

  market(marketId: number): ListedMarket | undefined {
    return this.#markets.get(marketId);
  }

  /** @throws RefusedAct AssetUnknown. */
  assetOf(shard: number, assetId: number): ListedAsset {
    return this.#assets.get(shard)?.[assetId] ?? revert('AssetUnknown', assetId);
  }

  /** The assets of a shard by id. */
  assets(shard: number): readonly ListedAsset[] {
    return this.#assets.get(shard) ?? [];
  }

  /** @throws RefusedAct AgreementIsNotActive, CircuitUnknown, MarketOfAnotherShard. */
  settleTerms(
    place: { readonly shard: number; readonly marketId: number; readonly circuit: number },
    blockNumber: bigint,
  ): SettleTerms {
    const { shard, marketId } = place;
    const entry = this.#agreements.get(this.activeAgreement(shard, blockNumber));
    const circuit = entry?.circuits[place.circuit];
    if (entry === undefined || circuit === undefined) revert('CircuitUnknown', place.circuit);
    const market = this.#markets.get(marketId);
    if (market === undefined || market.shard !== shard) {
      revert('MarketOfAnotherShard', marketId, shard);
    }
    return { operator: entry.operator, circuit, market };
  }

  /** Whether a parameter set holds. */
  areActive(marketId: number, commitment: bigint, blockNumber: bigint): boolean {
    const from = this.#parameters.get(`${marketId}/${commitment}`);
    return from !== undefined && from <= this.baseEpoch(blockNumber);
  }

  /** The operator of the agreement that holds, or of the first one while it waits. */
  operatorOf(shard: number, blockNumber: bigint): AccountId {
    const known = this.shardAgreements(shard, blockNumber);
    if (known === undefined) return NOBODY;
    return this.#agreements.get(known.agreementId)?.operator ?? NOBODY;
  }

  /**
   * Registers the agreement of a new shard, or the one that follows the present one.
   * @throws RefusedAct ShardIsZero, OperatorIsZero, FeeIsNotExact, CircuitIsMalformed,
   *   VerifierHasNoCode, CallerIsNotOperator.
   */
  registerAgreement(
    context: ActContext,
    wish: {
      readonly shard: number;
      readonly operator: AccountId;
      readonly verifyingKeyHash: Hash;
      readonly circuits: readonly AgreedCircuit[];
      /** What comes with the act, units of the chain's own coin. */
      readonly paid: bigint;
    },
  ): bigint {
    const { shard, operator, verifyingKeyHash, circuits, paid } = wish;
    const { agreementFee, exitBlocks, baseEpochBlocks } = this.terms;
    const { blockNumber } = context;
    if (shard === 0) revert('ShardIsZero');
    if (operator === NOBODY) revert('OperatorIsZero');
    if (paid !== agreementFee) revert('FeeIsNotExact', agreementFee, paid);
    this.#checkCircuits(circuits);
    const before = this.#shard(shard);
    if (before.next !== 0n) this.#onlyOperator(context, shard);
    const current = this.#isActive(before.next, blockNumber) ? before.next : before.current;
    const agreementId = this.#count.get() + 1n;
    this.#count.set(agreementId);
    this.#shards.set(shard, { current, next: agreementId });
    const notice = current === 0n ? 0n : 2n * exitBlocks;
    const activeFrom = (blockNumber + notice - this.genesisBlock) / baseEpochBlocks + 1n;
    this.#agreements.set(agreementId, { operator, activeFrom, verifyingKeyHash, circuits });
    return agreementId;
  }

  /**
   * Lists the next asset of a shard.
   * @throws RefusedAct CallerIsNotOperator, TokenIsUnusable, AssetUnknown.
   */
  listAsset(
    context: ActContext,
    wish: { readonly shard: number; readonly token: AccountId; readonly ledgerDecimals: number },
  ): number {
    const { shard, token, ledgerDecimals } = wish;
    this.#onlyOperator(context, shard);
    const decimals = this.#tokens.decimals(token);
    if (decimals === undefined) revert('TokenIsUnusable', token);
    const spare = decimals - ledgerDecimals;
    const fits = ledgerDecimals <= LEDGER_DECIMALS_MAX && spare >= 0 && spare <= UNIT_DECIMALS_MAX;
    if (!fits) revert('TokenIsUnusable', token);
    const listed = this.assets(shard);
    if (listed.length >= ASSET_COUNT_MAX) revert('AssetUnknown', listed.length);
    this.#assets.set(shard, [...listed, { token, unit: 10n ** BigInt(spare) }]);
    return listed.length;
  }

  /**
   * Registers a market: its assets by column, and the last epoch and batch before the first list.
   * @throws RefusedAct CallerIsNotOperator, MarketIsRegistered, MarketIsMalformed, AssetUnknown.
   */
  registerMarket(context: ActContext, wish: ListedMarket & { readonly marketId: number }): void {
    const { shard, marketId, columns, epochNumber, batchNumber } = wish;
    this.#onlyOperator(context, shard);
    if (this.#markets.get(marketId) !== undefined) revert('MarketIsRegistered', marketId);
    if (columns.length < 2 || columns.length > COLUMNS_MAX) revert('MarketIsMalformed', marketId);
    columns.forEach((assetId, column) => {
      this.assetOf(shard, assetId);
      if (columns.indexOf(assetId) < column) revert('MarketIsMalformed', marketId);
    });
    this.#markets.set(marketId, { shard, columns: [...columns], epochNumber, batchNumber });
  }

  /**
   * Registers a parameter set by the commitment that the circuit opens. It holds from the next base
   * epoch on while the market does not trade, and later after twice the time of an exit.
   * @throws RefusedAct MarketOfAnotherShard, CallerIsNotOperator, CircuitIsMalformed,
   *   ParametersAreRegistered.
   */
  registerParameters(
    context: ActContext,
    wish: { readonly marketId: number; readonly commitment: bigint },
  ): void {
    const { marketId, commitment } = wish;
    const market = this.#markets.get(marketId);
    if (market === undefined) revert('MarketOfAnotherShard', marketId, 0);
    this.#onlyOperator(context, market.shard);
    if (commitment >= FIELD_MODULUS) revert('CircuitIsMalformed', commitment);
    const key = `${marketId}/${commitment}`;
    if (this.#parameters.get(key) !== undefined) {
      revert('ParametersAreRegistered', marketId, commitment);
    }
    const { blockNumber } = context;
    const { exitBlocks } = this.terms;
    const first = this.#parametersFrom.get(marketId);
    const trades = first !== undefined && first <= this.baseEpoch(blockNumber);
    const activeFrom = this.baseEpoch(blockNumber + (trades ? 2n * exitBlocks : 0n)) + 1n;
    if (first === undefined) this.#parametersFrom.set(marketId, activeFrom);
    this.#parameters.set(key, activeFrom);
  }

  #shard(shard: number): ShardEntry {
    return this.#shards.get(shard) ?? { current: 0n, next: 0n };
  }

  #isActive(agreementId: bigint, blockNumber: bigint): boolean {
    const entry = this.#agreements.get(agreementId);
    return entry !== undefined && entry.activeFrom <= this.baseEpoch(blockNumber);
  }

  #onlyOperator({ sender, blockNumber }: ActContext, shard: number): void {
    if (sender !== this.operatorOf(shard, blockNumber)) {
      revert('CallerIsNotOperator', shard, sender);
    }
  }

  #checkCircuits(circuits: readonly AgreedCircuit[]): void {
    if (circuits.length === 0 || circuits.length > CIRCUITS_MAX) {
      revert('CircuitIsMalformed', circuits.length);
    }
    for (let k = 0; k < circuits.length; k += 1) {
      const { verifier, batches, orders, vaults, assetWords } = at(circuits, k);
      // A verifier stands behind every name but the empty one.
      if (verifier === '') revert('VerifierHasNoCode', verifier);
      const words = assetWords > 0 && assetWords * 3 <= COLUMNS_MAX;
      if (batches <= 0 || orders <= 0 || vaults <= 2 || !words) revert('CircuitIsMalformed', k);
    }
  }
}
