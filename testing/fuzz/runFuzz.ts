import { SeededRandom } from '../world/seededRandom.ts';
import type { Examined, FuzzTarget } from './fuzzTarget.ts';
import { INPUT_BYTES_MAX, mutateBytes, pick } from './mutateBytes.ts';
import { DEEP_JSON, mutateJson, mutateText } from './mutateText.ts';

/** An input that broke a property of its decoder. */
export interface Finding {
  readonly target: string;
  readonly property: 'crash' | 'canonical' | 'valid' | 'time' | 'memory';
  readonly bytes: Uint8Array;
  /** What happened, for people. */
  readonly detail: string;
}

/** What a decoder was put through. */
export interface FuzzCounts {
  readonly target: string;
  inputs: number;
  decoded: number;
  refused: number;
  /** Ways in which it refused, by its own words with the figures left out. */
  readonly reasons: Map<string, number>;
  readonly findings: Finding[];
}

/** Processor time that one input may take: at most 256 KiB, which takes milliseconds. */
export const INPUT_MS_MAX = 2_000;
/** Largest growth of the whole program over one input, in bytes: a hostile length allocates it. */
export const INPUT_GROWTH_MAX: number = 192 * 1024 * 1024;
/** Inputs that are kept to mutate further, beside the examples. */
const POOL_MAX = 200;
/** A target with this many findings is left alone. */
const FINDINGS_MAX = 5;

/** A run over one decoder that can be gone on with in slices. */
export class FuzzRun {
  readonly counts: FuzzCounts;
  readonly #target: FuzzTarget;
  readonly #random: SeededRandom;
  readonly #pool: Uint8Array[] = [];
  #started = false;

  constructor(target: FuzzTarget, seed: number) {
    this.#target = target;
    this.#random = new SeededRandom(seedOf(target.name, seed));
    this.counts = {
      target: target.name,
      inputs: 0,
      decoded: 0,
      refused: 0,
      reasons: new Map(),
      findings: [],
    };
  }

  /** Whether it found so much that going on tells nothing new. */
  get isBroken(): boolean {
    return this.counts.findings.length >= FINDINGS_MAX;
  }

  /** Examples, and inputs that were refused in a new way, in the order in which they were met. */
  get pool(): readonly Uint8Array[] {
    return this.#pool;
  }

  /** Tries every example, and inputs that are given, such as those of a corpus. */
  async begin(given: readonly Uint8Array[] = []): Promise<void> {
    this.#started = true;
    await this.#target.open?.();
    for (const example of this.#target.examples()) {
      const examined = await this.#try(example);
      const mayRefuse = this.#target.mayRefuse === true;
      if (!mayRefuse && examined?.kind === 'refused') {
        this.#report('valid', example, `a valid example is refused: ${examined.reason}`);
      }
      this.#pool.push(example);
    }
    const isJson = this.#target.form === 'json';
    for (const bytes of isJson ? DEEP_JSON : []) await this.#try(bytes);
    for (const bytes of given) {
      await this.#try(bytes);
      this.#pool.push(bytes);
    }
  }

