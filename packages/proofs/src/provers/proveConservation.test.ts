// Goal: a lawful batch is proved and its proof verifies; nothing else does.
// Method: one proof by native code and one by wasm, each shown to the verifier contract's own
// code, then with bytes, inputs, keys and labels changed. Witnesses with one corrupted figure that
// satisfy everything else must find no prover. Processes are killed and starved on purpose.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ProvingWorld } from '../../../../testing/proofs/provingWorld.ts';
import {
  ordinaryBatch,
  ordinaryClaim,
  otherClaim,
  provingWorld,
} from '../../../../testing/proofs/provingWorld.ts';
import { editAt } from '../../../../testing/world/corruptions.ts';
import { runJob } from '../barretenberg/jobProcess.ts';
import { childrenOf, residentBytes } from '../barretenberg/residentBytes.ts';
import { conservationClaim } from '../statements/assetsAreConserved.ts';
import { FIELD_MODULUS } from '../statements/fieldElement.ts';
import type { ValidityProof } from '../statements/proof.ts';
import { INSECURE_SETUP } from '../statements/proof.ts';
import type { CircuitInputs, Claim } from '../statements/statement.ts';
import { evmVerifier } from '../verifier/evmVerifier.ts';
import { CheckProver } from './check/checkProver.ts';
import { barretenbergVerifier } from './honk/barretenbergVerifier.ts';
import { HonkProver } from './honk/honkProver.ts';
import { Router } from './router/router.ts';

const LIMITS = {
  workers: 1,
  queueMax: 8,
  threads: 2,
  memoryBytesMax: 2 ** 30,
  timeoutMs: 120_000,
} as const;
const CLAIM = ordinaryClaim();

let world: ProvingWorld;
let prover: HonkProver;
let proof: ValidityProof;
before(async () => {
  world = await provingWorld('assetsAreConserved8');
  prover = new HonkProver({ ...LIMITS, string: world.string, keys: [world.key] });
  proof = await prover.prove(CLAIM.statement, CLAIM.witness);
});
after(() => prover.close());

const verifies = (shown: ValidityProof, inputs = CLAIM.statement.publicInputs): Promise<boolean> =>
  evmVerifier.verify(shown, inputs, world.key);

test('a lawful batch is proved, and the verifier contract accepts the proof', async () => {
  assert.equal(proof.setup, INSECURE_SETUP);
  const { holds, gasUsed } = await evmVerifier.measure(
    proof,
    CLAIM.statement.publicInputs,
    world.key,
  );
  assert.equal(holds, true);
  assert.ok(gasUsed < 700_000n, `${gasUsed} gas`);
});

test('Barretenberg’s own verifier accepts it and refuses a flipped byte', async () => {
  const second = barretenbergVerifier(world.string);
  const inputs = CLAIM.statement.publicInputs;
  assert.equal(await second.verify(proof, inputs, world.key), true);
  assert.equal(await second.verify(flipped(proof, 2000), inputs, world.key), false);
});

function flipped(shown: ValidityProof, place: number): ValidityProof {
  const bytes = shown.bytes.slice();
  bytes[place] = (bytes[place] as number) ^ 1;
  return { ...shown, bytes };
}

test('a proof with any part changed is refused', async () => {
  for (const place of [31, 600, 2000, 4096, proof.bytes.length - 1]) {
    assert.equal(await verifies(flipped(proof, place)), false, `byte ${place}`);
  }
  for (const length of [0, 1, proof.bytes.length - 32]) {
    assert.equal(await verifies({ ...proof, bytes: proof.bytes.slice(0, length) }), false);
  }
  assert.equal(await verifies({ ...proof, bytes: new Uint8Array([...proof.bytes, 0]) }), false);
});

test('a proof is about its own public inputs and no others', async () => {
  const { publicInputs } = CLAIM.statement;
  for (const place of [0, 57, publicInputs.length - 1]) {
    const other = publicInputs.map((x, k) => (k === place ? (x + 1n) % FIELD_MODULUS : x));
    assert.equal(await verifies(proof, other), false, `input ${place}`);
    const unreduced = publicInputs.map((x, k) => (k === place ? x + FIELD_MODULUS : x));
    assert.equal(await verifies(proof, unreduced), false, `input ${place} beyond the field`);
  }
  assert.equal(await verifies(proof, publicInputs.slice(1)), false);
  assert.equal(await verifies(proof, otherClaim().statement.publicInputs), false);
});

test('a proof is refused under another label, and by code that answers nothing', async () => {
  assert.equal(await verifies({ ...proof, circuitVersion: proof.circuitVersion + 1 }), false);
  assert.equal(await verifies({ ...proof, stringId: 'ff' }), false);
  const { publicInputs } = CLAIM.statement;
  const checked = { ...proof, kind: 'checked' } as const;
  assert.equal(await evmVerifier.verify(checked, publicInputs, world.key), false);
  const mute = { ...world.key, verifierCode: '' };
  assert.equal(await evmVerifier.verify(proof, publicInputs, mute), false);
});

test('a proof made in wasm verifies as well', async () => {
  const wasm = new HonkProver({
    ...LIMITS,
    string: world.string,
    keys: [world.key],
    engine: 'wasm',
  });
  const other = otherClaim();
  const made = await wasm.prove(other.statement, other.witness);
  assert.equal(await verifies(made, other.statement.publicInputs), true);
  assert.equal(await verifies(made), false);
  await wasm.close();
});

