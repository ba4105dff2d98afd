// Goal: the figures of coverage are those of the report. Method: a small report with a file whole,
// one in part and one of nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentOf, readLcov, sumOf } from './readLcov.ts';

const REPORT = `TN:
SF:packages/a/src/whole.ts
DA:1,4
DA:2,1
BRDA:1,0,0,9
end_of_record
SF:packages/a/src/part.ts
DA:1,1
DA:2,0
BRDA:1,0,0,0
BRDA:2,1,0,-
BRDA:3,2,0,1
end_of_record
SF:packages/a/src/nothing.ts
end_of_record
`;

test('lines and branches are counted by file, and what was missed has its line', () => {
  const [whole, part, nothing] = readLcov(REPORT);
  assert.deepEqual([whole?.linesReached, whole?.missedLines], [2, []]);
  assert.deepEqual([part?.missedLines, part?.missedBranches], [[2], [1, 2]]);
  assert.deepEqual([nothing?.lines, nothing?.branches], [0, 0]);
});

test('shares are of all files together', () => {
  assert.deepEqual(percentOf(sumOf(readLcov(REPORT))), { lines: 75, branches: 50 });
  assert.deepEqual(percentOf(sumOf([])), { lines: 100, branches: 100 });
});
