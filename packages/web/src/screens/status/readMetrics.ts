/** One reading of the venue's metrics, names and labels as Prometheus prints them. */
export type Metrics = ReadonlyMap<string, number>;

/** Reads the text format of Prometheus; lines that are no sample are passed over. */
export function readMetrics(text: string): Metrics {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)$/.exec(line);
    if (match?.[1] !== undefined) samples.set(match[1], Number(match[2]));
  }
  return samples;
}

/** Mean of a histogram between two readings, in its unit; undefined where nothing was counted. */
export function meanBetween(
  before: Metrics,
  after: Metrics,
  { name, labels = '' }: { readonly name: string; readonly labels?: string },
): number | undefined {
  const grown = (suffix: string): number => {
    const key = `${name}_${suffix}${labels}`;
    return (after.get(key) ?? 0) - (before.get(key) ?? 0);
  };
  const count = grown('count');
  return count > 0 ? grown('sum') / count : undefined;
}