/** The ordinary claim with one figure of its inputs changed, and the statement to match. */
function corrupted(change: (batch: CircuitInputs) => CircuitInputs): Claim {
  const { batch, ...rest } = CLAIM.witness.inputs;
  const inputs = { ...rest, batch: change(batch as CircuitInputs) };
  return { statement: CLAIM.statement, witness: { ...CLAIM.witness, inputs } };
}

test('corrupted witnesses find no prover', async () => {
  const day = ordinaryBatch();
  const minted = conservationClaim({
    ...day,
    diffs: { ...day.diffs, changes: editAt(day.diffs.changes, 1, (units) => units + 1n) },
  });
  const skimmed = conservationClaim({
    ...day,
    report: { ...day.report, fees: day.report.fees.map((units) => units + 1n) },
  });
  // A payment in an asset that the market does not have would vanish from every sum.
  const vanished = corrupted((batch) => ({
    ...batch,
    fills: (batch['fills'] as readonly CircuitInputs[]).map((fill) => ({ ...fill, pay: 4n })),
  }));
  for (const { statement, witness } of [minted, skimmed, vanished]) {
    await assert.rejects(prover.prove(statement, witness), { code: 'PROOF_STATEMENT_FALSE' });
  }
});

test('a lawful witness proves no other statement', async () => {
  const { statement } = otherClaim();
  await assert.rejects(prover.prove(statement, CLAIM.witness), { code: 'PROOF_STATEMENT_FALSE' });
});

test('a killed child takes its native code with it and costs nothing else', async (context) => {
  if (process.platform !== 'linux') return context.skip('descendants are found on Linux only');
  const { circuit } = CLAIM.statement;
  const keyBytes = new Uint8Array(Buffer.from(world.key.keyBytes, 'hex'));
  let child = 0;
  const job = runJob<'prove'>(
    { kind: 'prove', circuit, inputs: CLAIM.witness.inputs, keyBytes },
    {
      session: { threads: 1, string: world.string, engine: 'native' },
      memoryBytesMax: LIMITS.memoryBytesMax,
      timeoutMs: LIMITS.timeoutMs,
      onStart: (pid) => {
        child = pid;
      },
    },
  );
  const ended = assert.rejects(job, { code: 'PROOF_PROVER_FAILED' });
  await until(() => childrenOf(child).length > 0);
  const family = [child, ...childrenOf(child)];
  process.kill(child, 'SIGKILL');
  await ended;
  await until(() => family.every((pid) => residentBytes(pid) === 0));
  assert.equal((await prover.prove(CLAIM.statement, CLAIM.witness)).kind, 'validity');
});

async function until(condition: () => boolean): Promise<void> {
  const givenUpAt = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < givenUpAt, 'the condition comes true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a prover that exceeds its memory is stopped', async (context) => {
  if (process.platform !== 'linux') return context.skip('memory is watched on Linux only');
  const starved = new HonkProver({
    ...LIMITS,
    memoryBytesMax: 40 * 2 ** 20,
    string: world.string,
    keys: [world.key],
  });
  await assert.rejects(starved.prove(CLAIM.statement, CLAIM.witness), {
    code: 'PROOF_PROVER_FAILED',
  });
  await starved.close();
});

test('a prover that takes too long is stopped', async () => {
  const hurried = new HonkProver({
    ...LIMITS,
    timeoutMs: 20,
    string: world.string,
    keys: [world.key],
  });
  await assert.rejects(hurried.prove(CLAIM.statement, CLAIM.witness), {
    code: 'PROOF_PROVER_TIMED_OUT',
  });
  await hurried.close();
});

test('aborting and closing give work up, waiting or running', async () => {
  const busy = new HonkProver({ ...LIMITS, string: world.string, keys: [world.key] });
  const stop = new AbortController();
  const first = busy.prove(CLAIM.statement, CLAIM.witness, { signal: stop.signal });
  const second = busy.prove(CLAIM.statement, CLAIM.witness, {
    onProgress: ({ stage }) => {
      if (stage === 'queued') stop.abort(new DOMException('enough', 'AbortError'));
    },
  });
  await assert.rejects(first, { name: 'AbortError' });
  const ends = assert.rejects(second, { code: 'PROOF_CLOSED' });
  await busy.close();
  await ends;
  await assert.rejects(busy.prove(CLAIM.statement, CLAIM.witness), { code: 'PROOF_CLOSED' });
});

test('a router proves where it may, and hands out a check where it may not', async () => {
  const backends = [
    { prover, costPerSecond: 1 },
    { prover: new CheckProver({ authority: 'admitted' }), costPerSecond: 0 },
  ];
  const asked = async (insecureSetupAllowed: boolean): Promise<string> => {
    const router = new Router({
      backends,
      demands: { checkedAllowed: true, insecureSetupAllowed, evmVerifiable: true },
      breaker: { failuresMax: 3, openMs: 10_000, openMsMax: 60_000 },
      attemptMsMax: 60_000,
      failuresMax: 2,
    });
    return (await router.prove(CLAIM.statement, CLAIM.witness)).proof.kind;
  };
  assert.equal(await asked(true), 'validity');
  assert.equal(await asked(false), 'checked');
});
