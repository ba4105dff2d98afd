// Goal: a venue whose base layer was never there still stops at its exposure limit.
// Method: a service whose opening always fails, epochs announced by hand, a clock moved by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import { createLogger } from '../metrics/logger.ts';
import { SettlementService } from './settlementService.ts';
import { VenueEpochSource } from './venueEpochSource.ts';

function lonelyService(clock: { nowMs: number }): SettlementService {
  const nothing = { epoch: async () => undefined, bundle: async () => undefined };
  return new SettlementService({
    marketId: 1,
    exposure: { unsettledListsMax: 3, unsettledAgeMsMax: 60_000 },
    minimumFillsMax: 4,
    unprovableParameters: () => undefined,
    clock: { nowMs: () => clock.nowMs, sleep: () => Promise.resolve() },
    log: createLogger({ level: 'silent' }),
    source: new VenueEpochSource(1, nothing),
    open: () => Promise.reject(new SettlementFault('SETTLEMENT_UNAVAILABLE', 'Nobody is there.')),
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
