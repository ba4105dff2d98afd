/** One reading of the venue's metrics, names and labels as Prometheus prints them. */
export interface Metrics {
  /** When it was taken, milliseconds of this machine's clock. */
  readonly atMs: number;
  readonly samples: ReadonlyMap<string, number>;
}

/** Reads the text format of Prometheus; lines that are no sample are passed over. */
export function readMetrics(text: string, atMs: number): Metrics {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line);
    if (match?.[1] !== undefined) samples.set(match[1], Number(match[2]));
  }
  return { atMs, samples };
}

/** Which samples of a reading are meant: a name, and labels that must all be there. */
export interface SampleName {
  readonly name: string;
  readonly labels?: readonly string[];
}

/** The sum over every sample of a name that carries the labels; undefined where there is none. */
export function sumOf({ samples }: Metrics, { name, labels = [] }: SampleName): number | undefined {
  let sum: number | undefined;
  for (const [key, amount] of samples) {
    const isNamed = key === name || key.startsWith(`${name}{`);
    if (isNamed && labels.every((label) => key.includes(label))) sum = (sum ?? 0) + amount;
  }
  return sum;
}

/** How fast a counter grew between two readings, per second; undefined where it is not kept. */
export function rateBetween(
  before: Metrics,
  after: Metrics,
  counted: SampleName,
): number | undefined {
  const [from, to] = [sumOf(before, counted), sumOf(after, counted)];
  const seconds = (after.atMs - before.atMs) / 1000;
  if (from === undefined || to === undefined || seconds <= 0) return undefined;
  // A venue that was started again counts from zero.
  return Math.max(0, to - from) / seconds;
}

/** Mean of a histogram between two readings, in its unit; undefined where nothing was counted. */
export function meanBetween(
  before: Metrics,
  after: Metrics,
  { name, labels }: SampleName,
): number | undefined {
  const grown = (suffix: string): number => {
    const sample = { name: `${name}_${suffix}`, ...(labels === undefined ? {} : { labels }) };
    return (sumOf(after, sample) ?? 0) - (sumOf(before, sample) ?? 0);
  };
  const count = grown('count');
  return count > 0 ? grown('sum') / count : undefined;
}
