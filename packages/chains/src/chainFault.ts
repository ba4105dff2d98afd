import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** Every fault of the chain engine: what it means, and whether the same call may succeed later. */
export const CHAIN_FAULTS = {
  CHAIN_CONFIG_INVALID: {
    meaning: 'The configuration of a chain, endpoint, signer or store cannot work as it stands.',
    retryable: false,
  },
  CHAIN_ENDPOINTS_UNAVAILABLE: {
    meaning: 'No endpoint answered in time.',
    retryable: true,
  },
  CHAIN_ENDPOINTS_BEHIND: {
    meaning: 'No endpoint has reached the block that the read asks for.',
    retryable: true,
  },
  CHAIN_TRANSPORT_FAILED: {
    meaning: 'One endpoint was refused, reset, too slow, or answered with something unreadable.',
    retryable: true,
  },
  CHAIN_RPC_ERROR: {
    meaning: 'An endpoint answered with a JSON-RPC error about the call itself.',
    retryable: false,
  },
  CHAIN_METHOD_UNSUPPORTED: {
    meaning: 'No endpoint offers a method that the call needs.',
    retryable: false,
  },
  CHAIN_STORE_UNAVAILABLE: {
    meaning: 'The store of intents failed; nothing is broadcast without a durable record.',
    retryable: true,
  },
  CHAIN_STORE_CORRUPT: {
    meaning: 'The store holds something that this engine did not write.',
    retryable: false,
  },
  CHAIN_LANE_FENCED: {
    meaning: 'Another process took over the lane; this one has stopped writing and broadcasting.',
    retryable: false,
  },
  CHAIN_LANE_HALTED: {
    meaning: 'A lane stopped for an operator, after a reorganisation beyond its finality.',
    retryable: false,
  },
  CHAIN_KEY_REUSED: {
    meaning: 'An idempotency key was used before with another request.',
    retryable: false,
  },
  CHAIN_INTENT_INVALID: {
    meaning: 'An intent breaks a rule before anything is stored.',
    retryable: false,
  },
  CHAIN_INTENT_UNKNOWN: {
    meaning: 'No intent has this idempotency key.',
    retryable: false,
  },
  CHAIN_SIGNER_FAILED: {
    meaning: 'The signer refused or failed to sign.',
    retryable: true,
  },
  CHAIN_PROCESS_FAILED: {
    meaning: 'An embedded chain could not be started, or ended by itself.',
    retryable: true,
  },
  CHAIN_CLOSED: {
    meaning: 'The engine was closed.',
    retryable: false,
  },
} as const;

/** Stable code of a fault of the chain engine. */
export type ChainFaultCode = keyof typeof CHAIN_FAULTS;

/** A failure of a chain, an endpoint, a store or a signer. The message says what to do next. */
export class ChainFault extends Fault {
  override readonly name = 'ChainFault';

  constructor(
    code: ChainFaultCode,
    message: string,
    detail: { readonly fields?: FaultFields; readonly cause?: unknown } = {},
  ) {
    super(message, { code, retryable: CHAIN_FAULTS[code].retryable, ...detail });
  }
}
