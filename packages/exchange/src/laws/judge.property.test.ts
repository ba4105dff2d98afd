// Goal: the laws hold for whatever is lawful and refuse whatever is not, beyond chosen examples.
// Method: transitions are cleared by the naive method of the testing tree, which shares no code
// with the laws or the solver. Every leaf of a lawful transition is then corrupted alone, and every
// list loses or repeats an element; each such copy must be refused unless a table says why not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  batchSpecs,
  blockedDay,
  hiddenDay,
  ordinaryDay,
  scarceDay,
} from '../../../../testing/world/batchSpecs.ts';
import type { LeafPath } from '../../../../testing/world/corruptions.ts';
import {
  corruptLeaf,
  corruptList,
  leaves,
  listPaths,
  refusals,
} from '../../../../testing/world/corruptions.ts';
import type { BatchSpec } from '../../../../testing/world/lawfulBatch.ts';
import { lawfulBatch } from '../../../../testing/world/lawfulBatch.ts';
import { invariant } from '../failures/invariant.ts';
import { recoverSigner } from '../orders/signature.ts';
import type { BatchTransition } from '../transition.ts';
import type { Authority } from './law.ts';

const RECOVER: Authority = { authority: 'recover', recover: recoverSigner };
const ADMITTED: Authority = { authority: 'admitted' };

function lawful(spec: BatchSpec): BatchTransition {
  const transition = lawfulBatch(spec);
  invariant(transition !== undefined, 'the naive method clears the named days');
  return transition;
}

const DAYS: readonly [string, BatchTransition][] = [
  ['an ordinary day', lawful(ordinaryDay())],
  ['a day of hidden orders', lawful(hiddenDay())],
  ['a rationed day', lawful(scarceDay('proRata'))],
  ['a day of scarcity pricing', lawful(scarceDay('scarcityPricing'))],
  ['a day with a blocked order', lawful(blockedDay())],
  ['a halted day', lawful({ ...ordinaryDay(), haltReason: 'operator' })],
];

/** Leaves that may change unseen, and why. */
const UNBOUND: readonly { readonly leaf: RegExp; readonly why: string }[] = [
  { leaf: /^nonceWindows/, why: 'state before the batch: bound by the state root, not by a batch' },
  { leaf: /^report\.outcome\.reason/, why: 'a reason is words; no law reads it' },
  { leaf: /^grants repeat/, why: 'a grant listed twice permits nothing more' },
];

/** Parts that only a judge who recovers signers can hold to their owners. */
const SIGNED = new Set(['orders', 'grants', 'domain', 'cancellations', 'commitments']);

/** Filler of a session's authorisation, and signatures in a batch that are judged as admitted. */
function isFiller({ orders }: BatchTransition, path: LeafPath): boolean {
  const [list, column, place] = path;
  if (list !== 'orders' || column !== 'authorisations') return false;
  const row = Math.floor((place as number) / 65);
  const byte = (place as number) % 65;
  return orders.authorisations[row * 65 + 64] === 0 && byte >= 32 && byte < 64;
}

function isUnbound(name: string): boolean {
  return UNBOUND.some(({ leaf }) => leaf.test(name));
}

describe('the judge on generated batches', () => {
  for (const [name, transition] of DAYS) {
    test(`finds ${name} lawful`, () => {
      assert.deepEqual(refusals(transition, RECOVER), []);
    });
  }

  test('finds every naively cleared batch lawful', () => {
    fc.assert(
      fc.property(batchSpecs, (spec) => {
        const transition = lawfulBatch({ ...spec, signed: false });
        fc.pre(transition !== undefined);
        assert.deepEqual(refusals(transition, ADMITTED), []);
      }),
      { numRuns: 25 },
    );
  });

  for (const [name, transition] of DAYS.slice(0, 2)) {
    test(`refuses ${name} with any one signed leaf changed`, () => {
      const paths = leaves(transition).filter(([part]) => SIGNED.has(part as string));
      fc.assert(
        fc.property(fc.constantFrom(...paths), (path) => {
          if (isUnbound(path.join('.')) || isFiller(transition, path)) return;
          const refused = refusals(corruptLeaf(transition, path), RECOVER);
          assert.notDeepEqual(refused, [], `unseen: ${path.join('.')}`);
        }),
        { numRuns: 40 },
      );
    });
  }

  test('refuses every change of a report, parameter, price, fill, balance or diff', () => {
    for (const [name, transition] of DAYS) {
      for (const path of leaves(transition)) {
        if (SIGNED.has(path[0] as string) || isUnbound(path.join('.'))) continue;
        const refused = refusals(corruptLeaf(transition, path), ADMITTED);
        assert.notDeepEqual(refused, [], `unseen on ${name}: ${path.join('.')}`);
      }
    }
  });

  test('refuses a list that lost or repeats an element', () => {
    for (const [name, transition] of DAYS) {
      for (const path of listPaths(transition)) {
        for (const how of ['drop', 'repeat'] as const) {
          if (isUnbound(`${path.join('.')} ${how}`)) continue;
          const basis = SIGNED.has(path[0] as string) ? RECOVER : ADMITTED;
          const refused = refusals(corruptList(transition, path, how), basis);
          assert.notDeepEqual(refused, [], `unseen on ${name}: ${how} in ${path.join('.')}`);
        }
      }
    }
  });
});
