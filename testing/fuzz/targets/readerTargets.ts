import { BookScale } from '@lawbook/api/client/bookScale';
import { ClientFault } from '@lawbook/api/client/clientFault';
import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { ratioLimit } from '@lawbook/api/client/limitRatio';
import { accountView } from '@lawbook/api/schema/accountViews';
import { readAddress, readTokenWord, readWhole } from '@lawbook/cli/agreement/agreementFlags';
import {
  orderNaming,
  plainDecimal,
  readClientOrderId,
  readSpan,
  wholeSeconds,
} from '@lawbook/cli/book/orderWords';
import { addDecimals, shownDecimal } from '@lawbook/cli/book/quantities';
import { decodeAnyBundle } from '@lawbook/cli/bundles/bundleFile';
import { readCount } from '@lawbook/cli/tapes/tapeNumbers';
import { UsageFault } from '@lawbook/cli/terminal/cliFault';
import { readAmount } from '@lawbook/cli/trading/tradeWords';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { judgeBookBundle } from '@lawbook/exchange/judgeBookBundle';
import { judgeBundle } from '@lawbook/exchange/judgeBundle';
import { addressOf, parsePlace } from '../../../packages/web/src/live/route.ts';
import { readMetrics, sumOf } from '../../../packages/web/src/screens/status/readMetrics.ts';
import { verifyBytes } from '../../../packages/web/src/verify/verifyBytes.ts';
import { gather } from '../examples/playedVenues.ts';
import { samplesOf } from '../examples/schemaSamples.ts';
import type { Examined, FuzzTarget } from '../fuzzTarget.ts';
import { refused, textTarget } from '../fuzzTarget.ts';

const OWNER = `0x${'ab'.repeat(20)}`;
const BUNDLE_ROWS = 5;
const SCALE = new BookScale({
  lotUnits: 1_000n,
  tickUnits: 10n,
  baseDecimals: 6,
  quoteDecimals: 6,
});

/** What people and their programs read: words of the command, the page, bundles of strangers. */
export const READER_TARGETS: readonly FuzzTarget[] = [
  wordTarget('amount-words', ['1000 USD', '1_000.50eur'], (text) => readAmount(text.split('\t'))),
  wordTarget('decimal-words', ['1_000.5', '1,000.5', '0.000000000000000001'], (text) => {
    const plain = plainDecimal('a size', text);
    invariant(/^\d+(\.\d+)?$/.test(plain), 'a plain decimal is one');
    addDecimals(plain, shownDecimal(plain, 2).replaceAll(',', ''));
  }),
  wordTarget('order-words', ['17', 'mine', `0x${'12'.repeat(16)}`], (text) => {
    const naming = orderNaming(text);
    if ('orderId' in naming) return;
    const id = readClientOrderId(text);
    invariant(/^0x[0-9a-f]{32}$/.test(id), 'an own id has sixteen bytes');
  }),
  wordTarget('span-words', ['90s', '15m', '8h', '2d'], (text) => {
    invariant(Number.isSafeInteger(readSpan('--good-for', text)), 'a span is exact');
  }),
  wordTarget('count-words', ['1_000', '7'], (text) => readCount('--orders', text, 1, 1e9)),
  wordTarget('seconds-words', ['60'], (text) => wholeSeconds('--expires', text)),
  wordTarget('whole-words', ['0', '123456789012345678901'], (text) => readWhole('--cap', text)),
  wordTarget('address-words', [OWNER], (text) => readAddress('--to', text)),
  wordTarget('token-words', [`USD=${OWNER}:6`], readTokenWord),
  textTarget({
    name: 'limit-text',
    form: 'text',
    examples: ['1.1005', '0.000000000001', '999999'],
    read: (text) => {
      const limit = ratioLimit(text, { decimals: 6 }, { decimals: 2 });
      if (limit === undefined) return undefined;
      invariant(limit.numerator > 0n && limit.denominator > 0n, 'a limit is a positive fraction');
      return true;
    },
  }),
  textTarget({
    name: 'scale-text',
    form: 'text',
    examples: ['1.05', '0.01', '1000'],
    read: (text) => {
      const [ticks, lots] = [SCALE.ticks(text), SCALE.lots(text)];
      if (ticks !== undefined) {
        invariant(SCALE.ticks(SCALE.price(BigInt(ticks))) === ticks, 'a price reads back');
      }
      if (lots !== undefined) invariant(SCALE.lots(SCALE.size(lots)) === lots, 'a size reads back');
      return ticks === undefined && lots === undefined ? undefined : true;
    },
  }),
  textTarget({
    name: 'page-address',
    form: 'text',
    examples: ['#/epochs/12', '#trade/101', '#/verify/%F0%9F%91%8D', '#/epochs/%'],
    read: (text) => {
      const place = parsePlace(text);
      const again = parsePlace(addressOf(place.screen, ...place.rest));
      return JSON.stringify(again) === JSON.stringify(place) || 'another place';
    },
  }),
  textTarget({
    name: 'page-metrics',
    form: 'text',
    examples: ['# HELP a\na_total{b="c",d="e"} 5\na_sum 1.5e3\nb NaN\n'],
    read: (text) => {
      const metrics = readMetrics(text, 1);
      sumOf(metrics, { name: 'a_total', labels: ['b="c"'] });
      return metrics.samples.size > 0 ? true : undefined;
    },
  }),
  {
    name: 'client-answer',
    form: 'json',
    examples: () => [
      ...samplesOf(accountView).map(utf8Json),
      utf8Json({ rejection: { code: 'notFound', number: 1, field: 'a', rule: 'b', fix: 'c' } }),
    ],
    mayRefuse: true,
    examine: examineAnswer,
  },
  {
    name: 'judged-bundle',
    form: 'bytes',
    // Traders of the example of a book do not sign, to play faster.
    mayRefuse: true,
    examples: () => gather(({ rows }) => rows.get(BUNDLE_ROWS) ?? []),
    examine: examineBundle,
  },
  {
    name: 'page-verify',
    form: 'bytes',
    examples: () => gather(({ rows }) => rows.get(BUNDLE_ROWS) ?? []).filter(isOfBatches),
    examine: examinePage,
  },
];

