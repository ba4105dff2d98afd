import type { TokenBucketOptions } from './gatewayOptions.ts';

/** What a bucket says to a request. */
export interface BucketAnswer {
  readonly allowed: boolean;
  /** Tokens of a full bucket. */
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the bucket is full again, rounded up. */
  readonly resetSeconds: number;
  /** Seconds until the same request would be allowed, rounded up; 0 when it was. */
  readonly retryAfterSeconds: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** How many of the oldest buckets are looked at when there are too many. */
const EVICTION_SCAN = 32;

/**
 * Token buckets by key. One client's demand never shrinks another's bucket, so the service stays
 * fair under load. A full bucket equals an absent one, so full ones are forgotten first.
 */
export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  readonly #keysMax: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: TokenBucketOptions, keysMax: number) {
    this.#options = options;
    this.#keysMax = keysMax;
  }

  /** Keys remembered now. */
  get size(): number {
    return this.#buckets.size;
  }

  /** The quota in words of the RateLimit-Policy header: burst, then the window that refills it. */
  get policy(): string {
    const { burst, ratePerSecond } = this.#options;
    return `${burst};w=${Math.ceil(burst / ratePerSecond)}`;
  }

  /** Takes `count` tokens, or none when there are too few. */
  take(key: string, count: number, nowMs: number): BucketAnswer {
    const { burst, ratePerSecond } = this.#options;
    const bucket = this.#bucket(key, nowMs);
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs * ratePerSecond) / 1000);
    bucket.atMs = Math.max(nowMs, bucket.atMs);
    const allowed = bucket.tokens >= count;
    const missing = allowed ? 0 : count - bucket.tokens;
    if (allowed) bucket.tokens -= count;
    return {
      allowed,
      limit: burst,
      remaining: Math.floor(bucket.tokens),
      resetSeconds: Math.ceil((burst - bucket.tokens) / ratePerSecond),
      retryAfterSeconds: Math.ceil(missing / ratePerSecond),
    };
  }

  #bucket(key: string, nowMs: number): Bucket {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#buckets.size >= this.#keysMax) this.#evict(nowMs);
    const bucket = { tokens: this.#options.burst, atMs: nowMs };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #evict(nowMs: number): void {
    const { burst, ratePerSecond } = this.#options;
    let scanned = 0;
    let evicted = 0;
    for (const [key, bucket] of this.#buckets) {
      scanned += 1;
      if (scanned > EVICTION_SCAN) break;
      const refilled = bucket.tokens + ((nowMs - bucket.atMs) * ratePerSecond) / 1000;
      if (refilled < burst) continue;
      this.#buckets.delete(key);
      evicted += 1;
    }
    const [oldest] = this.#buckets.keys();
    if (evicted === 0 && oldest !== undefined) this.#buckets.delete(oldest);
  }
}

/**
 * The key of a network address: an IPv6 client owns its whole /64. A client that has left already
 * has none; what it sent before still costs somebody.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (!plain.includes(':')) return plain;
  const [head = '', tail = ''] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Math.max(0, 8 - before.length - after.length);
  const groups = plain.includes('::') ? [...before, ...Array(zeros).fill('0'), ...after] : before;
  return `${groups.slice(0, 4).join(':')}::/64`;
}
