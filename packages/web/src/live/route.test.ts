// Goal: any address shows a screen, and a link leads where it says. Method: both ways, and noise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, parsePlace } from './route.ts';

test('a link leads to its place', () => {
  const place = parsePlace(addressOf('epochs', 12));
  assert.deepEqual(place, { screen: 'epochs', rest: ['12'] });
});

test('an unknown or broken address is the trading screen', () => {
  for (const hash of ['', '#', '#/nowhere/3', '#/%E0%A4%A', '#//']) {
    assert.equal(parsePlace(hash).screen, 'trade', hash);
  }
});
