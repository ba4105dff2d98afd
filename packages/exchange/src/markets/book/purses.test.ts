// Goal: what accounts have and hold never leaves the natural numbers below 2^53, and whoever
// carries changes on learns of every account that moved, once.
// Method: single moves at the edges, each refused one unit further with nothing changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELD_MAX, Purses } from './purses.ts';

const MOST = Number.MAX_SAFE_INTEGER;

/** Available and held in a slot, and what all slots of its asset hold. */
function told(purses: Purses, slot: number): readonly (number | undefined)[] {
  return [purses.available[slot], purses.held[slot], purses.heldTotal[slot & 1]];
}

function movedIn(purses: Purses): number[] {
  return [...purses.moved.subarray(0, purses.movedCount)];
}

test('reserving moves units from available to held, and back where it is negative', () => {
  const purses = new Purses(3);
  purses.add(3, 100);
  purses.reserve(3, 70);
  assert.deepEqual(told(purses, 3), [30, 70, 70]);
  purses.reserve(3, -20);
  assert.deepEqual(told(purses, 3), [50, 50, 50]);
  purses.add(5, 8);
  purses.reserve(5, 8);
  assert.deepEqual(told(purses, 5), [0, 8, 58]);
  assert.equal(purses.heldTotal[0], 0, 'the other asset holds nothing');
});

test('paying takes held units away and adds what is left of them to available', () => {
  const purses = new Purses(2);
  purses.add(0, 100);
  purses.reserve(0, 60);
  purses.pay(0, 40, 15);
  assert.deepEqual(told(purses, 0), [55, 20, 20]);
});

test('holding adds to held without touching what is available', () => {
  const purses = new Purses(2);
  purses.hold(2, 9);
  assert.deepEqual(told(purses, 2), [0, 9, 9]);
});

/** A move to the last unit, and the same one unit further; slot 0 has 100 and holds 40 of them. */
const EDGES: readonly (readonly [string, (purses: Purses, beyond: number) => void])[] = [
  ['nobody gives more than is available', (p, beyond) => p.add(0, -60 - beyond)],
  ['nobody owns 2^53 units', (p, beyond) => p.add(0, MOST - 60 + beyond)],
  ['no order holds more than is available', (p, beyond) => p.reserve(0, 60 + beyond)],
  ['no hold gives more than it holds', (p, beyond) => p.reserve(0, -40 - beyond)],
  ['no payment is larger than its hold', (p, beyond) => p.pay(0, 40 + beyond, 0)],
  ['no payment takes more than is available', (p, beyond) => p.pay(0, 40, -60 - beyond)],
  ['no payment makes 2^53 units available', (p, beyond) => p.pay(0, 0, MOST - 60 + beyond)],
  ['all orders together hold 2^52 - 1', (p, beyond) => p.hold(2, HELD_MAX - 40 + beyond)],
];

for (const [what, move] of EDGES) {
  test(`${what}: the last unit moves and one more stops the program`, () => {
    const opened = (): Purses => {
      const purses = new Purses(2);
      purses.add(0, 100);
      purses.reserve(0, 40);
      return purses;
    };
    move(opened(), 0);
    const purses = opened();
    assert.throws(() => move(purses, 1), /below 2\^53/);
    assert.deepEqual([told(purses, 0), told(purses, 2)], [told(opened(), 0), told(opened(), 2)]);
  });
}

test('an account that moved is listed once until the list is emptied', () => {
  const purses = new Purses(4);
  purses.add(6, 5);
  purses.add(7, 5);
  purses.reserve(6, 2);
  purses.hold(0, 1);
  assert.deepEqual(movedIn(purses), [3, 0]);
  purses.settleMoves();
  assert.deepEqual(movedIn(purses), []);
  purses.reserve(6, -2);
  purses.add(2, 1);
  purses.pay(7, 0, 1);
  assert.deepEqual(movedIn(purses), [3, 1]);
});
