/** A page of a list that is ordered from new to old. */
export interface Page {
  readonly limit: number;
  /** Only entries before this number or sequence. */
  readonly before?: number;
}
