import { z } from 'zod';
import type { SimulatedLog } from './balanceMoves.ts';
import { BALANCES_MAX, BalanceMoves } from './balanceMoves.ts';

/** What an endpoint showed of one call, whichever method it was asked by. */
export interface CallShown {
  readonly success: boolean;
  /** Gas to reckon with: what was used at the highest, where the endpoint tells, refunds aside. */
  readonly gasUsed: bigint;
  /** What the call returned, as sent. */
  readonly returned: unknown;
  /** The endpoint's own words about the failure, as sent; undefined on success. */
  readonly words: string | undefined;
  readonly moves: BalanceMoves;
}

/** Frames of a trace at most. */
const FRAMES_MAX = 10_000;

const hexBytes = z.string().regex(/^0x([0-9a-f]{2})*$/i);
const quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/i)
  .transform(BigInt);
const address = z.string().regex(/^0x[0-9a-f]{40}$/i);
const topic = z.string().regex(/^0x[0-9a-f]{64}$/i);
const log = z
  .object({ address, topics: z.array(topic).max(4), data: hexBytes })
  .transform((raw): SimulatedLog => {
    return { address: raw.address, topics: raw.topics, payload: raw.data };
  });
const logs = z.array(log).max(BALANCES_MAX);

const simulatedBlocks = z
  .array(
    z.object({
      parentHash: z.string().optional(),
      calls: z
        .array(
          z.object({
            status: z.enum(['0x0', '0x1']),
            gasUsed: quantity,
            maxUsedGas: quantity.nullish(),
            returnData: z.string().nullish(),
            logs: logs.nullish(),
            error: z
              .object({ message: z.string().nullish(), data: z.unknown().optional() })
              .nullish(),
          }),
        )
        .length(1),
    }),
  )
  .length(1);

/**
 * Reads the answer to eth_simulateV1 with one block of one call.
 * @returns undefined for anything else.
 */
export function readSimulation(
  answer: unknown,
): { readonly call: CallShown; readonly parentHash: string | undefined } | undefined {
  const parsed = simulatedBlocks.safeParse(answer);
  const block = parsed.success ? parsed.data[0] : undefined;
  const call = block?.calls[0];
  if (block === undefined || call === undefined) return undefined;
  const moves = new BalanceMoves();
  for (const entry of call.logs ?? []) moves.readLog(entry);
  const highest = call.maxUsedGas ?? 0n;
  const success = call.status === '0x1';
  const shown: CallShown = {
    success,
    gasUsed: highest > call.gasUsed ? highest : call.gasUsed,
    returned: bytesOf(call.error?.data, call.returnData),
    words: success ? undefined : (call.error?.message ?? ''),
    moves,
  };
  return { call: shown, parentHash: block.parentHash };
}

function bytesOf(...candidates: readonly unknown[]): unknown {
  return candidates.find((bytes) => typeof bytes === 'string' && bytes !== '0x') ?? '0x';
}

const frame = z.object({
  type: z.string(),
  from: address,
  to: address.nullish(),
  value: quantity.nullish(),
  error: z.string().nullish(),
  output: z.string().nullish(),
  gasUsed: quantity.nullish(),
  logs: logs.nullish(),
  calls: z.array(z.unknown()).max(FRAMES_MAX).nullish(),
});

/** Kinds of frames that move their amount; delegated frames only repeat their parent's. */
const MOVING = new Set(['CALL', 'CREATE', 'CREATE2', 'SELFDESTRUCT']);

/**
 * Reads the answer of callTracer with logs. What a reverted frame did, and all below it, is undone.
 * @returns undefined for anything else.
 */
export function readCallTrace(answer: unknown): CallShown | undefined {
  const moves = new BalanceMoves();
  const top = frame.safeParse(answer);
  if (!top.success || top.data.gasUsed == null) return undefined;
  const pending: unknown[] = [answer];
  for (let count = 0; pending.length > 0; count += 1) {
    const parsed = frame.safeParse(pending.pop());
    if (!parsed.success || count >= FRAMES_MAX || moves.size > BALANCES_MAX) return undefined;
    const { type, from, to, value: amount, error, logs: entries, calls } = parsed.data;
    if (error != null && error !== '') continue;
    if (MOVING.has(type.toUpperCase()) && amount != null && amount > 0n) {
      if (to == null) return undefined;
      moves.move('native', from, to, amount);
    }
    for (const entry of entries ?? []) {
      // Here native amounts stand in the frames, so a log at their place is none of ours.
      if (!/^0x(e{40}|0{40})$/i.test(entry.address)) moves.readLog(entry);
    }
    pending.push(...(calls ?? []));
  }
  const failed = top.data.error != null && top.data.error !== '';
  return {
    success: !failed,
    gasUsed: top.data.gasUsed,
    returned: top.data.output ?? '0x',
    words: failed ? (top.data.error ?? '') : undefined,
    moves,
  };
}
