import { ChainFault } from '@lawbook/chains/chainFault';
import { resultOf } from '@lawbook/chains/endpoints/rpcAnswer';
import { RpcError, TransportError } from '@lawbook/chains/endpoints/transport';
import { revertReason } from '@lawbook/chains/gates/revertReason';
import { readCallTrace, readSimulation } from '@lawbook/chains/gates/simulationAnswers';
import { readTokenCalls } from '@lawbook/chains/gates/tokenCalls';
import { fromDurable, toDurable } from '@lawbook/chains/intents/durableJson';
import { readMessageTerms, readWire } from '@lawbook/chains/solana/embedded/wireTransaction';
import { parseBlock } from '@lawbook/chains/tracker/chainBlock';
import { decodeRefusal, refusalOfCall } from '@lawbook/settlement/baseLayer/evm/decodeRefusal';
import { decodeDeployment, encodeDeployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { Hex } from 'viem';
import { encodeErrorResult, encodeFunctionData, parseAbi } from 'viem';
import type { FuzzTarget } from '../fuzzTarget.ts';
import { refused, textTarget } from '../fuzzTarget.ts';

const ADDRESS: Hex = `0x${'ab'.repeat(20)}`;
const HASH: Hex = `0x${'cd'.repeat(32)}`;
const TOPIC: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
const ADDRESS_WORD: Hex = `0x${'00'.repeat(12)}${'ab'.repeat(20)}`;
const LOG = { address: ADDRESS, topics: [TOPIC, ADDRESS_WORD, ADDRESS_WORD], data: HASH };

const BLOCK = {
  number: '0x10',
  hash: HASH,
  parentHash: HASH,
  timestamp: '0x65000000',
  baseFeePerGas: '0x7',
  transactions: [HASH],
  logsBloom: `0x${'0'.repeat(512)}`,
};
const TRACE = {
  type: 'CALL',
  from: ADDRESS,
  to: ADDRESS,
  value: '0x5',
  gasUsed: '0x5208',
  output: '0x',
  logs: [LOG],
  calls: [{ type: 'DELEGATECALL', from: ADDRESS, to: ADDRESS, value: '0x1', calls: [] }],
};
const CALL = { status: '0x1', gasUsed: '0x5208', returnData: '0x', logs: [LOG] };

const ERRORS = parseAbi([
  'error Error(string)',
  'error Panic(uint256)',
  'error ListNumberIsNotNext(uint64 expected, uint64 actual)',
]);
const TOKEN = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function multicall(bytes[] calls)',
]);

/** What endpoints of chains answer, and what the chain engine keeps of it. */
export const CHAIN_TARGETS: readonly FuzzTarget[] = [
  jsonTarget(
    'rpc-answer',
    [
      { jsonrpc: '2.0', id: 7, result: '0x1' },
      { jsonrpc: '2.0', id: 7, error: { code: -32000, message: 'nonce too low', data: '0x12' } },
      { id: null, error: 'over capacity' },
    ],
    (answer) => {
      try {
        resultOf(answer, { endpoint: 'host', method: 'eth_call', id: 7 });
      } catch (cause) {
        // The error of an answer was read as what it is.
        if (!(cause instanceof RpcError)) throw cause;
      }
      return true;
    },
  ),
  jsonTarget(
    'chain-block',
    [BLOCK, { ...BLOCK, baseFeePerGas: null, transactions: [] }],
    (answer) => (parseBlock(answer) === undefined ? undefined : true),
  ),
  jsonTarget(
    'call-simulation',
    [
      [{ parentHash: HASH, calls: [CALL] }],
      [{ calls: [{ ...CALL, status: '0x0', error: { message: 'reverted', data: '0x08c379a0' } }] }],
    ],
    (answer) => (readSimulation(answer) === undefined ? undefined : true),
  ),
  jsonTarget('call-trace', [TRACE, { ...TRACE, error: 'out of gas' }], (answer) =>
    readCallTrace(answer) === undefined ? undefined : true,
  ),
  jsonTarget(
    'revert-of-call',
    [
      { code: 3, message: 'execution reverted', data: errorText() },
      { code: -32015, message: 'VM execution error', data: { data: `Reverted ${errorText()}` } },
    ],
    (answer) => {
      const told = answer as { code: number; message: string; data: unknown };
      const isTold = typeof told?.code === 'number' && typeof told.message === 'string';
      if (!isTold) return undefined;
      return refusalOfCall(new RpcError('eth_call', told)) === undefined ? undefined : true;
    },
  ),
  hexTarget('revert-bytes', [errorText(), panic(), named()], (bytes) => {
    revertReason(bytes);
    decodeRefusal(bytes);
  }),
  hexTarget('token-calls', [transfer(), multicall(multicall(transfer()))], (bytes) => {
    readTokenCalls(ADDRESS, bytes);
  }),
  textTarget({
    name: 'durable-json',
    form: 'json',
    examples: [toDurable({ id: 'a', amount: 2n ** 200n, list: [1n, { deep: -5n }] })],
    read: (text) => {
      fromDurable('key', text, ['id', 'amount']);
      return true;
    },
    isRefusal: (thrown) => thrown instanceof ChainFault,
  }),
  textTarget({
    name: 'deployment',
    form: 'json',
    examples: [encodeDeployment(deployment())],
    read: (text) => {
      const once = encodeDeployment(decodeDeployment(text));
      // A person may lay the text out otherwise; what it says is one thing.
      if (encodeDeployment(decodeDeployment(once)) !== once) return 'another deployment';
      return true;
    },
    isRefusal: (thrown) => thrown instanceof SettlementFault,
  }),
  {
    name: 'solana-wire',
    form: 'bytes',
    examples: () => [SOLANA_TRANSFER],
    examine: (bytes) => {
      const wire = Buffer.from(bytes).toString('base64');
      try {
        readWire(wire);
        return { kind: 'decoded' };
      } catch (cause) {
        if (cause instanceof RpcError) return refused(cause.rpcMessage);
        throw cause;
      }
    },
  },
  {
    name: 'solana-message',
    form: 'bytes',
    examples: () => [SOLANA_TRANSFER.subarray(65)],
    examine: (bytes) => {
      try {
        readMessageTerms(Buffer.from(bytes).toString('base64'));
        return { kind: 'decoded' };
      } catch (cause) {
        if (cause instanceof RpcError) return refused(cause.rpcMessage);
        throw cause;
      }
    },
  },
];

