// Goal: a statement reaches whoever can prove it, failing backends are left, and false statements
// are not passed around.
// Method: backends that do what the test scripts, beside the real check; a clock moved by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { ordinaryClaim, otherClaim } from '../../../../../testing/proofs/provingWorld.ts';
import { ProofFault } from '../../proofFault.ts';
import type { Proof } from '../../statements/proof.ts';
import { CheckProver } from '../check/checkProver.ts';
import type { Capabilities, Load, ProveOptions, Prover } from '../prover.ts';
import type { Decision, DecisionInputs } from './decision.ts';
import { decide } from './decision.ts';
import type { RouterOptions } from './router.ts';
import { Router } from './router.ts';

const CLAIM = ordinaryClaim();
const PROOF: Proof = {
  kind: 'validity',
  system: 'ultraHonk',
  circuit: 'assetsAreConserved8',
  circuitVersion: 1,
  setup: 'ceremony',
  stringId: '00',
  publicInputs: CLAIM.statement.publicInputs,
  bytes: new Uint8Array(),
};

const CAPABILITIES: Capabilities = {
  ...new CheckProver({ authority: 'admitted' }).capabilities,
  kind: 'validity',
  evmVerifiable: true,
};

type Step = 'proves' | 'fails' | 'hangs' | 'is full' | 'finds it false' | 'has a bug';

/** A backend that takes its steps from a list; the last one repeats. */
class Scripted implements Prover {
  readonly id: string;
  readonly capabilities = CAPABILITIES;
  asked = 0;
  readonly #steps: readonly Step[];

  constructor(id: string, ...steps: readonly Step[]) {
    this.id = id;
    this.#steps = steps;
  }

  async prove(_: unknown, __: unknown, { signal }: ProveOptions = {}): Promise<Proof> {
    const step = this.#steps[Math.min(this.asked, this.#steps.length - 1)];
    this.asked += 1;
    if (step === 'proves') return PROOF;
    if (step === 'fails') throw new ProofFault('PROOF_PROVER_FAILED', 'It broke.');
    invariant(step !== 'has a bug', 'the backend is sound');
    if (step === 'is full') throw new ProofFault('PROOF_QUEUE_FULL', 'It is full.');
    if (step === 'finds it false') throw new ProofFault('PROOF_STATEMENT_FALSE', 'It is false.');
    return await new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  }

  load(): Load {
    return { running: 0, queued: 0, workers: 1, queueMax: 1 };
  }

  async close(): Promise<void> {}
}

function routerOf(provers: readonly Prover[], changes: Partial<RouterOptions> = {}): Router {
  return new Router({
    backends: provers.map((prover, k) => ({ prover, costPerSecond: k })),
    demands: { checkedAllowed: true, insecureSetupAllowed: false },
    breaker: { failuresMax: 2, openMs: 1000, openMsMax: 4000 },
    attemptMsMax: 20,
    failuresMax: 1,
    ...changes,
  });
}

test('falls back on failure, on a full queue and on a prover that hangs', async () => {
  for (const step of ['fails', 'is full', 'hangs'] as const) {
    const router = routerOf([new Scripted('first', step), new Scripted('second', 'proves')]);
    const { proof, backend } = await router.prove(CLAIM.statement, CLAIM.witness);
    assert.equal(backend, 'second');
    assert.equal(proof.kind, 'validity');
  }
});

test('a killed prover costs a retry', async () => {
  const only = new Scripted('only', 'fails', 'proves');
  const router = routerOf([only], { failuresMax: 2 });
  assert.equal((await router.prove(CLAIM.statement, CLAIM.witness)).backend, 'only');
  assert.equal(only.asked, 2);
});

test('hands out a check where nothing proves, and nothing where a proof is demanded', async () => {
  const check = new CheckProver({ authority: 'admitted' });
  const { proof } = await routerOf([new Scripted('first', 'fails'), check]).prove(
    CLAIM.statement,
    CLAIM.witness,
  );
  assert.equal(proof.kind, 'checked');
  const strict = routerOf([new Scripted('first', 'fails'), check], {
    demands: { checkedAllowed: false, insecureSetupAllowed: false },
  });
  await assert.rejects(strict.prove(CLAIM.statement, CLAIM.witness), {
    code: 'PROOF_NO_BACKEND',
    fields: { circuit: 'assetsAreConserved8', tried: 'first' },
  });
});

test('a false statement is told at once and blames nobody', async () => {
  const second = new Scripted('second', 'proves');
  const router = routerOf([new Scripted('first', 'finds it false'), second]);
  await assert.rejects(router.prove(CLAIM.statement, CLAIM.witness), {
    code: 'PROOF_STATEMENT_FALSE',
  });
  assert.equal(second.asked, 0);
  assert.equal(router.report()[0]?.failed, 0);
});

test('a bug of a backend is told at once and not hidden by another backend', async () => {
  const second = new Scripted('second', 'proves');
  const router = routerOf([new Scripted('first', 'has a bug'), second]);
  await assert.rejects(router.prove(CLAIM.statement, CLAIM.witness), {
    name: 'InvariantViolation',
    message: 'the backend is sound',
  });
  assert.equal(second.asked, 0);
});

test('leaves a failing backend alone until its probe is due, then returns to it', async () => {
  let nowMs = 0;
  const first = new Scripted('first', 'fails', 'fails', 'proves');
  const router = routerOf([first, new Scripted('second', 'proves')], {
    now: () => {
      nowMs += 1;
      return nowMs;
    },
  });
  const ask = async (): Promise<string> =>
    (await router.prove(CLAIM.statement, CLAIM.witness)).backend;
  assert.deepEqual([await ask(), await ask(), await ask()], ['second', 'second', 'second']);
  assert.equal(first.asked, 2);
  assert.equal(router.report()[0]?.breaker, 'open');
  nowMs = 2000;
  assert.equal(await ask(), 'first');
  assert.equal(router.report()[0]?.breaker, 'closed');
});

test('logs decisions that can be taken again', async () => {
  const log: [DecisionInputs, Decision][] = [];
  const router = routerOf([new Scripted('first', 'fails'), new Scripted('second', 'proves')], {
    onDecision: (inputs, decision) => log.push([structuredClone(inputs), decision]),
  });
  await router.prove(CLAIM.statement, CLAIM.witness);
  assert.deepEqual(
    log.map(([, { chosen }]) => chosen),
    ['first', 'second'],
  );
  for (const [inputs, decision] of log) assert.deepEqual(decide(inputs), decision);
});

test('stops when the caller does', async () => {
  const router = routerOf([new Scripted('first', 'hangs')], { attemptMsMax: 60_000 });
  const stop = new AbortController();
  const { statement, witness } = otherClaim();
  const asked = router.prove(statement, witness, { signal: stop.signal });
  stop.abort(new DOMException('enough', 'AbortError'));
  await assert.rejects(asked, { name: 'AbortError' });
  assert.equal(router.report()[0]?.failed, 0);
  await router.close();
});
