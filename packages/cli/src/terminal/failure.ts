import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { Fault } from '@lawbook/exchange/failures/fault';
import { CommanderError } from 'commander';
import { ExitCode, RefusedFault, UsageFault } from './cliFault.ts';
import type { Terminal } from './terminal.ts';
import { printJson } from './terminal.ts';

/** Codes of faults that mean: nobody answered there. */
const UNREACHABLE: ReadonlySet<string> = new Set(['VENUE_UNREACHABLE', 'REQUEST_TIMED_OUT']);

/** The exit code that a failure deserves. */
export function exitCodeOf(failure: unknown): ExitCode {
  if (failure instanceof CommanderError) {
    return failure.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  }
  if (failure instanceof UsageFault) return ExitCode.usage;
  if (failure instanceof Fault && UNREACHABLE.has(failure.code)) return ExitCode.unreachable;
  return ExitCode.refused;
}

/** Says on one line what failed, by which rule and what to do; the whole as JSON for machines. */
export function reportFailure(terminal: Terminal, failure: unknown, json: boolean): void {
  if (failure instanceof CommanderError) return;
  if (json) printJson(terminal, { ok: false, ...failureBody(failure) });
  else terminal.note(failureLine(failure));
}

function failureBody(failure: unknown): Readonly<Record<string, unknown>> {
  if (failure instanceof RefusedFault) return { rejection: failure.rejection };
  if (failure instanceof Fault) {
    const { code, message, fields, retryable } = failure;
    return { fault: { code, message, fields, retryable } };
  }
  return { fault: { code: 'DECODE', message: messageOf(failure) } };
}

/** The line that a person reads. */
export function failureLine(failure: unknown): string {
  if (failure instanceof RefusedFault) {
    const { code, number, field, rule, fix, limit, actual } = failure.rejection;
    const facts = [
      ...(actual === undefined ? [] : [`found ${actual}`]),
      ...(limit === undefined ? [] : [`limit ${limit}`]),
    ];
    const found = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
    return `refused: ${code} ${number} at ${field}: ${rule}${found} ${fix}`;
  }
  if (failure instanceof UsageFault) return `usage: ${failure.message}`;
  if (failure instanceof Fault) return faultLine(failure);
  return `failed: ${messageOf(failure)}`;
}

/** The sentence of a fault, its code and what it knows; problems of many lines say it all. */
function faultLine({ message, code, fields }: Fault): string {
  const known = message.includes('\n')
    ? []
    : Object.entries(fields).map(([name, fact]) => ` ${name}=${fact}`);
  const next = UNREACHABLE.has(code) ? ' Start one: lawbook start; or name it: --url.' : '';
  return `failed: ${message}${next} [${code}${known.join('')}]`;
}

/** Bytes that do not decode are an expected failure; anything else is a bug and keeps its stack. */
function messageOf(failure: unknown): string {
  if (failure instanceof DecodeError) return `these bytes are not canonical: ${failure.message}`;
  return failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
}
