// Goal: the style rules hold in this repository, and each rule bites.
// Method: every rule first catches a planted fault and lets its lawful neighbour pass; only then
// does silence over the real tree count.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import type { PackageFacts } from './tidy/importRules.ts';
import { readSource } from './tidy/sourceFile.ts';
import { checkTree, formatViolation, readPackageFacts, readTree } from './tidy.ts';

const EXCHANGE = 'packages/exchange/src';
const FACTS: PackageFacts = {
  dependencies: new Map([
    ['packages/exchange', new Set(['@noble/hashes'])],
    ['packages/executor', new Set(['@lawbook/exchange', 'pino'])],
  ]),
  rootDependencies: new Set(['fast-check']),
  entries: new Set(),
};

/** The rules that a tree of planted sources breaks, as `path rule`; dead files are left out. */
function broken(sources: Readonly<Record<string, string>>): string[] {
  const files = Object.entries(sources).map(([path, text]) => readSource(path, text));
  return checkTree(files, FACTS)
    .filter(({ rule }) => rule !== 'dead-file')
    .map(({ path, rule }) => `${path.split('/').at(-1)} ${rule}`);
}

/** The same for one file of the executor, where any name and any global may appear. */
const brokenIn = (text: string, path = 'packages/executor/src/a.ts'): string[] =>
  broken({ [path]: text }).map((line) => line.split(' ')[1] as string);

describe('imports', () => {
  test('an import against the direction is refused, with the edge and the reason', () => {
    const files = [
      readSource(`${EXCHANGE}/numbers/a.ts`, "import { b } from '../ledger/b.ts';"),
      readSource(`${EXCHANGE}/ledger/b.ts`, "import { c } from '../numbers/c.ts';"),
      readSource(`${EXCHANGE}/numbers/c.ts`, ''),
    ];
    const found = checkTree(files, FACTS).filter(({ rule }) => rule === 'import-direction');
    assert.deepEqual(found.map(formatViolation), [
      `${EXCHANGE}/numbers/a.ts:1  import-direction: ${EXCHANGE}/numbers/a.ts -> ` +
        `${EXCHANGE}/ledger/b.ts, because numbers know only failures`,
    ]);
  });

  test('markets never import one another', () => {
    const sources = {
      [`${EXCHANGE}/markets/book/a.ts`]: "import { b } from '../batch/b.ts';",
      [`${EXCHANGE}/markets/batch/b.ts`]: '',
    };
    assert.deepEqual(broken(sources), ['a.ts import-direction']);
  });

  test('laws read types of the transition and call nothing of the market', () => {
    const sources = {
      [`${EXCHANGE}/transition.ts`]: '',
      [`${EXCHANGE}/markets/batch/b.ts`]: '',
      [`${EXCHANGE}/laws/lawful.ts`]: "import type { T } from '../transition.ts';",
      [`${EXCHANGE}/laws/calls.ts`]: "import { t } from '../transition.ts';",
      [`${EXCHANGE}/laws/market.ts`]: "import type { B } from '../markets/batch/b.ts';",
    };
    assert.deepEqual(broken(sources), ['calls.ts import-direction', 'market.ts import-direction']);
  });

  test('only the start and replay commands reach the executor, by its one entry', () => {
    const start = "import { start } from '@lawbook/executor/main';";
    const sources = {
      'packages/executor/src/main.ts': '',
      'packages/executor/src/pipeline.ts': '',
      'packages/cli/src/start.ts': start,
      'packages/cli/src/status.ts': start,
      'packages/cli/src/replay.ts': "import { p } from '@lawbook/executor/pipeline';",
    };
    assert.deepEqual(broken(sources), ['replay.ts import-direction', 'status.ts import-direction']);
  });

  test('product code never imports the testing tree, tests may', () => {
    const sources = {
      'testing/world/w.ts': '',
      'packages/executor/src/a.ts': "import { w } from '../../../testing/world/w.ts';",
      'packages/executor/src/b.test.ts': "import { w } from '../../../testing/world/w.ts';",
    };
    assert.deepEqual(broken(sources), ['a.ts import-direction']);
  });

  test('product code never imports fixtures, and fixtures may use what tests may', () => {
    const sources = {
      'packages/executor/src/fixtures/f.ts': "import fc from 'fast-check';",
      'packages/executor/src/a.ts': "import { f } from './fixtures/f.ts';",
      'packages/executor/src/a.test.ts': "import { f } from './fixtures/f.ts';",
    };
    assert.deepEqual(broken(sources), ['a.ts import-direction']);
  });

  test('a folder that the table does not know is refused', () => {
    const sources = {
      'packages/novel/src/a.ts': "import { b } from '@lawbook/exchange/numbers/b';",
      [`${EXCHANGE}/numbers/b.ts`]: '',
    };
    assert.deepEqual(broken(sources), ['a.ts import-direction']);
  });

  test('a circle of imports is reported with its path', () => {
    const sources = {
      [`${EXCHANGE}/numbers/a.ts`]: "import { b } from './b.ts';",
      [`${EXCHANGE}/numbers/b.ts`]: "import { c } from './c.ts';",
      [`${EXCHANGE}/numbers/c.ts`]: "import type { A } from './a.ts';",
    };
    assert.deepEqual(broken(sources), ['a.ts import-cycle']);
  });

  test('packages must be declared, and files must exist', () => {
    const product =
      "import a from 'pino';\nimport b from 'fast-check';\nimport c from './gone.ts';";
    assert.deepEqual(brokenIn(product), ['undeclared-package', 'import-missing']);
    assert.deepEqual(
      brokenIn("import b from 'fast-check';", 'packages/executor/src/a.test.ts'),
      [],
    );
  });

  test('a file that only its own test imports is dead', () => {
    const files = [
      readSource(`${EXCHANGE}/numbers/used.ts`, ''),
      readSource(`${EXCHANGE}/numbers/dead.ts`, ''),
      readSource(`${EXCHANGE}/numbers/worker.ts`, ''),
      readSource(`${EXCHANGE}/numbers/dead.test.ts`, "import { d } from './dead.ts';"),
      readSource(
        'packages/executor/src/main.ts',
        "import '@lawbook/exchange/numbers/used';\n" +
          "new URL('../../exchange/src/numbers/worker.ts', import.meta.url);",
      ),
    ];
    const dead = checkTree(files, FACTS).filter(({ rule }) => rule === 'dead-file');
    assert.deepEqual(
      dead.map(({ path }) => path),
      [`${EXCHANGE}/numbers/dead.ts`],
    );
  });
});

