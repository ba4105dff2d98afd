import { parseExact } from '@lawbook/analytics/exactDecimal';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { bytesToHex, parseHex } from '@lawbook/exchange/codec/hex';
import { at } from '@lawbook/exchange/failures/invariant';
import { accountId, parseAccountId } from '@lawbook/exchange/ledger/account';
import { formatDecimal, parseDecimal } from '@lawbook/exchange/numbers/amount';
import { parseClientOrderId } from '@lawbook/exchange/orders/bookOrder';
import { EPOCH_SHAPES } from '@lawbook/proofs/circuits/epochCircuit';
import type { SettlementAttachment } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import {
  decodeSettlementAttachment,
  encodeSettlementAttachment,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { parseDeltaKey, printBase58 } from '@lawbook/settlement/baseLayer/delta/deltaKey';
import { readSdlState, readVault } from '@lawbook/settlement/baseLayer/delta/deltaWire';
import { parseExactJson, printExactJson } from '@lawbook/settlement/baseLayer/delta/exactJson';
import { decodeLawInput, encodeLawInput } from '@lawbook/settlement/baseLayer/delta/lawInput';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import { parseClaim } from '../../../packages/executor/src/gateways/sessionKeys.ts';
import { parsePriceDecimal } from '../../../packages/executor/src/oracles/decimalPrice.ts';
import type { JsonSource } from '../../../packages/executor/src/oracles/jsonSource.ts';
import { readAnswer } from '../../../packages/executor/src/oracles/jsonSource.ts';
import { OracleFault } from '../../../packages/executor/src/oracles/oracleFault.ts';
import { parseRateTable } from '../../../packages/executor/src/oracles/rateTable.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';
import { codecTarget, sentenceOf, textTarget } from '../fuzzTarget.ts';

const ADDRESS = `0x${'ab'.repeat(20)}`;
const SYMBOLS = ['EUR', 'JPY'];
const SOURCE: JsonSource = {
  name: 'test',
  url: 'https://rates.example',
  quotes: 'unitsPerUsd',
  mapPath: '/rates',
  timePath: '/time',
};

/** Plain text: numbers, addresses, tables, and the JSON of oracles and of Delta. */
export const TEXT_TARGETS: readonly FuzzTarget[] = [
  textTarget({
    name: 'amount-text',
    form: 'text',
    examples: ['0', '1234.56', '9223372036854.775807', '0.000001'],
    read: (text) => {
      const units = parseDecimal(text, 6);
      if (units === undefined) return undefined;
      return parseDecimal(formatDecimal(units, 6), 6) === units || 'another amount';
    },
  }),
  plainTarget('price-text', ['1.1591515', '8.8e-3', '9223372.036854775807'], parsePriceDecimal),
  plainTarget('exact-text', ['-0.70', '0.000000125', '1.25e-7'], parseExact),
  plainTarget('account-text', [ADDRESS, ADDRESS.toUpperCase().replace('X', 'x')], (text) =>
    parseAccountId(text),
  ),
  plainTarget('client-order-id', [`0x${'12'.repeat(16)}`], parseClientOrderId),
  plainTarget(
    'session-claim',
    [`Lawbook 0x${'a1'.repeat(32)}:170:0x${'b2'.repeat(32)}`],
    parseClaim,
  ),
  textTarget({
    name: 'hex-text',
    form: 'text',
    examples: ['0x', '0x00ff', `0x${'Ab'.repeat(40)}`],
    read: (text) => {
      const bytes = parseHex(text);
      return bytes === undefined ? undefined : bytesToHex(bytes) === text.toLowerCase() || 'other';
    },
  }),
  textTarget({
    name: 'delta-key',
    form: 'text',
    examples: [printBase58(new Uint8Array(32).fill(7)), printBase58(new Uint8Array(32))],
    read: (text) => {
      const key = parseDeltaKey(text);
      return key === undefined ? undefined : printBase58(key);
    },
  }),
  textTarget({
    name: 'rate-table',
    form: 'text',
    examples: ['date,EUR,JPY\n2024-01-02,1.09,0.0071\n2024-01-03,1.1,0.0072\n'],
    read: (text) => (parseRateTable(text, SYMBOLS).length > 0 ? true : undefined),
    isRefusal: (thrown) => thrown instanceof OracleFault,
    reasonOf: (thrown) => sentenceOf(thrown).split(': ').at(-1) ?? '',
  }),
  textTarget({
    name: 'oracle-answer',
    form: 'json',
    examples: [
      '{"rates":{"EUR":0.92,"JPY":"141.5","CHF":null},"time":"2024-01-02T03:04:05Z"}',
      '{"rates":{"EUR":9.2e-1},"time":1704164645000}',
    ],
    read: (text) => {
      readAnswer(SOURCE, text, { symbols: SYMBOLS, nowMs: 1_700_000_000_000 });
      return true;
    },
    isRefusal: (thrown) => thrown instanceof OracleFault,
  }),
  textTarget({
    name: 'exact-json',
    form: 'json',
    examples: ['{"a":[18446744073709551616,-1,1.5,"t",null,true],"b":{}}'],
    read: (text) => {
      const tree = parseExactJson(text);
      if (tree === undefined) return undefined;
      const printed = printExactJson(tree);
      return printExactJson(parseExactJson(printed) ?? null) === printed || 'another tree';
    },
  }),
  textTarget({
    name: 'delta-vault',
    form: 'json',
    examples: [
      '{"balance":5,"shard":1,"data":{"TokenHoldings":{"fungibles":{"abc":18446744073709551615}}}}',
      '{"balance":0,"shard":0,"data":null}',
    ],
    read: (text) => {
      const tree = parseExactJson(text);
      if (tree === undefined) return undefined;
      readVault(tree, malformed);
      return true;
    },
    isRefusal: (thrown) => thrown instanceof SettlementFault,
  }),
  textTarget({
    name: 'delta-list-state',
    form: 'json',
    examples: ['"Proving"', '{"ProvingFailed":"no"}'],
    read: (text) => {
      readSdlState(parseExactJson(text), 'state', malformed);
      return true;
    },
    isRefusal: (thrown) => thrown instanceof SettlementFault,
  }),
  codecTarget({
    name: 'delta-law-input',
    examples: () => [
      encodeLawInput({
        head: { shard: 1, listNumber: 2n, previousListHash: ZERO_HASH, listHash: ZERO_HASH },
        proof: { circuit: 1, dataCommitment: 2n ** 255n, bytes: Uint8Array.of(1, 2, 3) },
      }),
    ],
    decode: decodeLawInput,
    encode: encodeLawInput,
  }),
  codecTarget({
    name: 'settlement-attachment',
    examples: () => ATTACHMENTS.map(encodeSettlementAttachment),
    decode: decodeSettlementAttachment,
    encode: encodeSettlementAttachment,
  }),
];

function malformed(field: string, expected: string): SettlementFault {
  return new SettlementFault('SETTLEMENT_UNAVAILABLE', `${field} is not ${expected}`);
}

function plainTarget(
  name: string,
  examples: readonly string[],
  parse: (text: string) => unknown,
): FuzzTarget {
  const read = (text: string): true | undefined => (parse(text) === undefined ? undefined : true);
  return textTarget({ name, form: 'text', examples, read });
}

const PROVEN: SettlementAttachment = {
  place: {
    shard: 1,
    listNumber: 4n,
    previousListHash: ZERO_HASH,
    listHash: ZERO_HASH,
    dataCommitment: 11n,
  },
  proof: {
    kind: 'validity',
    system: 'ultraHonk',
    circuit: at(EPOCH_SHAPES, 0).name,
    circuitVersion: 1,
    setup: 'ceremony',
    stringId: '00'.repeat(32),
    publicInputs: [11n, 12n, 13n],
    bytes: new Uint8Array(64).fill(1),
  },
};

const ATTACHMENTS: readonly SettlementAttachment[] = [
  PROVEN,
  {
    ...PROVEN,
    transaction: {
      chainId: 31_337n,
      contract: accountId(ADDRESS),
      transactionHash: ZERO_HASH,
      blockNumber: 77n,
    },
  },
];
