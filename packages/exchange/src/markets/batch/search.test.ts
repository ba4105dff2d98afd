// Goal: a root inside a bracket is found in few rounds, or it is told that it was not.
// Method: lines, curves, stairs and jumps, rising and falling.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bracketRoot } from './search.ts';

/** Asks for a root and keeps where it was looked for. */
function rootOf(
  f: (x: number) => number,
  [low, high]: readonly [number, number],
  limits = { slack: 1e-9, rounds: 90 },
): { readonly x: number; readonly found: boolean; readonly asked: readonly number[] } {
  const asked: number[] = [];
  const bracket = { low, high, fLow: f(low), fHigh: f(high) };
  const told = bracketRoot(
    (x) => {
      asked.push(x);
      return f(x);
    },
    bracket,
    limits,
  );
  return { ...told, asked };
}

test('a root in a bracket is found, rising or falling, bent or in steps', () => {
  const cases: readonly (readonly [string, (x: number) => number, number])[] = [
    ['a line', (x) => 3 * (x - 0.7), 0.7],
    ['a falling line', (x) => 5 * (0.2 - x), 0.2],
    ['a curve', (x) => x ** 9 - 0.5, 0.5 ** (1 / 9)],
    ['a falling curve', (x) => Math.exp(-20 * x) - 0.1, Math.log(10) / 20],
    ['a stair with a landing at zero', (x) => Math.round(40 * (x - 0.61)), 0.61],
  ];
  for (const [what, f, root] of cases) {
    const { x, found, asked } = rootOf(f, [0, 1]);
    assert.equal(found, true, what);
    assert.ok(Math.abs(f(x)) <= 1e-9, what);
    assert.ok(Math.abs(x - root) <= 0.0126, `${what}: ${x}`);
    assert.equal(asked.at(-1), x, 'the last that was asked');
    assert.ok(
      asked.every((place) => place >= 0 && place <= 1),
      'inside the bracket',
    );
    assert.ok(asked.length <= 45, `${what}: ${asked.length} rounds`);
  }
});

test('a line takes one round, and a jump over zero is told', () => {
  assert.equal(rootOf((x) => x - 0.25, [0, 1]).asked.length, 1);
  const jump = rootOf((x) => (x < 0.3 ? -1 : 1), [0, 1], { slack: 0.5, rounds: 20 });
  assert.deepEqual([jump.found, jump.asked.length], [false, 20]);
  assert.ok(Math.abs(jump.x - 0.3) < 0.02, String(jump.x));
});

test('a value within the slack is root enough', () => {
  const { x, found, asked } = rootOf((y) => y ** 3, [-1, 0.9], { slack: 0.01, rounds: 90 });
  assert.equal(found, true);
  assert.ok(Math.abs(x ** 3) <= 0.01);
  for (const place of asked.slice(0, -1)) assert.ok(Math.abs(place ** 3) > 0.01);
});
