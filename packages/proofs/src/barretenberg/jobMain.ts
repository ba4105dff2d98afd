/**
 * The child process of one job: it reads an order from its parent, answers and ends. It also ends
 * when its parent does. Barretenberg's native code follows it (it watches its own parent).
 */
import { circuitOf } from '../circuits/circuit.ts';
import { ProofFault } from '../proofFault.ts';
import type { Job, JobAnswers, JobOrder, JobReport } from './job.ts';
import { requirePoints, withBarretenberg } from './session.ts';
import { solveWitness } from './solveWitness.ts';

process.on('disconnect', () => process.exit(1));
process.once('message', (order: JobOrder) => {
  void answer(order).then(report).then(finish);
});

async function answer({ job, session }: JobOrder): Promise<JobReport> {
  try {
    if (job.kind !== 'verify' && session.string !== undefined) {
      requirePoints(session.string, circuitOf(job.circuit).gatesDyadic);
    }
    return { kind: 'answer', answer: await run(job, session) };
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    if (!(cause instanceof ProofFault)) return { kind: 'fault', code: FAILED, message };
    return { kind: 'fault', code: cause.code as typeof FAILED, message };
  }
}

const FAILED = 'PROOF_PROVER_FAILED';

async function run(job: Job, options: JobOrder['session']): Promise<JobAnswers[Job['kind']]> {
  if (job.kind === 'verify') {
    return await withBarretenberg(options, (session) => session.verify(job.raw, job.keyBytes));
  }
  const { bytecode } = circuitOf(job.circuit);
  if (job.kind === 'keys') {
    return await withBarretenberg(options, (session) => session.makeKeys(bytecode));
  }
  await report({ kind: 'stage', stage: 'witness' });
  const witness = await solveWitness(job.circuit, job.inputs);
  await report({ kind: 'stage', stage: 'proving' });
  return await withBarretenberg(options, (session) => {
    return session.prove(bytecode, witness, job.keyBytes);
  });
}

function report(message: JobReport): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

/** Nothing that a library left open may keep the child alive. */
function finish(): void {
  process.exit(0);
}