describe('sizes', () => {
  const lines = (count: number): string => 'f();\n'.repeat(count);

  test('a function of 71 lines is too long, one of 70 is not', () => {
    assert.deepEqual(brokenIn(`function a(): void {\n${lines(69)}}`), ['function-lines']);
    assert.deepEqual(brokenIn(`function a(): void {\n${lines(68)}}`), []);
    assert.deepEqual(brokenIn(`const a = async (b: C): Promise<D> => {\n${lines(69)}};`), [
      'function-lines',
    ]);
  });

  test('a group of tests may be long, a test may not', () => {
    assert.deepEqual(brokenIn(`describe('x', () => {\n${lines(80)}});`), []);
    assert.deepEqual(brokenIn(`test('x', () => {\n${lines(80)}});`), ['function-lines']);
  });

  test('lines end at column 100, unless no space lets them break', () => {
    assert.deepEqual(brokenIn(`// ${'word '.repeat(20)}`), ['line-columns']);
    assert.deepEqual(brokenIn(`const a = '${'f'.repeat(120)}';`), []);
  });

  test('a file over 500 lines says why', () => {
    assert.deepEqual(brokenIn(lines(500)), ['file-lines']);
    assert.deepEqual(brokenIn(`// Long because the table is one table.\n${lines(500)}`), []);
  });

  test('nine files in ten stay under 300 lines', () => {
    const tree = (long: number): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: 20 }, (_, index) => [
          `packages/executor/src/f${index}.ts`,
          lines(index < long ? 320 : 10),
        ]),
      );
    assert.deepEqual(broken(tree(3)), ['. file-lines-p90']);
    assert.deepEqual(broken(tree(1)), []);
  });
});

describe('names', () => {
  test('vague names are refused wherever they are declared', () => {
    assert.deepEqual(brokenIn('const data = 1;'), ['name']);
    assert.deepEqual(brokenIn('function handle(): void {}'), ['name']);
    assert.deepEqual(brokenIn('const a = (item) => 1;'), ['name']);
    assert.deepEqual(brokenIn('const { value } = b;'), ['name']);
    assert.deepEqual(brokenIn('interface A { f(nonce: bigint): void }'), ['name']);
    assert.deepEqual(brokenIn('class A { process(): void {} }'), ['name']);
    assert.deepEqual(brokenIn('class OrderManager {}'), ['name']);
    assert.deepEqual(brokenIn('for (const frozen of a) b(frozen);'), ['name']);
    assert.deepEqual(brokenIn('', 'packages/executor/src/utils.ts'), ['name']);
    assert.deepEqual(brokenIn('', 'packages/executor/src/common/a.ts'), ['name']);
  });

  test('foreign interfaces, longer names and renamed bindings pass', () => {
    const lawful = [
      'a.value = process.env.X;',
      'const b = { data: c, value: d, nonce: 1n };',
      'const { value: root, data: bytes } = e;',
      'f(data, value);',
      'interface A { readonly value: string; readonly data: B }',
      'const dataDir = 1; const orderNonce = 2n; const marketData = 3;',
      "const text = 'const data = 1'; // function handle() {}",
      'new Map([[1, 2]]).forEach((amount, id) => g(amount, id));',
    ];
    for (const source of lawful) assert.deepEqual(brokenIn(source), [], source);
  });
});

