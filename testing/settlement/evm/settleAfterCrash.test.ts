// Goal: a process that dies while it settles leaves nothing that settles twice, and nothing undone.
// Method: a process with a whole engine before an anvil kills itself at a point of an intent's
// life; the venue opens its store and settles the same list; the chain is the judge.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import type { CrashPoint } from '../../chains/anvil/crashPoints.ts';
import { EvmVenue, MARKET, SHARD } from './evmVenue.ts';
import { buildList } from './listBuilder.ts';
import { paidBy, settle, settledNumbers } from './play.ts';
import type { SettleCommand } from './settleProcess.ts';

const POINTS: readonly CrashPoint[] = [
  'before signing',
  'after storing the signed bytes',
  'after offering them',
];

test('a process that dies on the way to a block settles nothing twice', async (context) => {
  const venue = await EvmVenue.open(context);
  await venue.fundAll(2);
  const sentBefore = await venue.world.minedCount();
  for (const [index, point] of POINTS.entries()) {
    const submission = await buildList(venue);
    await venue.layer.close();
    await venue.engine.close();
    const child = fork(join(import.meta.dirname, 'settleProcess.ts'), {
      serialization: 'advanced',
      execArgv: [],
    });
    const { deployment, finality } = venue;
    const operator = venue.world.signer;
    const layer = { deployment, shard: SHARD, marketId: MARKET, operator, finality };
    const command: SettleCommand = { terms: venue.world.terms(), layer, submission, point };
    child.send(command);
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    assert.equal(signal, 'SIGKILL', point);
    await venue.reopen();
    const outcome = await settle(venue, submission);
    assert.equal(outcome.kind, 'settled', `${point}: ${inspect(outcome)}`);
    assert.equal((await settledNumbers(venue)).length, index + 1, point);
  }
  assert.equal(await venue.world.minedCount(), sentBefore + POINTS.length);
  assert.equal(await paidBy(venue), 300n);
});
