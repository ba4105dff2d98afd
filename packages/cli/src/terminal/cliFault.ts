import type { FaultFields } from '@lawbook/exchange/failures/fault';
import { Fault } from '@lawbook/exchange/failures/fault';
import type { Rejection } from '@lawbook/exchange/failures/rejection';

/** How a command ends, for scripts: 0 done, 1 refused or failed check, 2 usage, 3 unreachable. */
export const ExitCode = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Faults of commands with what each means; the page of errors is derived from this. */
export const CLI_FAULTS = {
  CLI_USAGE: 'A command was called wrongly.',
  CLI_FILE: 'A file of the command line cannot be read, written or understood.',
  CLI_REFUSED: 'The venue or the exchange refused; the rejection is in the fields.',
  CLI_WAIT_OVER: 'A wait ended before what it waited for; what was begun goes on.',
  CLI_WITHDRAWAL_RETURNED: 'A withdrawal was given back to its owner; the fields say why.',
  CLI_EPOCH_NOT_SETTLED: 'The base layer refuses an epoch, or the venue settles nowhere.',
  CLI_PROOF_MISSING: 'The epoch has no proof yet, or the bundle carries none.',
  CLI_SELF_TEST: 'A step of the self-test came out otherwise than it must.',
} as const;

/** Code of a fault of commands. */
export type CliFaultCode = keyof typeof CLI_FAULTS;

/** Something that a command needs and that did not come about. */
export class CommandFault extends Fault {
  override readonly name = 'CommandFault';

  constructor(code: CliFaultCode, message: string, fields: FaultFields = {}) {
    super(message, { code, fields, retryable: code === 'CLI_WAIT_OVER' });
  }
}

/** A wrong call of the command line itself. Code `CLI_USAGE`. */
export class UsageFault extends Fault {
  override readonly name = 'UsageFault';

  constructor(message: string) {
    super(message, { code: 'CLI_USAGE' });
  }
}

/** A file of ours that cannot be read, written or understood. Code `CLI_FILE`. */
export class FileFault extends Fault {
  override readonly name = 'FileFault';

  constructor(message: string, path: string, cause?: unknown) {
    super(message, { code: 'CLI_FILE', fields: { path }, cause });
  }
}

/** A refusal by the rules of the exchange, on its way to the last line of output. */
export class RefusedFault extends Fault {
  override readonly name = 'RefusedFault';
  readonly rejection: Pick<Rejection, 'code' | 'number' | 'field' | 'rule' | 'fix'> & {
    readonly limit?: string | undefined;
    readonly actual?: string | undefined;
  };

  constructor(rejection: RefusedFault['rejection']) {
    super(rejection.rule, { code: 'CLI_REFUSED', fields: { rejection: rejection.code } });
    this.rejection = rejection;
  }
}
