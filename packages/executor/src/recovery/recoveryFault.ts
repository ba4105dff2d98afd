import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';

/** Every fault of a recovery from the base layer, with what it means. */
export const RECOVERY_FAULTS = {
  RECOVERY_NOT_POSSIBLE: 'Nothing on the base layer, or no configuration of it, to recover from.',
  RECOVERY_NOT_NEEDED: 'There is a journal: it knows more than the base layer.',
  RECOVERY_NOT_YET: 'The base layer still moves: what was sent before is not final.',
} as const;

/** Code of a fault of recovery. */
export type RecoveryFaultCode = keyof typeof RECOVERY_FAULTS;

/** Why a venue is not rebuilt from its base layer. Nothing was changed. */
export class RecoveryFault extends Fault {
  override readonly name = 'RecoveryFault';

  constructor(
    code: RecoveryFaultCode,
    message: string,
    detail: { readonly fields?: FaultFields; readonly cause?: unknown } = {},
  ) {
    super(message, { code, retryable: code === 'RECOVERY_NOT_YET', ...detail });
  }
}
