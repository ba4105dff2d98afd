import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** Every fault of settling: what it means, and whether the same call may succeed later. */
export const SETTLEMENT_FAULTS = {
  SETTLEMENT_UNAVAILABLE: {
    meaning: 'The base layer does not answer, or not in time. Nothing is lost; it is asked again.',
    retryable: true,
  },
  SETTLEMENT_REFUSED: {
    meaning: 'The base layer refuses an act by one of its rules; the fields name the rule.',
    retryable: false,
  },
  SETTLEMENT_UNCERTAIN: {
    meaning:
      'Nobody can tell yet whether an act took place. It must not be repeated under a new name.',
    retryable: true,
  },
  SETTLEMENT_CONFIG_INVALID: {
    meaning: 'The base layer is not the one that was configured, or lacks what the venue needs.',
    retryable: false,
  },
  SETTLEMENT_DIVERGED: {
    meaning: 'The settled prefix of the base layer is not what this venue sealed; trading halts.',
    retryable: false,
  },
  SETTLEMENT_CLOSED: {
    meaning: 'The base layer was closed.',
    retryable: false,
  },
} as const;

/** Stable code of a fault of settling. */
export type SettlementFaultCode = keyof typeof SETTLEMENT_FAULTS;

/** A failure of a base layer or of the way to it. The message says what to do next. */
export class SettlementFault extends Fault {
  override readonly name = 'SettlementFault';

  constructor(
    code: SettlementFaultCode,
    message: string,
    detail: { readonly fields?: FaultFields; readonly cause?: unknown } = {},
  ) {
    super(message, { code, retryable: SETTLEMENT_FAULTS[code].retryable, ...detail });
  }
}
