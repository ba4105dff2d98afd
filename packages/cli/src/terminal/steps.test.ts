// Goal: people see each step as it is done, machines all of them at the end. Method: a terminal
// that remembers its lines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Steps } from './steps.ts';
import type { Terminal } from './terminal.ts';

function remembering(printed: string[]): Terminal {
  return {
    print: (line) => void printed.push(line),
    note: (line) => void printed.push(line),
    resultsOnScreen: false,
    notesOnScreen: false,
  };
}

test('says a step with its time as it is done', () => {
  const printed: string[] = [];
  const steps = new Steps(remembering(printed), false);
  steps.waiting('nobody looks at notes here');
  steps.done('settled', 'in block 7', { gasUsed: 5n });
  assert.match(printed.join(), /^ +\d+\.\d s {2}settled +in block 7$/);
});

test('keeps the steps for one document, and says nothing meanwhile', () => {
  const printed: string[] = [];
  const steps = new Steps(remembering(printed), true);
  steps.done('settled', 'in block 7', { blockNumber: 7n });
  assert.deepEqual(printed, []);
  const [first] = steps.json();
  assert.equal(first?.['step'], 'settled');
  assert.equal(first?.['blockNumber'], 7n);
});
