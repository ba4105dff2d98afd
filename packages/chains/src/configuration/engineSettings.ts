import type { Address, Hex } from 'viem';
import { z } from 'zod';
import type { EndpointLimits, PresetName } from '../endpoints/presets.ts';
import { ENDPOINT_PRESETS } from '../endpoints/presets.ts';
import { DEFAULT_FEE_POLICY, type FeePolicy } from '../fees/feePolicy.ts';
import type { SimulationMode } from '../gates/createSimulationGate.ts';
import type { SpendPolicy } from '../gates/policyGate.ts';
import { DEFAULT_LANE_SETTINGS, type LaneSettings } from '../lanes/lane.ts';
import type { StoreSetting } from '../stores/openStore.ts';
import { settingsFault } from './settingsFault.ts';

/**
 * Reads the configuration of an engine from parsed JSON or YAML: one chain, its endpoints, signers,
 * store, fees, lanes and policy. What is left out gets its default. Amounts are decimal strings.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID that lists every problem with field, rule, what was found
 *   (URLs and what looks like a key are never shown) and the fix.
 *
 * @example
 * readEngineSettings({
 *   chain: { id: 1, name: 'mainnet' },
 *   endpoints: [{ url: 'https://eth.example/key', preset: 'alchemy' }],
 *   signers: [{ name: 'settler', keyFile: '/etc/lawbook/settler.key' }],
 *   store: { kind: 'lmdb', directory: '/var/lib/lawbook/chain' },
 *   policy: { amountMax: '1000000000000000000' },
 * });
 */
export function readEngineSettings(written: unknown): EngineSettings {
  const parsed = settingsSchema.safeParse(written);
  if (!parsed.success) throw settingsFault(parsed.error.issues, written);
  const { fees, lane, store, ...rest } = parsed.data;
  return {
    ...rest,
    privateRelay: rest.privateRelay,
    store: stated(store) as StoreSetting,
    fees: { ...DEFAULT_FEE_POLICY, ...stated(fees ?? {}) },
    lane: { ...DEFAULT_LANE_SETTINGS, ...stated(lane ?? {}) },
  };
}

/** A configuration that was read; what was left out has its default. */
export interface EngineSettings {
  readonly chain: { readonly id: number; readonly name: string };
  readonly endpoints: readonly EndpointSettings[];
  readonly privateRelay: { readonly name?: string | undefined; readonly url: string } | undefined;
  readonly signers: readonly SignerSettings[];
  readonly store: StoreSetting;
  readonly fees: FeePolicy;
  readonly lane: LaneSettings;
  readonly policy: SpendPolicy;
  readonly simulation: SimulationMode;
}

/** One endpoint. URLs may carry a key of the provider: never show them. */
export interface EndpointSettings {
  /** Names it in logs; the host otherwise. */
  readonly name?: string | undefined;
  readonly url: string;
  readonly webSocketUrl?: string | undefined;
  readonly limits: PresetName | EndpointLimits;
  /** In (0, 1]. */
  readonly weight: number;
}

/** One signer: a key file, or the name of an environment variable. */
export interface SignerSettings {
  readonly name: string;
  readonly keyFile?: string | undefined;
  readonly environment?: string | undefined;
  /** Wei without which the start is refused. */
  readonly leastBalance?: bigint | undefined;
}

/** Counts and milliseconds; every one has a bound of its own below 2^53. */
function whole(least: number, most: number): z.ZodNumber {
  return z.number().int().min(least).max(most);
}

const TEXT = z.string().min(1).max(1_000);
const NAME = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const AMOUNT = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,77})$/)
  .transform(BigInt);
const ADDRESS = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase() as Address);
const SELECTOR = z
  .string()
  .regex(/^0x[0-9a-fA-F]{8}$/)
  .transform((text) => text.toLowerCase() as Hex);
const DURATION_MS = whole(1, 366 * 86_400_000);

const HTTP_URL = TEXT.refine((text) => hasScheme(text, ['http:', 'https:']));
const WEB_SOCKET_URL = TEXT.refine((text) => hasScheme(text, ['ws:', 'wss:']));
const PRESETS = Object.keys(ENDPOINT_PRESETS) as (keyof typeof ENDPOINT_PRESETS)[];

const LIMITS = z
  .strictObject({
    unitsPerSecond: z.number().positive().max(1_000_000),
    burst: z.number().positive().max(1_000_000),
    reserve: z.number().min(0).max(1_000_000),
    concurrency: whole(1, 1_000),
    queueMax: whole(1, 100_000).default(1_000),
    units: z.record(z.string(), z.number().min(0).max(1_000_000)).default({}),
    defaultUnits: z.number().positive().max(1_000_000).default(1),
  })
  .refine(({ burst, reserve }) => reserve < burst, { path: ['reserve'] });

const ENDPOINT = z
  .strictObject({
    name: NAME.optional(),
    url: HTTP_URL,
    webSocketUrl: WEB_SOCKET_URL.optional(),
    preset: z.enum(PRESETS).optional(),
    limits: LIMITS.optional(),
    weight: z.number().positive().max(1).default(1),
  })
  .refine(({ preset, limits }) => (preset === undefined) !== (limits === undefined), {
    path: ['preset'],
  })
  .transform(({ preset, limits, ...rest }) => {
    // One of the two is there, as the rule above says.
    return { ...rest, limits: limits ?? preset ?? 'public' };
  });

