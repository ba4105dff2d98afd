import type { FlowName } from '../../packages/analytics/src/flows/bookFlow.ts';
import { BookFlow, FLOW_MARKET, FLOW_NAMES } from '../../packages/analytics/src/flows/bookFlow.ts';
import {
  COMMAND,
  COMMAND_STRIDE,
  FIELD,
} from '../../packages/exchange/src/markets/book/bookCommand.ts';
import type { BookParameters } from '../../packages/exchange/src/markets/book/bookTerms.ts';
import type { LedgerBookParameters } from '../../packages/exchange/src/markets/book/ledgerBook.ts';

/** Commands that every engine gets alike. */
export interface Flow {
  /** Encoded commands in shared memory: `untimed` of them first, then `timed`. */
  readonly commands: Float64Array;
  readonly untimed: number;
  readonly timed: number;
}

/** Flows by name; `mixed` is the normal one. */
export const SCENARIOS: readonly FlowName[] = FLOW_NAMES;
export type Scenario = FlowName;

/** The measured market, for an engine alone and for one with balances and fees. */
export const BENCH_BOOK: BookParameters = FLOW_MARKET;
export const BENCH_LEDGER_BOOK: LedgerBookParameters = FLOW_MARKET;

/** Draws a flow once, into memory that workers share. */
export function drawFlow(scenario: Scenario, timed: number, seed: number): Flow {
  const flow = new BookFlow({ scenario, timed, seed });
  const untimed = flow.setupCount;
  const doubles = (untimed + timed) * COMMAND_STRIDE;
  const commands = new Float64Array(new SharedArrayBuffer(doubles * 8));
  for (let o = 0; o < doubles; o += COMMAND_STRIDE) flow.next(commands, o);
  return { commands, untimed, timed };
}

/** Moves all ids of a flow up, so that the same flow can run once more on the same book. */
export function shiftIds(commands: Float64Array, by: number): void {
  for (let o = 0; o < commands.length; o += COMMAND_STRIDE) {
    const kind = commands[o + FIELD.kind] as number;
    if (kind === COMMAND.cancelAll || kind >= COMMAND.advanceTime) continue;
    commands[o + FIELD.orderId] = (commands[o + FIELD.orderId] as number) + by;
  }
}
