// Goal: what clients build on does not change under them unnoticed.
// Method: the contract derived from the schemas is compared with the published one, and planted
// breaks must be found before the silence of the comparison counts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import type { Contract } from './contract.ts';
import { breakingChanges, contractText, currentContract } from './contract.ts';

const PUBLISHED = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../contract.snapshot'), 'utf8'),
) as Contract;

/** The contract with one change made to a copy. */
function changed(change: (contract: Record<string, never>) => void): Contract {
  const copy = structuredClone(PUBLISHED);
  change(copy as never);
  return copy;
}

test('the contract breaks no client of the published one', () => {
  assert.deepEqual(breakingChanges(PUBLISHED, currentContract()), []);
});

test('the published contract is the present one', () => {
  const hint = 'run node scripts/acceptContract.ts';
  // Codes may be added at any time; only their loss and renumbering are watched.
  const { codes } = PUBLISHED;
  const present = contractText({ ...currentContract(), codes });
  assert.ok(present === contractText(PUBLISHED), hint);
});

test('planted breaks are found', () => {
  const breaks: [string, (contract: never) => void][] = [
    ['a route that is gone', ({ routes }: Any) => delete routes['readOrder']],
    ['another path', ({ routes }: Any) => (routes['readOrder'].path = '/v2/orders')],
    ['other access', ({ routes }: Any) => (routes['readOrder'].access = { role: 'operator' })],
    [
      'an answer that lost a field',
      ({ routes }: Any) => {
        delete routes['readOrder'].response.properties.order.properties.status;
      },
    ],
    [
      'a field that is not always there',
      ({ routes }: Any) => {
        routes['listAssets'].response.required = ['assets'];
      },
    ],
    [
      'a field that is required now',
      ({ routes }: Any) => {
        routes['commitOrder'].body.required.push('signature');
      },
    ],
    [
      'a type that changed',
      ({ routes }: Any) => {
        routes['listAssets'].response.properties.assets.items.properties.decimals.type = 'string';
      },
    ],
    [
      'another pattern',
      ({ routes }: Any) => {
        routes['readAccount'].params.properties.owner.pattern = '^.*$';
      },
    ],
    [
      'a new word in an answer',
      ({ routes }: Any) => {
        routes['readMarket'].response.properties.market.properties.phase.properties.name.enum.push(
          'x',
        );
      },
    ],
    [
      'a message that lost a field',
      ({ messages }: Any) => {
        delete messages.fromServer.oneOf[0].properties.feed;
      },
    ],
    ['a code that is gone', ({ codes }: Any) => delete codes.notFound],
    ['a code with another number', ({ codes }: Any) => (codes.notFound = 1)],
    [
      'a refusal without its code',
      ({ rejection }: Any) => {
        delete rejection.properties.rejection.properties.code;
      },
    ],
  ];
  for (const [name, change] of breaks) {
    assert.notDeepEqual(breakingChanges(PUBLISHED, changed(change as never)), [], name);
  }
});

test('growth is no break', () => {
  const growth: [string, (contract: never) => void][] = [
    ['a new route', ({ routes }: Any) => (routes['another'] = routes['readOrder'])],
    [
      'a new field in an answer',
      ({ routes }: Any) => {
        routes['listAssets'].response.properties.more = { type: 'string' };
      },
    ],
    [
      'a field that need not be sent any more',
      ({ routes }: Any) => {
        routes['submitOrders'].body.required = [];
      },
    ],
    [
      'a new field of a refusal',
      ({ rejection }: Any) => {
        rejection.properties.rejection.properties.more = {};
      },
    ],
    [
      'another description',
      ({ routes }: Any) => {
        routes['readAccount'].params.properties.owner.description = 'Someone';
      },
    ],
  ];
  for (const [name, change] of growth) {
    assert.deepEqual(breakingChanges(PUBLISHED, changed(change as never)), [], name);
  }
});

// biome-ignore lint/suspicious/noExplicitAny: the test reaches into plain JSON of any shape.
type Any = any;
