import type { VenueService } from '../venueService.ts';
import { AdmissionGate } from './admissionGate.ts';
import type { Caller } from './callers.ts';
import type { GatewayDependencies, GatewayOptions } from './gatewayOptions.ts';
import { SessionKeys } from './sessionKeys.ts';
import type { BucketAnswer } from './tokenBuckets.ts';
import { TokenBuckets } from './tokenBuckets.ts';

/** What every gateway of one venue shares, so that a limit holds over all of them together. */
export interface GatewayCore {
  readonly venue: VenueService;
  readonly options: GatewayOptions;
  readonly dependencies: GatewayDependencies;
  readonly sessions: SessionKeys;
  readonly accountBuckets: TokenBuckets;
  readonly addressBuckets: TokenBuckets;
  readonly gate: AdmissionGate;
}

/** Who asks, from where, and what the limits said. */
export interface Asker {
  readonly caller: Caller;
  readonly addressKey: string;
  readonly traceId: string;
  /** Answers of the buckets that were asked, for the headers. */
  readonly quotas: BucketAnswer[];
}

/** Builds the shared part of the gateways. */
export function createCore(
  venue: VenueService,
  options: GatewayOptions,
  dependencies: GatewayDependencies,
): GatewayCore {
  return {
    venue,
    options,
    dependencies,
    sessions: new SessionKeys(options.sessionKey),
    accountBuckets: new TokenBuckets(options.accountBucket, options.bucketKeysMax),
    addressBuckets: new TokenBuckets(options.addressBucket, options.bucketKeysMax),
    gate: new AdmissionGate(options.writesInFlightMax),
  };
}

/** Whether new writes would be taken now. */
export function isAdmitting({ venue, gate }: GatewayCore): boolean {
  const journal = venue.health().find(({ name }) => name === 'journal');
  return gate.admitting && journal?.state !== 'unready';
}