/** A legacy transfer of one lamport: one signature, two accounts and the system program. */
const SOLANA_TRANSFER: Uint8Array = Uint8Array.of(
  ...[1, ...new Uint8Array(64).fill(9)],
  ...[1, 0, 1, 3],
  ...new Uint8Array(32).fill(1),
  ...new Uint8Array(32).fill(2),
  ...new Uint8Array(32),
  ...new Uint8Array(32).fill(4),
  ...[1, 2, 2, 0, 1, 12, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
);

function deployment(): Parameters<typeof encodeDeployment>[0] {
  return {
    chainId: 31_337,
    registry: ADDRESS,
    baseLayer: ADDRESS,
    verifiers: [{ circuit: 'epochOf16', address: ADDRESS }],
    tokens: [{ symbol: 'USD', decimals: 6, address: ADDRESS }],
    deployedAtBlock: 2n ** 60n,
  };
}

function jsonTarget(
  name: string,
  examples: readonly unknown[],
  read: (answer: unknown) => true | undefined,
): FuzzTarget {
  return textTarget({
    name,
    form: 'json',
    examples: examples.map((example) => JSON.stringify(example)),
    read: (text) => {
      const parsed = parse(text);
      return parsed === undefined ? undefined : read(parsed.json);
    },
    isRefusal: (thrown) =>
      thrown instanceof ChainFault ||
      thrown instanceof RpcError ||
      thrown instanceof TransportError,
  });
}

/** Transports hand on JSON only; text that is none is refused before. */
function parse(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** Readers of bytes in hex; whatever the bytes, they say something. */
function hexTarget(name: string, examples: readonly Hex[], read: (bytes: Hex) => void): FuzzTarget {
  return {
    name,
    form: 'bytes',
    examples: () => examples.map((hex) => new Uint8Array(Buffer.from(hex.slice(2), 'hex'))),
    examine: (bytes) => {
      read(`0x${Buffer.from(bytes).toString('hex')}`);
      return { kind: 'decoded' };
    },
  };
}

function errorText(): Hex {
  return encodeErrorResult({ abi: ERRORS, errorName: 'Error', args: ['too late'] });
}

function panic(): Hex {
  return encodeErrorResult({ abi: ERRORS, errorName: 'Panic', args: [17n] });
}

function named(): Hex {
  return encodeErrorResult({ abi: ERRORS, errorName: 'ListNumberIsNotNext', args: [3n, 4n] });
}

function transfer(): Hex {
  return encodeFunctionData({ abi: TOKEN, functionName: 'transfer', args: [ADDRESS, 5n] });
}

function multicall(call: Hex): Hex {
  return encodeFunctionData({ abi: TOKEN, functionName: 'multicall', args: [[call, call]] });
}
