// Goal: a failure is one line with field, rule and fix, and the exit code says its kind.
// Method: one failure of each kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { Fault } from '@lawbook/exchange/failures/fault';
import { refuse } from '@lawbook/exchange/failures/rejection';
import { CommanderError } from 'commander';
import { ExitCode, RefusedFault, UsageFault } from './cliFault.ts';
import { exitCodeOf, failureLine, reportFailure } from './failure.ts';
import type { Terminal } from './terminal.ts';

const REFUSED = new RefusedFault(
  refuse('insufficientAvailable', { field: 'budget', limit: 5n, actual: 10n }).rejection,
);

test('prints a rejection with code, field, rule, facts and fix', () => {
  assert.equal(
    failureLine(REFUSED),
    'refused: insufficientAvailable 400 at budget: A hold does not exceed the available balance. ' +
      '(found 10, limit 5) Deposit, cancel another order or lower the budget.',
  );
});

test('maps every kind of failure to its exit code', () => {
  assert.equal(exitCodeOf(REFUSED), ExitCode.refused);
  assert.equal(exitCodeOf(new DecodeError('not a bundle', 0)), ExitCode.refused);
  assert.equal(exitCodeOf(new UsageFault('wrong')), ExitCode.usage);
  assert.equal(exitCodeOf(new CommanderError(1, 'x', 'wrong')), ExitCode.usage);
  assert.equal(exitCodeOf(new CommanderError(0, 'commander.help', 'help')), ExitCode.done);
  for (const code of ['VENUE_UNREACHABLE', 'REQUEST_TIMED_OUT']) {
    assert.equal(exitCodeOf(new Fault('silence', { code })), ExitCode.unreachable);
  }
});

test('gives machines the whole failure as one document', () => {
  const printed: string[] = [];
  const terminal: Terminal = {
    print: (line) => void printed.push(line),
    note: () => assert.fail('nothing beside the document'),
    resultsOnScreen: false,
    notesOnScreen: false,
  };
  reportFailure(terminal, REFUSED, true);
  reportFailure(terminal, new Fault('silence', { code: 'X', fields: { url: 'u' } }), true);
  reportFailure(terminal, new CommanderError(1, 'commander.x', 'error: no such thing'), true);
  const [rejected, faulted, misspelt] = printed.map(
    (text) => JSON.parse(text) as Record<string, unknown>,
  );
  assert.deepEqual(rejected, { ok: false, rejection: REFUSED.rejection });
  assert.deepEqual(faulted, {
    ok: false,
    fault: { code: 'X', message: 'silence', fields: { url: 'u' }, retryable: false },
  });
  assert.deepEqual(misspelt, {
    ok: false,
    fault: { code: 'CLI_USAGE', message: 'no such thing', fields: {}, retryable: false },
  });
});
