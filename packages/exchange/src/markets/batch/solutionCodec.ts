import type { ByteReader } from '../../codec/byteReader.ts';
import type { ByteWriter } from '../../codec/byteWriter.ts';
import type { Price } from '../../numbers/price.ts';
import type { BatchProposal, BatchSolution } from './solution.ts';

/** Appends the canonical bytes of a solution. */
export function encodeSolution(out: ByteWriter, solution: BatchSolution): void {
  out.u32(solution.prices.length);
  for (const scaled of solution.prices) out.u64(scaled);
  for (const factor of solution.payFactors) out.u64(factor);
  for (const factor of solution.receiveFactors) out.u64(factor);
  out.u32(solution.blocked.length);
  for (const row of solution.blocked) out.u32(row);
  out.u32(solution.iterations).i128(solution.stepNormE12);
}

/** @throws DecodeError on bytes that are not a canonical solution. */
export function decodeSolution(reader: ByteReader): BatchSolution {
  const prices = readPrices(reader);
  const payFactors = prices.map(() => reader.u64());
  const receiveFactors = prices.map(() => reader.u64());
  const blocked = Array.from({ length: reader.count(4) }, () => reader.u32());
  const iterations = reader.u32();
  return {
    prices,
    payFactors,
    receiveFactors,
    blocked,
    iterations,
    stepNormE12: reader.i128(),
  };
}

/** Appends the canonical bytes of a proposal. */
export function encodeProposal(out: ByteWriter, proposal: BatchProposal): void {
  if (proposal.kind === 'cleared') {
    encodeSolution(out.u8(0), proposal.solution);
    return;
  }
  out.u8(1).text(proposal.reason).u32(proposal.prices.length);
  for (const scaled of proposal.prices) out.u64(scaled);
}

/** @throws DecodeError on bytes that are not a canonical proposal. */
export function decodeProposal(reader: ByteReader): BatchProposal {
  if (!reader.flag()) return { kind: 'cleared', solution: decodeSolution(reader) };
  return { kind: 'halted', reason: reader.text(), prices: readPrices(reader) };
}

function readPrices(reader: ByteReader): Price[] {
  return Array.from({ length: reader.count(8) }, () => reader.price());
}
