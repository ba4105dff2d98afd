// Goal: rates fetched from several places are used only where enough of them answer and agree.
// Method: a loopback server that answers, delays, redirects, floods or breaks off by path.

import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { systemEnvironment } from '@lawbook/chains/environment';
import { price } from '@lawbook/exchange/numbers/price';
import type { HttpReaderOptions } from './httpReader.ts';
import { HttpReader } from './httpReader.ts';
import type { JsonSource } from './jsonSource.ts';
import { oracleClock } from './oracleClock.ts';
import type { Reading } from './reader.ts';

const CLOCK = oracleClock(systemEnvironment().clock);

let server: Server;
let base = '';
/** What the server saw of requests that it never answers. */
let hanging = 0;

before(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    const answer = (text: string): unknown => response.end(text);
    if (path.startsWith('/rate/')) answer(`{"EUR":${path.slice(6)},"JPY":0.0066}`);
    else if (path === '/hang') hanging += 1;
    else if (path === '/status') response.writeHead(500).end('{"EUR":1.1,"JPY":0.0066}');
    else if (path === '/redirect') response.writeHead(302, { location: '/rate/1.1' }).end();
    else if (path === '/flood') answer(`{"EUR":1.1,"pad":"${'x'.repeat(5000)}"}`);
    else if (path === '/cut') response.write('{"EUR":', () => response.destroy());
    else answer('not json');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

function reader(paths: readonly string[], options: Partial<HttpReaderOptions> = {}): HttpReader {
  const sources = paths.map(
    (path, index): JsonSource => ({
      name: `s${index}`,
      url: `${base}${path}`,
      quotes: 'usdPerUnit',
      mapPath: '',
    }),
  );
  const limits = { timeoutMs: 5000, responseBytesMax: 4096, deviationPpmMax: 2000, ageMsMax: 1000 };
  const defaults = { sources, symbols: ['EUR', 'JPY'], pollIntervalMs: 1000, ...limits };
  return new HttpReader({ ...defaults, ...options }, fetch, CLOCK);
}

const read = (one: HttpReader): Promise<Reading> => one.read(0, new AbortController().signal);

const codes = (reading: Reading): string[] =>
  reading.refusals.map(({ code, field }) => `${code} ${field}`);

test('two sources that agree give the lower of their mids', async () => {
  const one = reader(['/rate/1.1001', '/rate/1.1']);
  const reading = await read(one);
  assert.deepEqual(codes(reading), []);
  assert.equal(reading.mids.get('EUR')?.mid, price(1_100_000_000_000n));
  assert.equal(reading.mids.get('JPY')?.mid, price(6_600_000_000n));
  assert.equal(one.source, 'http s0, s1');
});

test('two sources that disagree on one symbol refuse that symbol', async () => {
  const reading = await read(reader(['/rate/1.2', '/rate/1.1']));
  assert.deepEqual(codes(reading), ['oracleContradictory EUR']);
  assert.deepEqual([...reading.mids.keys()], ['JPY']);
});

test('a source that fails in any way is named and does not count', async () => {
  const failures: [string, RegExp][] = [
    ['/status', /ORACLE_SOURCE_UNREACHABLE.*status 500/],
    ['/redirect', /ORACLE_SOURCE_UNREACHABLE/],
    ['/flood', /ORACLE_SOURCE_INVALID.*exceeds 4096 bytes/],
    ['/cut', /ORACLE_SOURCE_UNREACHABLE/],
    ['/text', /ORACLE_SOURCE_INVALID.*not JSON/],
  ];
  for (const [path, note] of failures) {
    const reading = await read(reader(['/rate/1.1', path]));
    assert.deepEqual(codes(reading), ['oracleUnavailable EUR', 'oracleUnavailable JPY'], path);
    assert.deepEqual([reading.sources[0]?.ok, reading.sources[1]?.ok], [true, false], path);
    assert.match(reading.sources[1]?.note ?? '', note);
  }
  const reading = await read(reader(['/rate/1.1', '/status', '/rate/1.1']));
  assert.deepEqual(codes(reading), []);
});

test('a source that never answers is given up after the timeout', async () => {
  const reading = await read(reader(['/hang', '/rate/1.1', '/rate/1.1'], { timeoutMs: 100 }));
  assert.equal(hanging, 1);
  assert.match(reading.sources[0]?.note ?? '', /no answer in 100 ms/);
  assert.deepEqual(codes(reading), []);
});

test('stopping the venue ends a reading that hangs', async () => {
  const stop = new AbortController();
  const one = reader(['/hang', '/hang'], { timeoutMs: 60_000 });
  const reading = one.read(0, stop.signal);
  stop.abort();
  assert.deepEqual(codes(await reading), ['oracleUnavailable EUR', 'oracleUnavailable JPY']);
});

test('a port that nobody listens on is an unreachable source', async () => {
  const gone: JsonSource = { name: 'g', url: 'http://127.0.0.1:1/', quotes: 'usdPerUnit' };
  const reading = await read(reader([], { sources: [{ ...gone, mapPath: '' }] }));
  assert.match(reading.sources[0]?.note ?? '', /ORACLE_SOURCE_UNREACHABLE/);
});
