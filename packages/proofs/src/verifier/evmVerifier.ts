import { createEVM } from '@ethereumjs/evm';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { VerifyingKey } from '../keys/verifyingKey.ts';
import { ELEMENT_BYTES, elementsToBytes, FIELD_MODULUS } from '../statements/fieldElement.ts';
import type { Proof } from '../statements/proof.ts';
import type { Verifier } from '../statements/verifier.ts';
import { fittingProof } from '../statements/verifier.ts';

/** A verification takes about 0.6 M gas; a loop in foreign code must end too. */
const GAS_LIMIT = 30_000_000n;

/**
 * The verifier of record: executes the verifier contract's own code in an EVM in this process, in
 * Node and in browsers, in about a third of a second. No prover code, no native code, no network.
 */
export const evmVerifier: Verifier & { readonly measure: typeof measureVerification } = {
  verify: async (proof, publicInputs, verifyingKey) => {
    return (await measureVerification(proof, publicInputs, verifyingKey)).holds;
  },
  measure: measureVerification,
};

/** What the contract says, and the gas that it used inside the call. */
export interface VerificationRun {
  readonly holds: boolean;
  readonly gasUsed: bigint;
}

/** Verifies and counts the gas; 0 for a proof that is refused before any code runs. */
async function measureVerification(
  proof: Proof,
  publicInputs: readonly bigint[],
  verifyingKey: VerifyingKey,
): Promise<VerificationRun> {
  const bytes = fittingProof(proof, publicInputs, verifyingKey);
  const isReduced = publicInputs.every((element) => element >= 0n && element < FIELD_MODULUS);
  if (bytes === undefined || !isReduced) return { holds: false, gasUsed: 0n };
  const evm = await createEVM();
  const { returnValue, exceptionError, executionGasUsed } = await evm.runCode({
    code: hexToBytes(`0x${verifyingKey.verifierCode}`),
    data: verifyCall(bytes, publicInputs),
    gasLimit: GAS_LIMIT,
  });
  const holds = exceptionError === undefined && isTrue(returnValue);
  return { holds, gasUsed: executionGasUsed };
}

/** Code that answers nothing, such as no code at all, has not said yes. */
function isTrue(answer: Uint8Array): boolean {
  if (answer.length !== ELEMENT_BYTES) return false;
  return answer.every((byte, k) => byte === (k === ELEMENT_BYTES - 1 ? 1 : 0));
}

/** The first four bytes of keccak256("verify(bytes,bytes32[])"). */
const VERIFY_SELECTOR = [0xea, 0x50, 0xd0, 0xe4];

/** Call data of `verify(bytes proof, bytes32[] publicInputs)`. */
function verifyCall(proof: Uint8Array, publicInputs: readonly bigint[]): Uint8Array {
  const proofRoom = Math.ceil(proof.length / ELEMENT_BYTES) * ELEMENT_BYTES;
  const head = elementsToBytes([64n, BigInt(96 + proofRoom), BigInt(proof.length)]);
  const inputs = elementsToBytes([BigInt(publicInputs.length), ...publicInputs]);
  const call = new Uint8Array(4 + head.length + proofRoom + inputs.length);
  call.set(VERIFY_SELECTOR, 0);
  call.set(head, 4);
  call.set(proof, 4 + head.length);
  call.set(inputs, 4 + head.length + proofRoom);
  return call;
}
