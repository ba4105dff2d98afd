import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** Why an oracle could not read its source. */
export type OracleFaultCode =
  | 'ORACLE_FILE_INVALID'
  | 'ORACLE_SOURCE_INVALID'
  | 'ORACLE_SOURCE_UNREACHABLE'
  | 'ORACLE_WALK_INVALID';

/** A failure of an oracle's file or source. Only an unreachable source is worth another try. */
export class OracleFault extends Fault {
  override readonly name = 'OracleFault';

  constructor(code: OracleFaultCode, message: string, fields: FaultFields, cause?: unknown) {
    super(message, { code, fields, retryable: code === 'ORACLE_SOURCE_UNREACHABLE', cause });
  }
}
