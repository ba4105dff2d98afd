import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** Every fault of an oracle, with what it means. */
export const ORACLE_FAULTS = {
  ORACLE_FILE_INVALID: 'Recorded or configured mids are absent, damaged or not decimals.',
  ORACLE_SOURCE_INVALID: 'A source answers with something that is no quote.',
  ORACLE_SOURCE_UNREACHABLE: 'A source does not answer in time; it is asked again.',
  ORACLE_WALK_INVALID: 'The correlations of the random walk contradict one another.',
} as const;

/** Stable code of an oracle fault. */
export type OracleFaultCode = keyof typeof ORACLE_FAULTS;

/** A failure of an oracle's file or source. Only an unreachable source is worth another try. */
export class OracleFault extends Fault {
  override readonly name = 'OracleFault';

  constructor(code: OracleFaultCode, message: string, fields: FaultFields, cause?: unknown) {
    super(message, { code, fields, retryable: code === 'ORACLE_SOURCE_UNREACHABLE', cause });
  }
}