describe('modules and failures', () => {
  test('default exports and enums are refused', () => {
    assert.deepEqual(brokenIn('export default function a(): void {}'), ['default-export']);
    assert.deepEqual(brokenIn('export { a as default };'), ['default-export']);
    assert.deepEqual(brokenIn('export enum A { b }'), ['enum']);
    assert.deepEqual(brokenIn('const enum A { b }'), ['enum']);
    assert.deepEqual(
      brokenIn("const a = { enum: 1, default: 2 }; // export default 'enum A {'"),
      [],
    );
  });

  test('product code throws faults, tests may throw anything', () => {
    assert.deepEqual(brokenIn("throw new Error('x');"), ['plain-error']);
    assert.deepEqual(brokenIn('class A extends Error {}'), ['plain-error']);
    assert.deepEqual(brokenIn("throw new ConfigFault('x');"), []);
    assert.deepEqual(brokenIn("throw new Error('x');", 'packages/executor/src/a.test.ts'), []);
  });

  test('an empty catch is refused, with or without a comment inside', () => {
    assert.deepEqual(brokenIn('try { a(); } catch {}'), ['empty-catch']);
    assert.deepEqual(brokenIn('try { a(); } catch (cause) { /* ignored */ }'), ['empty-catch']);
    assert.deepEqual(brokenIn('a().catch(() => {});'), ['empty-catch']);
    assert.deepEqual(brokenIn('try { a(); } catch (cause) { b(cause); }'), []);
    assert.deepEqual(brokenIn('a().catch((cause) => { b(cause); });'), []);
  });

  test('notes on open work carry a name and an issue', () => {
    const [open, worse] = ['TO' + 'DO', 'FIX' + 'ME'];
    assert.deepEqual(brokenIn(`// ${open}: later`), ['todo']);
    assert.deepEqual(brokenIn(`/**\n * ${open}(ada, #12): later\n */`), []);
    assert.deepEqual(brokenIn(`// ${worse}(ada, #12): now`), ['fixme']);
    assert.deepEqual(brokenIn(`const a = '${open} ${worse}';`), []);
  });
});

describe('purity', () => {
  const exchange = `${EXCHANGE}/numbers/a.ts`;
  const analytics = 'packages/analytics/src/a.ts';

  test('time, randomness and the world are refused in the exchange and in analytics', () => {
    const impure = [
      'const a = Date.now();',
      'const a = new Date();',
      'const a = Math.random();',
      'const a = Math.exp(1);',
      'const a = Math.log(2) + Math.sqrt(3);',
      'const a = process.env;',
      'setTimeout(f, 1);',
      'const a = performance.now();',
      "const a = fetch('x');",
      "import { readFileSync } from 'node:fs';",
      'const a = globalThis.Date;',
    ];
    for (const source of impure) {
      assert.deepEqual(brokenIn(source, exchange), ['purity'], source);
      assert.deepEqual(brokenIn(source, analytics), ['purity'], source);
      assert.deepEqual(brokenIn(source, `${EXCHANGE}/numbers/a.test.ts`), [], source);
      assert.deepEqual(brokenIn(source), [], source);
    }
  });

  test('exact arithmetic, own names and members of other objects pass', () => {
    const lawful = [
      'const a = Math.sqrt(2) + Math.floor(3) + Math.abs(4);',
      'const a = ledger.process; const b = market.fetch();',
      'const a = { Date: 1 };',
      'const performance = kpi(); use(performance);',
    ];
    for (const source of lawful) assert.deepEqual(brokenIn(source, exchange), [], source);
  });
});

test('this repository breaks no rule', () => {
  const root = resolve(import.meta.dirname, '..');
  const violations = checkTree(readTree(root), readPackageFacts(root));
  assert.equal(violations.map(formatViolation).join('\n'), '');
});
