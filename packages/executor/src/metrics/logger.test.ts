// Goal: no secret reaches a log line, and lines stay useful. Method: one planted secret is logged
// in every way that code could leak it, and looked for in all that was written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '@lawbook/exchange/failures/fault';
import type { Logger } from 'pino';
import { createLogger } from './logger.ts';
import { isSecretName } from './redaction.ts';

const PLANTED = 'planted5ecret0123456789abcdef';

interface Capture {
  readonly log: Logger;
  readonly text: () => string;
  readonly rows: () => Record<string, unknown>[];
}

function capture(secrets: readonly string[] = []): Capture {
  const lines: string[] = [];
  const destination = { write: (line: string): void => void lines.push(line) };
  const log = createLogger({ level: 'debug', secrets, destination });
  const rows = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line));
  return { log, rows, text: () => lines.join('') };
}

test('fields with secret names are masked at any depth and in any spelling', () => {
  const { log, text, rows } = capture();
  log.info({ headers: { Authorization: PLANTED, 'X-Api-Key': PLANTED, accept: 'json' } }, 'in');
  log.info({ deep: [{ list: [{ operator_token: PLANTED, privateKey: PLANTED }] }] });
  log.info({ session: { hmacSecret: PLANTED }, cookie: [PLANTED], password: { is: PLANTED } });
  log.info({ map: new Map([['token', PLANTED]]) });
  const child = log.child({ sessionToken: PLANTED, traceId: 't1' });
  child.child({ password: { is: PLANTED } }).info('grandchild');
  assert.ok(!text().includes(PLANTED));
  assert.deepEqual(rows()[0]?.['headers'], {
    Authorization: '***',
    'X-Api-Key': '***',
    accept: 'json',
  });
  assert.equal(rows().at(-1)?.['traceId'], 't1');
});

test('credentials inside texts are masked: headers, URLs, queries', () => {
  const { log, text } = capture();
  log.info(`sent Authorization: Bearer ${PLANTED}`);
  log.info({ url: `https://user:${PLANTED}@rates.example/x?a=1` }, 'asked');
  log.info({ path: `/v1/feed?token=${PLANTED}&market=1` });
  log.warn(new Fault(`no answer from https://u:${PLANTED}@x/`, { code: 'X', fields: { a: 1 } }));
  assert.ok(!text().includes(PLANTED));
  assert.match(text(), /market=1/);
  assert.match(text(), /rates\.example/);
});

test('a secret that the program knows is masked wherever it appears', () => {
  const { log, text } = capture([PLANTED]);
  log.info({ note: `x${PLANTED}y` }, `message ${PLANTED}`);
  log.error(new Fault('f', { code: 'X', cause: new Fault(PLANTED, { code: 'Y' }) }));
  log.info({ [PLANTED]: 1 });
  assert.ok(!text().includes(PLANTED));
  assert.match(text(), /x\*\*\*y/);
});

test('faults are written with code, fields, advice and causes', () => {
  const { log, rows } = capture();
  const cause = new Fault('the disk is full', { code: 'DISK_FULL', retryable: true });
  log.error(new Fault('not written', { code: 'JOURNAL', fields: { bytes: 7 }, cause }), 'halt');
  const [row] = rows();
  const err = row?.['err'] as Record<string, unknown>;
  assert.equal(row?.['msg'], 'halt');
  assert.equal(row?.['level'], 'error');
  assert.deepEqual(
    [err['code'], err['fields'], err['retryable']],
    ['JOURNAL', { bytes: 7 }, false],
  );
  assert.equal((err['cause'] as Record<string, unknown>)['code'], 'DISK_FULL');
  assert.match(String(err['stack']), /logger\.test/);
});

test('amounts, bytes, sets and circles can be logged', () => {
  const { log, rows } = capture();
  const circle: Record<string, unknown> = { amount: 12345678901234567890n };
  circle['self'] = circle;
  log.info({ circle, root: new Uint8Array(32), ids: new Set([1]), at: new Date(0) });
  const row = rows()[0] ?? {};
  assert.equal((row['circle'] as Record<string, unknown>)['amount'], '12345678901234567890');
  assert.equal(row['root'], '[32 bytes]');
  assert.deepEqual(row['ids'], [1]);
  assert.equal(row['at'], '1970-01-01T00:00:00.000Z');
});

test('lines below the level are not written, and each line carries time and service', () => {
  const { log, rows } = capture();
  log.trace('nothing');
  log.debug({ orderHash: '0x01', traceId: 't' }, 'something');
  assert.equal(rows().length, 1);
  assert.equal(rows()[0]?.['service'], 'lawbook');
  assert.equal(rows()[0]?.['orderHash'], '0x01');
  assert.ok(!Number.isNaN(Date.parse(String(rows()[0]?.['time']))));
});

test('names of the domain are not taken for secrets', () => {
  for (const name of ['outcomeToken', 'tokens', 'key', 'orderHash', 'signature', 'author']) {
    assert.equal(isSecretName(name), false, name);
  }
});
