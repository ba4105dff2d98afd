/** One test, or one with a share of the runs of its properties. */
export interface Trial {
  readonly id: string;
  readonly share: number;
}

/** The share of its runs with which a costly property is tried first. */
export const FEW = 0.1;

/** How often the code of each mutant ran. */
export type Hits = Readonly<Record<string, number>>;

/** One test without any mutant. */
export interface DryRow {
  readonly id: string;
  readonly file: string;
  /** Processor time. */
  readonly ms: number;
  readonly passed: boolean;
  /** Whether it passes with few of its runs as well, and is worth trying so. */
  readonly passesFew: boolean;
  readonly hits: Hits;
}
