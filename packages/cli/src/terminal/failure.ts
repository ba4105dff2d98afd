import type { Fault } from '@lawbook/exchange/failures/fault';
import { CommanderError } from 'commander';
import { ExitCode, RefusedFault, UsageFault } from './cliFault.ts';
import type { Terminal } from './terminal.ts';
import { printJson } from './terminal.ts';

/** What can end a command other than a bug: a fault, or a command line that does not parse. */
export type CommandFailure = Fault | CommanderError;

/** Codes of faults that mean that nobody answered, with what to do about it. */
const UNREACHABLE: ReadonlyMap<string, string> = new Map([
  ['VENUE_UNREACHABLE', ' Start one: lawbook start; or name it: --url.'],
  ['REQUEST_TIMED_OUT', ' Start one: lawbook start; or name it: --url.'],
  ['SETTLEMENT_UNAVAILABLE', ' Name an endpoint that answers: --rpc.'],
  ['CHAIN_TRANSPORT_FAILED', ' Name an endpoint that answers: --rpc.'],
]);

/** Codes of faults that mean: another flag would do. */
const MISUSED: ReadonlySet<string> = new Set(['CLI_USAGE', 'DATA_DIRECTORY_UNUSABLE']);

/** The exit code that a failure deserves. */
export function exitCodeOf(failure: CommandFailure): ExitCode {
  if (failure instanceof CommanderError) {
    return failure.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  }
  if (MISUSED.has(failure.code)) return ExitCode.usage;
  return UNREACHABLE.has(failure.code) ? ExitCode.unreachable : ExitCode.refused;
}

/** Says on one line what failed, by which rule and what to do; the whole as JSON for machines. */
export function reportFailure(terminal: Terminal, failure: CommandFailure, json: boolean): void {
  if (failure instanceof CommanderError) {
    // The parser has told people already; asking for help is no failure.
    const message = failure.message.replace(/^error: /, '');
    if (json && failure.exitCode !== 0) {
      printJson(terminal, { ok: false, ...failureBody(new UsageFault(message)) });
    }
  } else if (json) {
    printJson(terminal, { ok: false, ...failureBody(failure) });
  } else {
    terminal.note(failureLine(failure));
  }
}

/** A fault or a refusal as machines read it, beside `ok: false`. */
export function failureBody(failure: Fault): Readonly<Record<string, unknown>> {
  if (failure instanceof RefusedFault) return { rejection: failure.rejection };
  const { code, message, fields, retryable } = failure;
  return { fault: { code, message, fields, retryable } };
}

/** The line that a person reads; problems of a configuration take one line each. */
export function failureLine(failure: Fault): string {
  if (failure instanceof RefusedFault) return refusalLine(failure.rejection);
  const { message, code, fields } = failure;
  if (failure instanceof UsageFault) return `usage: ${message}`;
  const known = message.includes('\n')
    ? []
    : Object.entries(fields).map(([name, fact]) => ` ${name}=${fact}`);
  const next = UNREACHABLE.get(code) ?? '';
  return `failed: ${message}${next} [${code}${known.join('')}]`;
}

function refusalLine(rejection: RefusedFault['rejection']): string {
  const { code, number, field, rule, fix, limit, actual } = rejection;
  const facts = [
    ...(actual === undefined ? [] : [`found ${actual}`]),
    ...(limit === undefined ? [] : [`limit ${limit}`]),
  ];
  const found = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
  return `refused: ${code} ${number} at ${field}: ${rule}${found} ${fix}`;
}
