import type { Bindings, DestinationStream, Logger, LoggerOptions } from 'pino';
import { pino } from 'pino';
import type { LogLevel } from '../config/config.ts';
import { lineRedaction, redactFields } from './redaction.ts';

/** How the venue logs. */
export interface LoggerChoices {
  readonly level: LogLevel;
  /** Secrets that this process knows, masked wherever they appear. */
  readonly secrets?: readonly string[];
  /** Standard error unless given: standard output carries results. */
  readonly destination?: DestinationStream;
}

/**
 * The structured logger of a venue: one JSON object per line, time as ISO 8601 in UTC.
 *
 * Fields by convention: `traceId` for a request, `orderHash`, `accountId`, `sequence`, `marketId`.
 * No line carries a secret: fields with secret names are masked at any depth, then known secrets
 * and credentials in URLs and headers are masked in the finished line.
 */
export function createLogger({
  level,
  secrets = [],
  destination = pino.destination(2),
}: LoggerChoices): Logger {
  const options: LoggerOptions = {
    level,
    base: { service: 'lawbook' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: redactFields,
      bindings: redactFields,
    },
    // `redactFields` has already written errors and requests as plain fields.
    serializers: { err: keep, req: keep, res: keep },
    hooks: { streamWrite: lineRedaction(secrets) },
  };
  const logger = pino(options, destination);
  return redactChildren(logger);
}

/** Children inherit this `child`; pino itself does not pass their bindings through a formatter. */
function redactChildren(logger: Logger): Logger {
  const make: (bindings: Bindings, choices?: object) => unknown = logger.child;
  const child = function (this: Logger, bindings: Bindings, choices?: object): unknown {
    return make.call(this, redactFields(bindings), choices);
  };
  return Object.defineProperty(logger, 'child', { value: child });
}

function keep(written: unknown): unknown {
  return written;
}