const SIGNER = z
  .strictObject({
    name: NAME,
    keyFile: TEXT.optional(),
    environment: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
      .optional(),
    leastBalance: AMOUNT.optional(),
  })
  .refine(({ keyFile, environment }) => (keyFile === undefined) !== (environment === undefined), {
    path: ['keyFile'],
  });

const SERVER = { url: TEXT, timeoutMs: whole(1, 600_000).optional() };
const ALLOW_VOLATILE = z.boolean().optional();
const STORE = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('memory') }),
  z.strictObject({
    kind: z.literal('lmdb'),
    directory: TEXT,
    reserveBytes: whole(0, Number.MAX_SAFE_INTEGER).optional(),
  }),
  z.strictObject({
    kind: z.literal('redis'),
    ...SERVER,
    url: TEXT.refine((text) => hasScheme(text, ['redis:', 'rediss:'])),
    prefix: TEXT.optional(),
    allowVolatile: ALLOW_VOLATILE,
  }),
  z.strictObject({
    kind: z.literal('postgres'),
    ...SERVER,
    url: TEXT.refine((text) => hasScheme(text, ['postgres:', 'postgresql:'])),
    schema: TEXT.optional(),
    allowVolatile: ALLOW_VOLATILE,
  }),
]);

const PERCENT_PAIR = z.strictObject({ patient: whole(0, 100), urgent: whole(0, 100) });
const HEADROOM_PAIR = z.strictObject({ patient: whole(100, 10_000), urgent: whole(100, 10_000) });
const FEES = z
  .strictObject({
    tipPercentile: PERCENT_PAIR,
    baseFeeHeadroom: HEADROOM_PAIR,
    bump: whole(110, 1_000),
    attemptsMax: whole(1, 100),
    leastTip: AMOUNT,
  })
  .partial();

const LANE = z
  .strictObject({
    inFlightMax: whole(1, 1_000),
    openMax: whole(1, 1_000_000),
    leaseMs: whole(1_000, 3_600_000),
    beatMs: whole(10, 60_000),
    stallMs: z.strictObject({ patient: DURATION_MS, urgent: DURATION_MS }),
    broadcastTo: whole(1, 16),
    quorum: whole(1, 16),
    approvalDriftPpm: whole(0, 1_000_000),
    approvalMs: DURATION_MS,
  })
  .partial();

const BUDGET = z.strictObject({
  principal: z.string().min(1).max(128),
  asset: z.union([z.literal('native'), ADDRESS]),
  amount: AMOUNT,
  windowMs: DURATION_MS,
});
const POLICY = z
  .strictObject({
    targets: z
      .array(z.strictObject({ to: ADDRESS, selectors: z.array(SELECTOR).max(256).optional() }))
      .max(1_000)
      .optional(),
    amountMax: AMOUNT.optional(),
    approvalFrom: AMOUNT.optional(),
    allowanceMax: AMOUNT.optional(),
    budgets: z.array(BUDGET).max(1_000).default([]),
  })
  .transform(toSpendPolicy);

const settingsSchema = z.strictObject({
  chain: z.strictObject({ id: whole(1, Number.MAX_SAFE_INTEGER), name: NAME }),
  endpoints: z.array(ENDPOINT).min(1).max(16),
  privateRelay: z.strictObject({ name: NAME.optional(), url: HTTP_URL }).optional(),
  signers: z
    .array(SIGNER)
    .min(1)
    .max(64)
    .refine((signers) => new Set(signers.map(({ name }) => name)).size === signers.length),
  store: STORE,
  fees: FEES.optional(),
  lane: LANE.optional(),
  /** Stated even where it permits everything (`{}`): nobody forgets it by accident. */
  policy: POLICY,
  simulation: z.enum(['strict', 'estimateOnly']).default('strict'),
});

function toSpendPolicy(written: {
  readonly targets?:
    | readonly { readonly to: Address; readonly selectors?: Hex[] | undefined }[]
    | undefined;
  readonly amountMax?: bigint | undefined;
  readonly approvalFrom?: bigint | undefined;
  readonly allowanceMax?: bigint | undefined;
  readonly budgets: SpendPolicy['budgets'];
}): SpendPolicy {
  return {
    targets: written.targets?.map(({ to, selectors }) => ({ to, selectors })),
    amountMax: written.amountMax,
    approvalFrom: written.approvalFrom,
    allowanceMax: written.allowanceMax,
    budgets: written.budgets,
  };
}

/** Members that are there: an absent one must not cover its default. */
function stated<Shape extends object>(written: Shape): Present<Shape> {
  const entries = Object.entries(written).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries) as Present<Shape>;
}

type Present<Shape> = { [Key in keyof Shape]?: Exclude<Shape[Key], undefined> };

function hasScheme(text: string, schemes: readonly string[]): boolean {
  const url = URL.parse(text);
  return url !== null && schemes.includes(url.protocol) && url.hostname !== '';
}
