/** The whole configuration of a venue, after defaults. What each key means stands in the schema. */
export interface Config {
  readonly venue: VenueConfig;
  readonly dataDir: string;
  readonly http: HttpConfig;
  readonly limits: LimitsConfig;
  readonly journal: JournalConfig;
  readonly storage: { readonly backend: 'lmdb' | 'rocksdb'; readonly reserveBytes: number };
  readonly oracle: OracleConfig;
  readonly market: MarketConfig;
  readonly settlement: SettlementConfig;
  readonly proofs: ProofsConfig;
  readonly demo: DemoConfig;
  readonly operator: OperatorConfig;
  readonly log: { readonly level: LogLevel };
  readonly sessions: { readonly ttlMsMax: number };
}

/** The EIP-712 domain that users sign for. */
export interface VenueConfig {
  readonly chainId: number;
  readonly address: string;
}

/** Where the venue listens. */
export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: {
    readonly certFile?: string | undefined;
    readonly keyFile?: string | undefined;
  };
  readonly trustProxy: boolean;
  readonly insecure: boolean;
  readonly corsOrigins: readonly string[];
  readonly bodyBytesMax: number;
}

/** A bucket that refills at `ratePerSecond` and holds `burst` tokens; a request takes one. */
export interface TokenBucketConfig {
  readonly ratePerSecond: number;
  readonly burst: number;
}

/** What one client may ask of the venue. */
export interface LimitsConfig {
  readonly account: TokenBucketConfig;
  readonly address: TokenBucketConfig;
  readonly batchSubmitMax: number;
  readonly bodyDepthMax: number;
}

/** Bounds of the journal. */
export interface JournalConfig {
  readonly segmentBytes: number;
  readonly queueRecordsMax: number;
  readonly queueBytesMax: number;
  readonly snapshotEveryInputs: number;
}

/** Where mids come from, and when they are refused. */
export interface OracleConfig {
  readonly adapter: 'fixed' | 'csv' | 'http' | 'randomWalk';
  readonly symbols: readonly string[];
  readonly ageMsMax: number;
  readonly jumpPpmMax: number;
  readonly jumpConfirmations: number;
  readonly fixed: FixedOracleConfig;
  readonly csv: CsvOracleConfig;
  readonly http: HttpOracleConfig;
  readonly randomWalk: RandomWalkConfig;
}

/** Mids that never move. */
export interface FixedOracleConfig {
  readonly mids: Readonly<Record<string, string>>;
  readonly intervalMs: number;
}

/** Recorded rates. */
export interface CsvOracleConfig {
  readonly file?: string | undefined;
  readonly intervalMs: number;
  readonly atEnd: 'wrap' | 'stop';
}

/** Rates fetched from several places that must agree. */
export interface HttpOracleConfig {
  readonly pollIntervalMs: number;
  readonly timeoutMs: number;
  readonly deviationPpmMax: number;
  readonly responseBytesMax: number;
  readonly sources: readonly HttpSourceConfig[];
}

/** One place that answers with JSON. */
export interface HttpSourceConfig {
  readonly name: string;
  readonly url: string;
  readonly quotes: 'usdPerUnit' | 'unitsPerUsd';
  readonly mapPath?: string | undefined;
  readonly paths?: Readonly<Record<string, string>> | undefined;
  readonly timePath?: string | undefined;
}

/** Invented rates for demonstrations. */
export interface RandomWalkConfig {
  readonly mids: Readonly<Record<string, string>>;
  readonly dailyVolatilityPpm: Readonly<Record<string, number>>;
  readonly correlationsPpm: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly intervalMs: number;
  readonly reversionPpm: number;
  readonly boundPpm: number;
}

/** What a new batch market starts with. */
export interface MarketConfig {
  readonly batchIntervalMs: number;
  readonly batchesPerEpoch: number;
  readonly epochSealAfterMs: number;
}

/** Where epochs settle. */
export interface SettlementConfig {
  /** `embedded`: a chain of its own; `evm`: the endpoints below; `off`: settles nowhere. */
  readonly mode: 'off' | 'embedded' | 'evm';
  readonly shard: number;
  readonly marketId: number;
  /** Blocks on top of a block until it counts as final. */
  readonly finalityBlocks: number;
  readonly embedded: { readonly blockSeconds: number; readonly port: number };
  readonly evm: {
    readonly rpcUrls: readonly string[];
    readonly deploymentFile?: string | undefined;
    readonly operatorKeyFile?: string | undefined;
  };
  readonly exposure: ExposureConfig;
}

/** How much may be traded ahead of the base layer before the venue pauses. */
export interface ExposureConfig {
  readonly unsettledEpochsMax: number;
  readonly unsettledAgeMsMax: number;
}

/** How epochs are proved. */
export interface ProofsConfig {
  /** Points of a public ceremony; without it the insecure development string. */
  readonly crsPath?: string | undefined;
  /** SHA-256 of the two files of the ceremony, one after the other. */
  readonly crsDigest?: string | undefined;
  readonly workers: number;
  readonly memoryBytes: number;
  readonly timeoutMs: number;
}

/** The demonstration venue. */
export interface DemoConfig {
  readonly enabled: boolean;
  readonly flow: boolean;
  readonly seed: number;
  readonly ordersPerSecond: number;
}

/** How the operator is recognised; at most one of the two is set in the sources. */
export interface OperatorConfig {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
}

/** How much is logged; each level includes those before it. */
export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
