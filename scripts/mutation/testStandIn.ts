/*
 * Stands in for `node:test` while mutants are tried: it gathers tests when their files are imported
 * and runs any of them again and again in one thread, which a test runner of its own does not.
 */

type Body = (context: object, done?: unknown) => unknown;

/** A gathered test with what surrounds it. */
export interface GatheredTest {
  readonly id: string;
  readonly file: string;
  readonly run: () => Promise<void>;
}

interface Suite {
  readonly name: string;
  readonly before: Body[];
  readonly after: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
}

/** Every test gathered so far, in order of declaration. */
export const gathered: GatheredTest[] = [];

let file = '';
let suites: Suite[] = [];

/** Names the file whose tests come next, and forgets the hooks of the one before. */
export function beginFile(name: string): void {
  file = name;
  suites = [suiteNamed('')];
}

/** Declares a test, as `node:test` does; options other than `skip` change nothing here. */
export function test(name: string, ...rest: readonly unknown[]): void {
  const body = rest.find((part) => typeof part === 'function') as Body | undefined;
  const options = rest.find((part) => typeof part === 'object') as { skip?: unknown } | undefined;
  if (body === undefined || (options?.skip !== undefined && options.skip !== false)) return;
  const around = [...suites];
  const names = [...around.map((one) => one.name), name].filter((part) => part !== '');
  const id = [file, ...names].join(' > ');
  gathered.push({ id, file, run: () => runWithHooks(around, body) });
}

export const it: typeof test = test;

/** Declares a suite. */
export function describe(name: string, ...rest: readonly unknown[]): void {
  const body = rest.find((part) => typeof part === 'function') as (() => unknown) | undefined;
  suites = [...suites, suiteNamed(name)];
  body?.();
  suites = suites.slice(0, -1);
}

export const suite: typeof describe = describe;

export function before(body: Body): void {
  suites.at(-1)?.before.push(body);
}

export function after(body: Body): void {
  suites.at(-1)?.after.push(body);
}

export function beforeEach(body: Body): void {
  suites.at(-1)?.beforeEach.push(body);
}

export function afterEach(body: Body): void {
  suites.at(-1)?.afterEach.push(body);
}

/** Hooks of whole suites run around each test, so that any test can run alone. */
async function runWithHooks(around: readonly Suite[], body: Body): Promise<void> {
  const ends: Body[] = [];
  const context = {
    name: '',
    diagnostic: () => undefined,
    after: (end: Body) => ends.push(end),
    skip: () => undefined,
    test: async (_name: string, inner: Body) => await inner(context),
  };
  try {
    for (const { before: first } of around) for (const hook of first) await hook(context);
    for (const { beforeEach: each } of around) for (const hook of each) await hook(context);
    await body(context);
  } finally {
    const each = around.flatMap((one) => one.afterEach);
    const last = around.flatMap((one) => one.after);
    for (const hook of [...ends, ...each, ...last]) await hook(context);
  }
}

function suiteNamed(name: string): Suite {
  return { name, before: [], after: [], beforeEach: [], afterEach: [] };
}
