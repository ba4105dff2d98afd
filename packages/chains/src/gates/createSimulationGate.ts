import type { Abi, Address } from 'viem';
import { numberToHex } from 'viem';
import { ChainFault } from '../chainFault.ts';
import { classifyError } from '../endpoints/classifyError.ts';
import type { EndpointPool, ErrorMeaning, ReadOptions } from '../endpoints/endpointPool.ts';
import { RpcError } from '../endpoints/transport.ts';
import type { IntentRequest, Reason } from '../intents/intent.ts';
import { brokenExpectation } from './balanceMoves.ts';
import { plainText, quotedText, revertReason } from './revertReason.ts';
import type { CallShown } from './simulationAnswers.ts';
import { readCallTrace, readSimulation } from './simulationAnswers.ts';
import type { SimulationGate, SimulationVerdict } from './simulationGate.ts';

/**
 * - `strict`: eth_simulateV1, or debug_traceCall where no endpoint offers it; else unavailable.
 * - `estimateOnly`: eth_call and eth_estimateGas, for chains whose endpoints offer neither. Balance
 *   changes stay unseen, so intents that state expected deltas are refused.
 */
export type SimulationMode = 'strict' | 'estimateOnly';

/** What the gate asks, and how. */
export interface SimulationGateOptions {
  readonly pool: EndpointPool;
  readonly chainId: number;
  readonly mode: SimulationMode;
  /** Custom errors of the contracts that are called, to name their reverts. */
  readonly errors?: Abi;
}

/** Runs intents at a pinned block; everything that is not certain is `unavailable`. */
export function createSimulationGate(options: SimulationGateOptions): SimulationGate {
  return {
    async simulate(request, at) {
      try {
        return await simulate(options, { request, ...at });
      } catch (fault) {
        return verdictOfFault(fault, { options, ...at });
      }
    },
  };
}

type Place = Parameters<SimulationGate['simulate']>[1];
type Question = Place & { readonly request: IntentRequest };

async function simulate(
  options: SimulationGateOptions,
  question: Question,
): Promise<SimulationVerdict> {
  if (options.mode === 'estimateOnly') return await estimate(options, question);
  const { pool } = options;
  if (await pool.offers('simulateV1')) {
    try {
      return await simulateV1(options, question);
    } catch (fault) {
      // Some nodes simulate calls but no creations: anvil is one of them.
      if (!isBeyondMethod(fault) || !(await pool.offers('traceCall'))) throw fault;
      return await traceCall(options, question);
    }
  }
  if (await pool.offers('traceCall')) return await traceCall(options, question);
  return unavailable('No endpoint offers eth_simulateV1 or debug_traceCall; add one that does.', {
    rule: 'capability',
  });
}

function isBeyondMethod(fault: unknown): boolean {
  if (!(fault instanceof RpcError)) return false;
  return ['invalidParameters', 'methodUnsupported'].includes(classifyError(fault, 'read').meaning);
}

async function simulateV1(
  options: SimulationGateOptions,
  question: Question,
): Promise<SimulationVerdict> {
  const { block, request, signer } = question;
  const payload = {
    blockStateCalls: [{ calls: [callOf(options, question)] }],
    traceTransfers: true,
    validation: false,
  };
  const call = { method: 'eth_simulateV1', params: [payload, numberToHex(block.number)] };
  const shown = readSimulation(await options.pool.read(call, readOptions(question)));
  if (shown === undefined) return unreadable(call.method);
  // The simulated block stands on the block that the endpoint has at this number. Anvil leaves its
  // parent at zero, and then says nothing about it.
  const { parentHash } = shown;
  const tells = parentHash !== undefined && !/^0x0*$/.test(parentHash);
  if (tells && !sameHex(parentHash, block.hash)) {
    return unavailable('The endpoint has another block at the height of the simulation.', {
      rule: 'pinnedBlock',
      limit: block.hash,
      actual: plainText(parentHash),
    });
  }
  const { moves, success } = shown.call;
  const pays = request.amount > 0n && !(request.to !== undefined && sameHex(request.to, signer));
  if (success && pays && !moves.sees('native', signer)) {
    return unavailable('The endpoint does not show native transfers in its simulations.', {
      rule: 'traceTransfers',
    });
  }
  return judge(options, question, shown.call);
}

async function traceCall(
  options: SimulationGateOptions,
  question: Question,
): Promise<SimulationVerdict> {
  const { block } = question;
  const tracer = { tracer: 'callTracer', tracerConfig: { withLog: true } };
  // Pinned by its hash: an endpoint on another branch refuses instead of answering for its own.
  const place = { blockHash: block.hash };
  const params = [callOf(options, question), place, tracer];
  const call = { method: 'debug_traceCall', params };
  const shown = readCallTrace(await options.pool.read(call, readOptions(question)));
  return shown === undefined ? unreadable(call.method) : judge(options, question, shown);
}

