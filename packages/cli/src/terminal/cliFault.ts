import { Fault } from '@lawbook/exchange/failures/fault';
import type { Rejection } from '@lawbook/exchange/failures/rejection';

/** How a command ends, for scripts: 0 done, 1 refused or failed check, 2 usage, 3 unreachable. */
export const ExitCode = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

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
