// Goal: a venue whose base layer was never there still stops at its exposure limit, and one whose
// settling has a bug stops at once, by the name of the bug.
// Method: a service whose opening always fails, epochs announced by hand, a clock moved by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantViolation } from '@lawbook/exchange/failures/invariant';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import { createLogger } from '../metrics/logger.ts';
import type { SettlementServiceOptions } from './settlementService.ts';
import { SettlementService } from './settlementService.ts';
import { VenueEpochSource } from './venueEpochSource.ts';

const NOBODY = new SettlementFault('SETTLEMENT_UNAVAILABLE', 'Nobody is there.');

function lonelyService(
  clock: { nowMs: number },
  open: SettlementServiceOptions['open'] = () => Promise.reject(NOBODY),
): SettlementService {
  const nothing = { epoch: async () => undefined, bundle: async () => undefined };
  return new SettlementService({
    marketId: 1,
    exposure: { unsettledListsMax: 3, unsettledAgeMsMax: 60_000 },
    minimumFillsMax: 4,
    unprovableParameters: () => undefined,
    clock: { nowMs: () => clock.nowMs, sleep: () => Promise.resolve() },
    log: createLogger({ level: 'silent' }),
    source: new VenueEpochSource(1, nothing),
    open,
    record: async () => undefined,
  });
}

test('as many epochs as the limit pause a venue whose base layer never answered', () => {
  const service = lonelyService({ nowMs: 1_000 });
  assert.equal(service.pausedBecause(), undefined);
  for (let k = 0; k < 2; k += 1) service.announceEpoch();
  assert.equal(service.pausedBecause(), undefined);
  service.announceEpoch();
  assert.match(service.pausedBecause() ?? '', /3 epochs wait/);
});

test('one old epoch pauses it too', () => {
  const clock = { nowMs: 1_000 };
  const service = lonelyService(clock);
  service.announceEpoch();
  clock.nowMs += 59_999;
  assert.equal(service.pausedBecause(), undefined);
  clock.nowMs += 1;
  assert.match(service.pausedBecause() ?? '', /60 s/);
});

test('a bug ends settling at the first try: trading stops, and health says the name', async () => {
  const bug = new InvariantViolation('a list is cut once');
  let tries = 0;
  const service = lonelyService({ nowMs: 1_000 }, ({ onEvent, onBroken }) => {
    tries += 1;
    // As a settler and a bridge would tell, beside an opening that fails by itself.
    onEvent({ kind: 'broken', listNumber: 3n, cause: bug });
    onBroken(bug);
    return Promise.reject(bug);
  });
  const told: unknown[] = [];
  service.start({
    onRecord: () => undefined,
    onUnwound: () => undefined,
    onStopped: (sentence) => told.push(sentence),
    onBroken: (cause) => told.push(cause),
  });
  await service.close();
  assert.equal(tries, 1);
  assert.deepEqual(told.filter((each) => each === bug).length, 1, 'the process is ended once');
  const name = /bug at list 3: InvariantViolation: a list is cut once/;
  assert.match(String(told[0]), name);
  assert.match(service.pausedBecause() ?? '', name);
  assert.equal(service.status().phase, 'stopped');
  const health = service.health().find(({ name: part }) => part === 'baseLayer');
  assert.equal(health?.state, 'unready');
  assert.match(health?.detail ?? '', name);
});
