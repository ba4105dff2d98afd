import { ProofFault } from '../proofFault.ts';
import { CEREMONY_GROUP2_POINT } from './ceremony.ts';

/** A verifier contract, compiled; hex without prefix. */
export interface VerifierContract {
  readonly verifierCode: string;
  readonly verifierCreationCode: string;
}

/**
 * Compiles a generated verifier for a reference string. Barretenberg writes the public ceremony's
 * tau * H into the source as four words; they are replaced by those of the given string.
 *
 * @throws ProofFault PROOF_KEYS_FAILED when the source has an unknown form or does not compile.
 */
export async function compileVerifier(
  soliditySource: string,
  group2Point: string,
): Promise<VerifierContract> {
  const source = withGroup2Point(soliditySource, group2Point);
  const { default: solc } = await import('solc');
  const answer: unknown = JSON.parse(solc.compile(JSON.stringify(compilerInput(source))));
  const { contracts, errors } = answer as CompilerOutput;
  const evm = contracts?.['verifier.sol']?.['HonkVerifier']?.evm;
  if (evm === undefined) {
    const first = errors?.find(({ severity }) => severity === 'error')?.message ?? 'no contract';
    throw new ProofFault('PROOF_KEYS_FAILED', `The verifier does not compile: ${first}`);
  }
  return {
    verifierCode: evm.deployedBytecode.object,
    verifierCreationCode: evm.bytecode.object,
  };
}

/** The part of the compiler's answer that is read. */
interface CompilerOutput {
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, { evm: CompiledCode }>>>>;
  readonly errors?: readonly { readonly severity: string; readonly message: string }[];
}

interface CompiledCode {
  readonly bytecode: { readonly object: string };
  readonly deployedBytecode: { readonly object: string };
}

/** No metadata: the code depends on the source and the compiler's version alone. */
function compilerInput(content: string): unknown {
  return {
    language: 'Solidity',
    sources: { 'verifier.sol': { content } },
    settings: {
      optimizer: { enabled: true, runs: 1 },
      evmVersion: 'cancun',
      metadata: { bytecodeHash: 'none', appendCBOR: false },
      outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  };
}

function withGroup2Point(soliditySource: string, group2Point: string): string {
  let source = soliditySource;
  for (let word = 0; word < 4; word += 1) {
    const pinned = `0x${CEREMONY_GROUP2_POINT.slice(64 * word, 64 * (word + 1))}`;
    const parts = source.split(pinned);
    if (parts.length !== 2) {
      const message = 'The generated verifier holds the ceremony in another form than is known.';
      throw new ProofFault('PROOF_KEYS_FAILED', message, { fields: { word } });
    }
    source = parts.join(`0x${group2Point.slice(64 * word, 64 * (word + 1))}`);
  }
  return source;
}
