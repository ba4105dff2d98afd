/** Facts about a fault that logs and error bodies may show; never a secret. */
export type FaultFields = Readonly<Record<string, string | number | boolean>>;

/** Everything a fault carries besides its sentence. */
export interface FaultOptions {
  /** Stable upper-snake identifier; listed in docs/reference/errors.md. */
  readonly code: string;
  readonly fields?: FaultFields;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * A failure of the world around the exchange: disk, network, chain, prover.
 *
 * Thrown, never returned. The message says what failed and what to do next.
 */
export class Fault extends Error {
  override readonly name: string = 'Fault';
  readonly code: string;
  readonly fields: FaultFields;
  readonly retryable: boolean;

  constructor(message: string, options: FaultOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.fields = options.fields ?? {};
    this.retryable = options.retryable ?? false;
  }
}
