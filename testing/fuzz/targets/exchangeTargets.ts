import { decodeState, encodeState } from '@lawbook/exchange/application/stateCodec';
import { decodeBookBundle, encodeBookBundle } from '@lawbook/exchange/bookBundle';
import { decodeBundle, encodeBundle } from '@lawbook/exchange/bundle';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import { decodeDiffs, encodeDiffs } from '@lawbook/exchange/diffs/stateDiff';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { decodeInput, encodeInput } from '@lawbook/exchange/inputs';
import { decodeOracle, encodeOracle } from '@lawbook/exchange/markets/batch/oracleSnapshot';
import { decodeParameters, encodeParameters } from '@lawbook/exchange/markets/batch/parameters';
import { decodeReport, encodeReport } from '@lawbook/exchange/markets/batch/report';
import type { BatchProposal } from '@lawbook/exchange/markets/batch/solution';
import { decodeProposal, encodeProposal } from '@lawbook/exchange/markets/batch/solutionCodec';
import type { BookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import { decodeBookEvent, encodeBookEvent } from '@lawbook/exchange/markets/book/bookEvent';
import type { BookImage } from '@lawbook/exchange/markets/book/bookImage';
import { decodeBookImage, encodeBookImage } from '@lawbook/exchange/markets/book/bookImage';
import { decodeOrder, encodeOrder } from '@lawbook/exchange/orders/orderCodec';
import { gather, gatherRows } from '../examples/playedVenues.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';
import { codecTarget, whole } from '../fuzzTarget.ts';

/** First bytes of the keys of bundles in the index. */
const BUNDLE_ROWS = 5;
/** The byte of a bundle that tells its format. */
const VERSION_AT = 7;

/** The codecs of the exchange: what is hashed, journaled, kept in snapshots and handed out. */
export const EXCHANGE_TARGETS: readonly FuzzTarget[] = [
  codecTarget({
    name: 'input',
    examples: oneOfEachInput,
    decode: decodeInput,
    encode: encodeInput,
  }),
  codecTarget({
    name: 'state',
    examples: () => gather(({ states }) => states),
    decode: decodeState,
    encode: encodeState,
  }),
  codecTarget({
    name: 'bundle',
    examples: () => bundles((version) => version < 128).flatMap((bytes) => [bytes, full(bytes)]),
    decode: decodeBundle,
    encode: encodeBundle,
  }),
  codecTarget({
    name: 'book-bundle',
    examples: () => bundles((version) => version >= 128),
    decode: decodeBookBundle,
    encode: encodeBookBundle,
  }),
  codecTarget({
    name: 'diffs',
    examples: () => batchBundles().map(({ diffs }) => encodeDiffs(diffs)),
    decode: whole(decodeDiffs),
    encode: encodeDiffs,
  }),
  codecTarget({
    name: 'oracle-snapshot',
    examples: () => transitions().map(({ oracle }) => encodeOracle(oracle)),
    decode: decodeOracle,
    encode: encodeOracle,
  }),
  codecTarget({
    name: 'batch-parameters',
    examples: () => transitions().map(({ parameters }) => encodeParameters(parameters)),
    decode: whole(decodeParameters),
    encode: encodeParameters,
  }),
  codecTarget({
    name: 'batch-report',
    examples: () => transitions().map(({ report }) => encodeReport(report)),
    decode: whole(decodeReport),
    encode: encodeReport,
  }),
  codecTarget({
    name: 'batch-proposal',
    examples: () => proposals(),
    decode: whole(decodeProposal),
    encode: (proposal: BatchProposal) => written((out) => encodeProposal(out, proposal)),
  }),
  codecTarget({
    name: 'batch-order',
    examples: () => transitions().map(({ orders }) => encodeOrder(orders.order(0))),
    decode: whole(decodeOrder),
    encode: encodeOrder,
  }),
  codecTarget({
    name: 'book-event',
    examples: () =>
      bookEpoch().events.map((event) => written((out) => encodeBookEvent(out, event))),
    decode: whole(decodeBookEvent),
    encode: (event: BookEvent) => written((out) => encodeBookEvent(out, event)),
  }),
  codecTarget({
    name: 'book-image',
    examples: () => [written((out) => encodeBookImage(out, bookEpoch().opening))],
    decode: whole(decodeBookImage),
    encode: (image: BookImage) => written((out) => encodeBookImage(out, image)),
  }),
];

/** The shortest input of every kind. */
function oneOfEachInput(): Uint8Array[] {
  const kinds = new Map<string, Uint8Array>();
  for (const bytes of gather(({ inputs }) => inputs)) {
    const { kind } = decodeInput(bytes).input;
    if (!kinds.has(kind)) kinds.set(kind, bytes);
  }
  return [...kinds.values()];
}

function bundles(isWanted: (version: number) => boolean): Uint8Array[] {
  return gatherRows(BUNDLE_ROWS).filter((bytes) => isWanted(bytes[VERSION_AT] ?? 0));
}

/** The same epoch with attachments of every length class. */
function full(bytes: Uint8Array): Uint8Array {
  const attachments = [
    { name: 'a', bytes: new Uint8Array(0) },
    { name: 'settlement', bytes: Uint8Array.of(1, 2, 3) },
  ];
  return encodeBundle({ ...decodeBundle(bytes), attachments });
}

function batchBundles(): ReturnType<typeof decodeBundle>[] {
  return bundles((version) => version < 128).map(decodeBundle);
}

function transitions(): ReturnType<typeof decodeBundle>['batches'] {
  return batchBundles().flatMap(({ batches }) => batches);
}

function bookEpoch(): ReturnType<typeof decodeBookBundle> {
  const [bytes] = bundles((version) => version >= 128);
  invariant(bytes !== undefined, 'a book epoch was sealed');
  return decodeBookBundle(bytes);
}

function proposals(): Uint8Array[] {
  const halted = { kind: 'halted' as const, reason: 'ein Grund', prices: [] };
  const cleared = transitions().map(({ solution }) => ({ kind: 'cleared' as const, solution }));
  return [halted, ...cleared].map((proposal) => written((out) => encodeProposal(out, proposal)));
}

function written(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  write(out);
  return out.finish();
}
