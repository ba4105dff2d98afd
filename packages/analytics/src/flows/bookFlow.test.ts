// Goal: a flow is the one that is described, and the same one for everybody. Method: shares and
// places counted over a hundred thousand commands, and a frozen hash of the first commands of each
// flow, so that no change of the generator passes unseen.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { COMMAND, COMMAND_STRIDE, FIELD } from '@lawbook/exchange/markets/book/bookCommand';
import type { FlowName } from './bookFlow.ts';
import { BookFlow, FLOW_NAMES } from './bookFlow.ts';

/** The first commands of a flow, as `FIELD` orders their doubles. */
function draw(scenario: FlowName, timed: number, seed: number): Float64Array {
  const flow = new BookFlow({ scenario, timed, seed });
  const count = flow.setupCount + timed;
  const commands = new Float64Array(count * COMMAND_STRIDE);
  for (let k = 0; k < count; k += 1) flow.next(commands, k * COMMAND_STRIDE);
  return commands;
}

function hash(commands: Float64Array): string {
  const bytes = Buffer.alloc(commands.length * 8);
  for (const [k, number] of commands.entries()) bytes.writeDoubleBE(number, k * 8);
  return createHash('sha256').update(bytes).digest('hex');
}

const KNOWN_HASHES: Readonly<Record<FlowName, string>> = {
  mixed: '378404042409f218238dc8411950f664d2d68fcb02c4e7dc91849c8e149d3271',
  static: '08415eba293be23354fb433943d0a067ff82fb8c7bbb2cd3a6ed7e267341e336',
  'swing-25': 'ac3a006c81408509e578bad6ee7c124168b9457d77dc8a2fe953b2998d55a7da',
  'swing-40': '62e0f81e7b0eb4daf95f0fc8d2d0922b5fc5eeaf727eca7c75b16c71ad21911d',
  'flash-crash': 'a83a2a727aee54eaa3ff30f8139d968437c137f22ee438b8e70c912701746993',
  cancels: '423f7d7e318c15c66de7322e0191d5914a255d046b731dd76665b19597801c7b',
};

for (const name of FLOW_NAMES) {
  test(`${name} is the flow that it was`, () => {
    assert.equal(hash(draw(name, 2_000, 7)), KNOWN_HASHES[name]);
  });
}

test('one seed gives one flow, and another seed another', () => {
  const [first, again, other] = [7, 7, 8].map((seed) => hash(draw('mixed', 500, seed)));
  assert.equal(first, again);
  assert.notEqual(first, other);
});

test('the mixed flow is half limits, three tenths cancels and one fifth market orders', () => {
  const timed = 100_000;
  const commands = draw('mixed', timed, 3).subarray(10_000 * COMMAND_STRIDE);
  const counts = { limit: 0, cancel: 0, market: 0 };
  for (let o = 0; o < commands.length; o += COMMAND_STRIDE) {
    const kind = commands[o + FIELD.kind];
    if (kind === COMMAND.cancel) counts.cancel += 1;
    else if (((commands[o + FIELD.terms] as number) & 2) === 0) counts.limit += 1;
    else counts.market += 1;
  }
  for (const [kind, share] of [
    ['limit', 0.5],
    ['cancel', 0.3],
    ['market', 0.2],
  ] as const) {
    assert.ok(Math.abs(counts[kind] / timed - share) < 0.01, `${kind} ${counts[kind]}`);
  }
});

test('a flash crash falls by fifty thousand ticks and comes back, in flows of any length', () => {
  for (const timed of [100, 3_000, 200_000]) {
    const commands = draw('flash-crash', timed, 1).subarray(10_000 * COMMAND_STRIDE);
    const limits: number[] = [];
    for (let o = 0; o < commands.length; o += COMMAND_STRIDE) {
      const isLimit = commands[o] === 1 && ((commands[o + FIELD.terms] as number) & 2) === 0;
      if (isLimit) limits.push(commands[o + FIELD.price] as number);
    }
    const quiet = limits.filter((price) => Math.abs(price - 65_536) < 200).length;
    assert.ok(Math.min(...limits) < 20_000, `${timed}: ${Math.min(...limits)}`);
    assert.ok(quiet > 0, `${timed}: it is never back`);
  }
});
