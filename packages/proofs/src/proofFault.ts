import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** Every fault of proving: what it means, and whether the same call may succeed later. */
export const PROOF_FAULTS = {
  PROOF_STATEMENT_FALSE: {
    meaning: 'The witness does not satisfy the statement; no prover can prove it.',
    retryable: false,
  },
  PROOF_STATEMENT_UNFIT: {
    meaning: 'The batch does not fit the circuit: too many rows or assets, or not well formed.',
    retryable: false,
  },
  PROOF_PROVER_FAILED: {
    meaning: 'A prover ended without a proof: it crashed, was killed or ran out of memory.',
    retryable: true,
  },
  PROOF_PROVER_TIMED_OUT: {
    meaning: 'A prover did not finish within its time and was stopped.',
    retryable: true,
  },
  PROOF_QUEUE_FULL: {
    meaning: 'A prover already has as many waiting statements as it may hold.',
    retryable: true,
  },
  PROOF_NO_BACKEND: {
    meaning: 'No prover that meets the demands is available, or all of them failed.',
    retryable: true,
  },
  PROOF_STRING_INVALID: {
    meaning: 'A reference string is missing, damaged, too short or not the one that was named.',
    retryable: false,
  },
  PROOF_KEYS_FAILED: {
    meaning: 'A verifying key or its verifier contract could not be made.',
    retryable: false,
  },
  PROOF_CLOSED: {
    meaning: 'The prover was closed.',
    retryable: false,
  },
} as const;

/** Stable code of a fault of proving. */
export type ProofFaultCode = keyof typeof PROOF_FAULTS;

/** A failure of a prover, its keys or its reference string. The message says what to do next. */
export class ProofFault extends Fault {
  override readonly name = 'ProofFault';

  constructor(
    code: ProofFaultCode,
    message: string,
    detail: { readonly fields?: FaultFields; readonly cause?: unknown } = {},
  ) {
    super(message, { code, retryable: PROOF_FAULTS[code].retryable, ...detail });
  }
}
