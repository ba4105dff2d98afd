// Goal: `npm ci` never refuses the committed lock as incomplete. Method: the lock itself, and a
// planted gap that must be found.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { LockEntry } from './completeLockfile.ts';
import { missingEntries } from './completeLockfile.ts';

test('the committed lock lists the optional packages of every platform', () => {
  const text = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, LockEntry> };
  assert.deepEqual(missingEntries(packages), {});
});

test('an optional platform package that is not locked is found, with its platform', () => {
  const packages = {
    'node_modules/tool': {
      dev: true,
      optionalDependencies: { '@tool/cli-linux-x64-musl': '1.2.3', '@tool/cli-win32-x64': '1.2.3' },
    },
    'node_modules/@tool/cli-win32-x64': { version: '1.2.3' },
  };
  assert.deepEqual(missingEntries(packages), {
    'node_modules/@tool/cli-linux-x64-musl': {
      version: '1.2.3',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    },
  });
});