  /** Tries mutated inputs until a number of them or a deadline of `now()` is reached. */
  async go(limit: { readonly inputs: number; readonly untilMs: number }): Promise<void> {
    if (!this.#started) await this.begin();
    for (let k = 0; k < limit.inputs && !this.isBroken; k += 1) {
      if (k % 8 === 0 && performance.now() >= limit.untilMs) break;
      const before = this.counts.reasons.size;
      const input = this.#mutate().subarray(0, INPUT_BYTES_MAX);
      await this.#try(input);
      // An input that was refused in a new way leads to further branches.
      if (this.counts.reasons.size > before && this.#pool.length < POOL_MAX) {
        this.#pool.push(input);
      }
    }
  }

  #mutate(): Uint8Array {
    const base = pick(this.#pool, this.#random);
    switch (this.#target.form) {
      case 'bytes':
        return mutateBytes(base, this.#random, this.#pool);
      case 'json':
        return mutateJson(base, this.#random, this.#pool);
      default:
        return mutateText(base, this.#random, this.#pool);
    }
  }

  async #try(raw: Uint8Array): Promise<Examined | undefined> {
    const { counts } = this;
    const bytes = this.#target.mend?.(raw) ?? raw;
    counts.inputs += 1;
    const startedMs = cpuMs();
    const startedKiB = process.resourceUsage().maxRSS;
    let examined: Examined;
    try {
      examined = await inTime(this.#target.examine(bytes.slice()));
    } catch (cause) {
      this.#report('crash', bytes, cause instanceof Error ? (cause.stack ?? '') : String(cause));
      return undefined;
    }
    const tookMs = cpuMs() - startedMs;
    const grown = (process.resourceUsage().maxRSS - startedKiB) * 1024;
    if (tookMs > INPUT_MS_MAX) this.#report('time', bytes, `${Math.round(tookMs)} ms`);
    if (grown > INPUT_GROWTH_MAX) this.#report('memory', bytes, `${grown} bytes`);
    this.#count(examined, bytes);
    return examined;
  }

  #count(examined: Examined, bytes: Uint8Array): void {
    const { counts } = this;
    if (examined.kind === 'refused') {
      counts.refused += 1;
      counts.reasons.set(examined.reason, (counts.reasons.get(examined.reason) ?? 0) + 1);
      return;
    }
    counts.decoded += 1;
    const { again } = examined;
    if (again === undefined || Buffer.compare(again, bytes) === 0) return;
    const place = bytes.findIndex((byte, k) => byte !== again[k]);
    const from = Math.max(0, place === -1 ? bytes.length : place);
    const stretch = Buffer.from(again.subarray(from, from + 40)).toString('hex');
    this.#report(
      'canonical',
      bytes,
      `${bytes.length} bytes read back as ${again.length}, from byte ${from} on ${stretch}`,
    );
  }

  #report(property: Finding['property'], bytes: Uint8Array, detail: string): void {
    const { name } = this.#target;
    this.counts.findings.push({ target: name, property, bytes: bytes.slice(), detail });
  }
}

/** An answer that never comes takes no processor: this is how long it is waited for. */
const HANG_MS = 60_000;

async function inTime(examined: Examined | Promise<Examined>): Promise<Examined> {
  if (!(examined instanceof Promise)) return examined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${HANG_MS} ms`)), HANG_MS);
  });
  return await Promise.race([examined, late]).finally(() => clearTimeout(timer));
}

/** A busy machine takes longer, and no more of the processor. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Each decoder draws its own numbers, so that adding one leaves the others as they were. */
function seedOf(name: string, seed: number): number {
  let mixed = seed >>> 0;
  for (const letter of name) {
    mixed = (Math.imul(mixed ^ (letter.codePointAt(0) ?? 0), 0x01000193) + 0x9e37) >>> 0;
  }
  return mixed;
}

/** What is not cut down by then is short enough, or too slow to try. */
const SHRINK_MS_MAX = 4_000;

/** Cuts an input that broke a property to a shorter one that breaks the same. */
export async function shrink(target: FuzzTarget, finding: Finding): Promise<Uint8Array> {
  const breaks = async (bytes: Uint8Array): Promise<boolean> => {
    const run = new FuzzRun({ ...target, examples: () => [] }, 0);
    await run.begin([bytes]);
    return run.counts.findings.some(({ property }) => property === finding.property);
  };
  let best = finding.bytes;
  const untilMs = performance.now() + SHRINK_MS_MAX;
  for (let width = best.length >> 1; width >= 1; width >>= 1) {
    for (let from = 0; from + width <= best.length; ) {
      if (performance.now() > untilMs) return best;
      const shorter = Buffer.concat([best.subarray(0, from), best.subarray(from + width)]);
      if (await breaks(shorter)) best = new Uint8Array(shorter);
      else from += width;
    }
  }
  return best;
}
