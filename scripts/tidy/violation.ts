/** A broken rule at a place. */
export interface Violation {
  readonly path: string;
  /** 0 where the whole file or tree is meant. */
  readonly line: number;
  readonly rule: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** Tests and their fixtures may do what product code may not: real clocks, planted faults. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.includes('/fixtures/');
}

/** Code that ships: everything in the packages but their tests and benchmarks. */
export function isProduct(path: string): boolean {
  return path.startsWith('packages/') && !isTest(path) && !path.endsWith('.bench.ts');
}
