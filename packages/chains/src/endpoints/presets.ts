/** What an endpoint lets us do, in the unit that its provider counts in. */
export interface EndpointLimits {
  /** Units per second that are refilled. */
  readonly unitsPerSecond: number;
  /** Units that may be spent at once. */
  readonly burst: number;
  /**
   * Units of the burst that ordinary reads leave to broadcasts and to reads of high priority. Those
   * leave half of it to broadcasts.
   */
  readonly reserve: number;
  /**
   * Requests in flight at once. Where there are several, reads leave one for broadcasts; from five
   * on, ordinary reads leave another one for reads of high priority.
   */
  readonly concurrency: number;
  /** Calls of one rank that may wait; beyond it an endpoint counts as busy for that rank. */
  readonly queueMax: number;
  /** Units per method; `defaultUnits` for the others. */
  readonly units: Readonly<Record<string, number>>;
  readonly defaultUnits: number;
}

/** Names of the presets. */
export type PresetName =
  | 'alchemy'
  | 'alchemyComputeUnits'
  | 'infura'
  | 'quicknode'
  | 'public'
  | 'local';

/** Units that a call takes. */
export function unitsOf(limits: EndpointLimits, method: string): number {
  return limits.units[method] ?? limits.defaultUnits;
}

/**
 * Throughput compute units of Alchemy, which is what its limits count; broadcasts cost more there
 * than on the bill.
 * @see https://www.alchemy.com/docs/reference/compute-unit-costs
 */
export const ALCHEMY_COMPUTE_UNITS: Readonly<Record<string, number>> = {
  net_version: 0,
  eth_chainId: 0,
  eth_syncing: 0,
  eth_blockNumber: 10,
  eth_subscribe: 10,
  eth_unsubscribe: 10,
  eth_feeHistory: 10,
  eth_maxPriorityFeePerGas: 10,
  eth_createAccessList: 10,
  eth_call: 26,
  eth_simulateV1: 40,
  eth_getLogs: 60,
  debug_traceCall: 309,
  debug_traceTransaction: 309,
  eth_sendRawTransaction: 250,
  eth_getBlockReceipts: 500,
};

/** Requests are the unit; the reserve is a tenth of the burst. */
function requests(unitsPerSecond: number, concurrency: number, burst: number): EndpointLimits {
  const reserve = Math.max(1, Math.floor(burst / 10));
  const rest = { queueMax: 1_000, units: {}, defaultUnits: 1 };
  return { unitsPerSecond, burst, reserve, concurrency, ...rest };
}

/** Limits of the usual plans. Those who pay for more write their own. */
export const ENDPOINT_PRESETS: Readonly<Record<PresetName, EndpointLimits>> = {
  alchemy: requests(25, 10, 100),
  /**
   * 500 units per second. The reserve carries one broadcast and, besides, 100 units of reads that
   * it needs; those alone leave 175, so that a broadcast waits for 150 ms at most on their account.
   */
  alchemyComputeUnits: {
    unitsPerSecond: 500,
    burst: 500,
    reserve: 350,
    concurrency: 10,
    queueMax: 1_000,
    units: ALCHEMY_COMPUTE_UNITS,
    defaultUnits: 20,
  },
  infura: requests(10, 5, 50),
  quicknode: requests(15, 8, 60),
  public: requests(5, 3, 10),
  /** A node of one's own: bounded, but not felt. */
  local: requests(2_000, 64, 2_000),
};
