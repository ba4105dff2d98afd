import { at } from '@lawbook/exchange/failures/invariant';
import { judgeEpoch } from '@lawbook/exchange/laws/judge';
import type { Authority } from '@lawbook/exchange/laws/law';
import { CIRCUIT_VERSION } from '../../circuits/circuitVersion.ts';
import { ProofFault } from '../../proofFault.ts';
import { conservationClaim } from '../../statements/assetsAreConserved.ts';
import type { CheckedReport } from '../../statements/proof.ts';
import type { Statement, Witness } from '../../statements/statement.ts';
import type { Capabilities, Load, ProveOptions, Prover } from '../prover.ts';

/**
 * Not a prover: judges the batches again by every law and says `checked`. The fallback of last
 * resort, which shows that a venue still keeps its laws while nothing can be proved.
 */
export class CheckProver implements Prover {
  readonly id = 'check';
  readonly capabilities: Capabilities = {
    kind: 'checked',
    transparent: true,
    setup: 'none',
    insecureSetup: false,
    evmVerifiable: false,
    zeroKnowledge: false,
    recursive: false,
    postQuantum: true,
    circuits: ['assetsAreConserved8'],
    gatesMax: Number.MAX_SAFE_INTEGER,
    measured: [{ gates: 1, proveMs: 10, memoryBytes: 0, proofBytes: 0 }],
  };
  readonly #authority: Authority;

  constructor(authority: Authority) {
    this.#authority = authority;
  }

  async prove(
    statement: Statement,
    { batches, netted }: Witness,
    { signal, onProgress }: ProveOptions = {},
  ): Promise<CheckedReport> {
    signal?.throwIfAborted();
    const { circuit, publicInputs } = statement;
    const {
      batches: verdicts,
      chain,
      netting,
      holds,
    } = judgeEpoch({ batches, diffs: netted, withdrawals: [] }, this.#authority);
    if (!holds) {
      const broken = verdicts.flat().find(({ verdict }) => verdict.kind === 'violated');
      const joint = chain.kind === 'violated' ? 'chain' : netting.kind;
      throw falseStatement(circuit, `law ${broken?.id ?? joint} is violated`);
    }
    // The laws hold for these batches; they must also be the batches that the statement is about.
    const own = conservationClaim(at(batches, 0)).statement.publicInputs;
    const same = own.length === publicInputs.length && own.every((x, k) => x === publicInputs[k]);
    if (batches.length !== 1 || !same) {
      throw falseStatement(circuit, 'the batches give other public inputs');
    }
    onProgress?.({ stage: 'proved' });
    return { kind: 'checked', circuit, circuitVersion: CIRCUIT_VERSION, publicInputs };
  }

  load(): Load {
    return { running: 0, queued: 0, workers: 1, queueMax: 0 };
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}

function falseStatement(circuit: string, reason: string): ProofFault {
  const message = `The statement does not hold: ${reason}.`;
  return new ProofFault('PROOF_STATEMENT_FALSE', message, { fields: { circuit } });
}
