// Goal: the two entries to the order book work as the package's page shows them. Method: each
// example is cut out of the page, run as a program, and compared with the output printed there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const SOURCES = resolve(import.meta.dirname, '../..');
const PAGE: string = readFileSync(resolve(SOURCES, '../README.md'), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/```ts\n([^`]*)```\n\n```text\n([^`]*)```/g)];

test('shows both entries', () => {
  assert.equal(EXAMPLES.length, 2);
  assert.equal([...PAGE.matchAll(/```ts/g)].length, 2);
});

for (const [k, [, source = '', output = '']] of EXAMPLES.entries()) {
  test(`example ${k + 1} prints what the page says`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'lawbook-example-'));
    try {
      const file = join(folder, 'example.ts');
      const located = source.replaceAll(/'@lawbook\/exchange\/([^']+)'/g, (_, path: string) =>
        JSON.stringify(pathToFileURL(join(SOURCES, `${path}.ts`)).href),
      );
      writeFileSync(file, located);
      assert.equal(execFileSync(process.execPath, [file], { encoding: 'utf8' }), output);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
