// Goal: the circuit of L7 accepts what the law accepts and refuses what it refuses.
// Method: batches cleared by the naive method, and copies of them with one figure changed, are put
// to the law and to the circuit, which is executed but not proved. The only allowed difference is
// a batch that the law cannot read at all or that the circuit has no room for: no claim is made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assetsAreConserved } from '@lawbook/exchange/laws/assetsAreConserved';
import { lawContext } from '@lawbook/exchange/laws/law';
import type { BatchTransition } from '@lawbook/exchange/transition';
import fc from 'fast-check';
import { ordinaryBatch } from '../../../../testing/proofs/provingWorld.ts';
import { batchSpecs, blockedDay, hiddenDay } from '../../../../testing/world/batchSpecs.ts';
import type { LeafPath } from '../../../../testing/world/corruptions.ts';
import { corruptLeaf, leaves } from '../../../../testing/world/corruptions.ts';
import { clearedBatch, lawfulBatch } from '../../../../testing/world/lawfulBatch.ts';
import { solveWitness } from '../barretenberg/solveWitness.ts';
import { ProofFault } from '../proofFault.ts';
import { conservationClaim } from '../statements/assetsAreConserved.ts';
import type { CircuitInputs } from '../statements/statement.ts';

type Answer = 'holds' | 'refused' | 'no claim';

function lawSays(transition: BatchTransition): Answer {
  const verdict = assetsAreConserved.check(
    transition,
    lawContext(transition, { authority: 'admitted' }),
  );
  return verdict.kind === 'holds' ? 'holds' : 'refused';
}

async function circuitSays(transition: BatchTransition): Promise<Answer> {
  try {
    const { statement, witness } = conservationClaim(transition);
    await solveWitness(statement.circuit, witness.inputs);
    return 'holds';
  } catch (cause) {
    assert.ok(cause instanceof ProofFault);
    return cause.code === 'PROOF_STATEMENT_UNFIT' ? 'no claim' : 'refused';
  }
}

/** Fields that L7 reads; the others are for other laws. */
const READ = [
  /^(fills|before balances|after balances|diffs changes) /,
  /^(report (poolTrade|fees)|solution prices|parameters (feeE7|bond)|orders (pay|receive)) /,
];

function readBySeven(path: LeafPath): boolean {
  return READ.some((field) => field.test(`${path.join(' ')} `));
}

async function agree(transition: BatchTransition): Promise<Answer> {
  const [law, circuit] = [lawSays(transition), await circuitSays(transition)];
  if (circuit === 'no claim') assert.equal(law, 'refused');
  else assert.equal(circuit, law);
  return circuit;
}

test('agrees with the law on the named days', async () => {
  const hidden = { ...hiddenDay(), silent: [1] };
  for (const day of [hidden, blockedDay(), { ...hidden, haltReason: 'operator' }]) {
    assert.equal(await agree(clearedBatch({ ...day, signed: false })), 'holds');
  }
});

test('agrees with the law whenever one figure of an ordinary day is one higher', async () => {
  const day = ordinaryBatch();
  const places = leaves(day).filter(readBySeven);
  const answers = new Map<Answer, number>();
  for (const place of places) {
    const answer = await agree(corruptLeaf(day, place));
    answers.set(answer, 1 + (answers.get(answer) ?? 0));
  }
  assert.ok((answers.get('refused') ?? 0) > 50, `${places.length} places`);
});

test('leaves no private figure free', async () => {
  const { statement, witness } = conservationClaim(ordinaryBatch());
  const charges = witness.inputs['charges'] as readonly CircuitInputs[];
  for (let k = 0; k < charges.length; k += 1) {
    for (const name of ['units', 'remainder']) {
      const moved = charges.map((charge, row) =>
        row === k ? { ...charge, [name]: (charge[name] as bigint) + 1n } : charge,
      );
      await assert.rejects(
        solveWitness(statement.circuit, { ...witness.inputs, charges: moved }),
        { code: 'PROOF_STATEMENT_FALSE' },
        `charge ${k}, ${name}`,
      );
    }
  }
});

test('agrees with the law on generated batches and on copies with one figure changed', async () => {
  await fc.assert(
    fc.asyncProperty(batchSpecs, fc.nat(), async (spec, pick) => {
      const transition = lawfulBatch({ ...spec, signed: false });
      fc.pre(transition !== undefined);
      assert.equal(await agree(transition), 'holds');
      const places = leaves(transition).filter(readBySeven);
      const place = places[pick % places.length];
      if (place !== undefined) await agree(corruptLeaf(transition, place));
    }),
    { numRuns: 40 },
  );
});