async function estimate(
  options: SimulationGateOptions,
  question: Question,
): Promise<SimulationVerdict> {
  const { request, block } = question;
  if (request.expects.length > 0) {
    const sentence =
      'Balance changes cannot be checked on this chain: add an endpoint with eth_simulateV1 or ' +
      'state no expected deltas.';
    const fields = { rule: 'estimateOnly', expects: String(request.expects.length) };
    return { kind: 'failed', reason: { code: 'simulationUnavailable', sentence, fields } };
  }
  const params = [callOf(options, question), numberToHex(block.number)];
  await options.pool.read({ method: 'eth_call', params }, readOptions(question));
  const call = { method: 'eth_estimateGas', params };
  const answer = await options.pool.read(call, readOptions(question));
  if (typeof answer !== 'string' || !/^0x[0-9a-f]{1,16}$/i.test(answer)) {
    return unreadable(call.method);
  }
  return { kind: 'passed', gasUsed: BigInt(answer), deltas: [] };
}

function judge(
  options: SimulationGateOptions,
  { request, signer }: Question,
  shown: CallShown,
): SimulationVerdict {
  const { success, gasUsed, moves } = shown;
  if (!success) return failed(failureText(shown, options.errors), { rule: 'reverted' });
  const broken = brokenExpectation(moves, request.expects);
  if (broken !== undefined) return { kind: 'failed', reason: broken };
  const accounts = [signer, ...request.expects.map(({ account }) => account)];
  return { kind: 'passed', gasUsed, deltas: moves.shown(accounts) };
}

/** The contract's reason where it gave one, else the endpoint's words: out of gas, no funds. */
function failureText({ returned, words }: CallShown, errors: Abi | undefined): string {
  const own = plainText(words ?? '');
  if (returned === '0x' && own !== '' && !/revert/i.test(own)) return `failed: ${quotedText(own)}`;
  return revertReason(returned, errors);
}

/** Meanings of an error by which the call itself, and not the endpoint, is at fault. */
const OWN_FAULT: ReadonlySet<ErrorMeaning> = new Set<ErrorMeaning>([
  'reverted',
  'insufficientFunds',
  'gasLimitTooLow',
  'gasLimitTooHigh',
]);

function verdictOfFault(
  fault: unknown,
  { options, signal }: { readonly options: SimulationGateOptions; readonly signal?: AbortSignal },
): SimulationVerdict {
  if (fault instanceof RpcError) {
    const { meaning } = classifyError(fault, 'read');
    const words = plainText(fault.rpcMessage);
    if (meaning === 'reverted') {
      const text = revertReason(fault.detail ?? '0x', options.errors);
      return failed(text, { rule: 'reverted', node: words });
    }
    if (OWN_FAULT.has(meaning))
      return failed(`failed: ${quotedText(words)}`, { rule: meaning, node: words });
    return unavailable('The endpoints refuse to run the call.', { rule: meaning, node: words });
  }
  if (fault instanceof ChainFault) {
    return unavailable('No endpoint ran the call; it is tried again.', { rule: fault.code });
  }
  if (signal?.aborted === true)
    return unavailable('The simulation was ended.', { rule: 'aborted' });
  throw fault;
}

function callOf(options: SimulationGateOptions, question: Question): Record<string, string> {
  const { to, amount, callData, gasLimit } = question.request;
  return {
    // Endpoints of another chain refuse by it.
    chainId: numberToHex(options.chainId),
    from: question.signer,
    ...(to === undefined ? {} : { to }),
    value: numberToHex(amount),
    input: callData,
    ...(gasLimit === undefined ? {} : { gas: numberToHex(gasLimit) }),
  };
}

function readOptions({ block, signal }: Question): ReadOptions {
  const abort = signal === undefined ? {} : { signal };
  return { atLeastBlock: block.number, priority: 'high', ...abort };
}

function failed(text: string, fields: Reason['fields']): SimulationVerdict {
  const sentence = `The transaction would fail: ${text}.`;
  return {
    kind: 'failed',
    reason: { code: 'simulationFailed', sentence, fields: { ...fields, revert: text } },
  };
}

function unavailable(sentence: string, fields: Reason['fields']): SimulationVerdict {
  return { kind: 'unavailable', reason: { code: 'simulationUnavailable', sentence, fields } };
}

function unreadable(method: string): SimulationVerdict {
  return unavailable(`The answer to ${method} cannot be read: look at the endpoint.`, {
    rule: 'unreadable',
    method,
  });
}

function sameHex(a: Address | string, b: Address | string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