function wordTarget(
  name: string,
  examples: readonly string[],
  read: (text: string) => unknown,
): FuzzTarget {
  return textTarget({
    name,
    form: 'text',
    examples,
    read: (text) => {
      read(text);
      return true;
    },
    isRefusal: (thrown) => thrown instanceof UsageFault,
    reasonOf: () => 'usage',
  });
}

/** A venue that answers anything: the client hands out what fits, or faults. */
async function examineAnswer(bytes: Uint8Array): Promise<Examined> {
  const client = new LawbookClient({
    baseUrl: 'http://venue',
    fetch: async () => {
      return new Response(bytes.slice(), { headers: { 'content-type': 'application/json' } });
    },
  });
  try {
    const result = await client.readAccount(OWNER);
    return result.ok ? { kind: 'decoded' } : refused('a rejection');
  } catch (cause) {
    if (cause instanceof ClientFault) return refused(cause.code);
    throw cause;
  }
}

/** What decodes is judged: laws say that it holds or where it does not, whatever it is. */
async function examineBundle(bytes: Uint8Array): Promise<Examined> {
  let any: ReturnType<typeof decodeAnyBundle>;
  try {
    any = decodeAnyBundle(bytes);
  } catch (cause) {
    if (cause instanceof DecodeError) return refused(cause.message);
    throw cause;
  }
  if (any.kind === 'book') {
    const { holds, verdicts } = judgeBookBundle(any.epoch);
    const broken = verdicts.find(({ verdict }) => verdict.kind !== 'holds');
    return holds ? { kind: 'decoded' } : refused(`breaks ${broken?.name ?? 'a finding'}`);
  }
  const { holds, batches, findings } = judgeBundle(any.bundle);
  if (holds) return { kind: 'decoded' };
  const law = batches.flat().find(({ verdict }) => verdict.kind === 'violated');
  return refused(`breaks ${law?.name ?? findings.find(({ flaw }) => flaw !== undefined)?.name}`);
}

/** The page tells in steps what holds; nothing that somebody drops onto it ends in an exception. */
async function examinePage(bytes: Uint8Array): Promise<Examined> {
  const { level } = await verifyBytes(bytes, { onStage: () => {}, onStep: () => {} });
  return level === 'refused' ? refused('a step fails') : { kind: 'decoded' };
}

/** Book epochs are no bundles of the page. */
function isOfBatches(bytes: Uint8Array): boolean {
  return (bytes[7] ?? 0) < 128;
}

function utf8Json(tree: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(tree));
}
