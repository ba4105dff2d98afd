// Goal: a check says `checked`, never more, and refuses broken laws and other batches.
// Method: a lawful batch, one with an altered unit that L7 does not see, and a foreign statement.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ordinaryBatch,
  ordinaryClaim,
  otherClaim,
} from '../../../../../testing/proofs/provingWorld.ts';
import { editAt } from '../../../../../testing/world/corruptions.ts';
import { conservationClaim } from '../../statements/assetsAreConserved.ts';
import { CheckProver } from './checkProver.ts';

const CHECK = new CheckProver({ authority: 'admitted' });

test('reports a lawful batch as checked', async () => {
  const { statement, witness } = ordinaryClaim();
  const report = await CHECK.prove(statement, witness);
  assert.equal(report.kind, 'checked');
  assert.deepEqual(report.publicInputs, statement.publicInputs);
});

test('refuses a batch that breaks any law', async () => {
  const day = ordinaryBatch();
  const paid = editAt(day.fills.paid, 2, (units) => units - 1n);
  const { statement, witness } = conservationClaim({ ...day, fills: { ...day.fills, paid } });
  await assert.rejects(CHECK.prove(statement, witness), { code: 'PROOF_STATEMENT_FALSE' });
});

test('refuses a lawful batch under another statement', async () => {
  const { witness } = ordinaryClaim();
  await assert.rejects(CHECK.prove(otherClaim().statement, witness), {
    code: 'PROOF_STATEMENT_FALSE',
  });
});
