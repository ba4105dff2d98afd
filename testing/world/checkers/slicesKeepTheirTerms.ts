import type { Applied } from '@lawbook/exchange/application/applied';
import { ByteWriter } from '@lawbook/exchange/codec/byteWriter';
import { taggedHash } from '@lawbook/exchange/codec/hash';
import { hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { FollowedInput } from '../auditor/journalFollower.ts';
import type { Checker, WorldView } from '../simulation/worldView.ts';
import type { ParentTerms } from '../workload/trader.ts';

/** A sliced order with what the journal shows of it. */
interface Parent {
  readonly twapId: string;
  readonly owner: AccountId;
  /** What it was asked for with, as far as its slices agree. */
  terms: readonly ParentTerms[];
  /** Number of its last slice in the journal. */
  last: number;
  filledLots: number;
  isCanceled: boolean;
  /** How often the indexes had been thrown away: what stood there only is forgotten with them. */
  readonly discards: number;
}

interface Slice {
  readonly parent: Parent;
  readonly number: number;
}

/**
 * A sliced order keeps its terms: its slices come one after another, on its side, at its worst
 * price, each the share that is due of what did not trade yet, never more than the whole, and none
 * after its owner was told that it is canceled. At rest the venue's record of it says what traded.
 */
export function slicesKeepTheirTerms(): Checker {
  const slices = new Map<string, Slice>();
  const parents = new Map<string, Parent>();
  const known = new Map<string, number>();
  let heard = 0;
  return {
    name: 'slicesKeepTheirTerms',
    check: async (view) => {
      for (const { account, parents: asked, name } of view.traders) {
        for (let k = known.get(name) ?? 0; k < asked.length; k += 1) {
          const each = asked[k];
          if (each === undefined) continue;
          const { discards } = view.store;
          const counted = { last: -1, filledLots: 0, isCanceled: false, discards };
          const { twapId, terms } = each;
          const parent: Parent = { twapId, terms, owner: account, ...counted };
          parents.set(twapId, parent);
          for (let n = 0; n < (terms[0]?.slices ?? 0); n += 1) {
            slices.set(`${account} ${sliceIdOf(twapId, n)}`, { parent, number: n });
          }
        }
        known.set(name, asked.length);
      }
      for (const followed of view.news) {
        const flaw = follow(followed, slices, view.store.discards);
        if (flaw !== undefined) return flaw;
      }
      // What was sequenced before an answer is durable by then, and was followed above.
      const { arrivals } = view.auditor;
      const unheard = arrivals.slice(heard);
      const open = unheard.findIndex(({ repliedAtMs }) => repliedAtMs === undefined);
      heard += open < 0 ? unheard.length : open;
      for (const { wishId, reply } of unheard) {
        const twapId = /^cancel twap (.*)$/.exec(wishId)?.[1];
        const parent = parents.get(twapId ?? '');
        const state = (reply?.body as { twap?: { state?: string } } | undefined)?.twap?.state;
        if (parent !== undefined && state === 'canceled') parent.isCanceled = true;
      }
      return view.isAtRest ? await compareRecords(view, parents) : undefined;
    },
  };
}

function follow(
  { input, applied, sequence }: FollowedInput,
  slices: ReadonlyMap<string, Slice>,
  discards: number,
): string | undefined {
  if (input.kind !== 'submitBookOrder') return undefined;
  const { terms } = input.entry;
  const slice = slices.get(`${terms.owner} ${terms.clientOrderId}`);
  if (slice === undefined) return undefined;
  const { parent, number } = slice;
  const name = `slice ${number} of ${parent.twapId}, input ${sequence},`;
  if (parent.isCanceled) return `${name} comes after its owner was told that none does`;
  // Where the indexes were thrown away the venue has forgotten what it had placed.
  const isKnown = parent.discards === discards;
  if (isKnown && number <= parent.last) return `${name} comes after slice ${parent.last}`;
  parent.last = number;
  const lotsDue = ({ sizeLots, slices: count }: ParentTerms): number => {
    return Math.ceil((sizeLots - parent.filledLots) / (count - number));
  };
  const agreed = parent.terms.filter((asked) => {
    const isIts = asked.side === terms.side && asked.marketId === terms.marketId;
    const isDue = !isKnown || terms.sizeLots === lotsDue(asked);
    return isIts && asked.worstTicks === terms.priceTicks && isDue;
  });
  if (agreed.length === 0 || terms.timeInForce !== 'ioc') {
    const due = parent.terms.map(lotsDue).join(' or ');
    return `${name} has ${terms.sizeLots} lots at ${terms.priceTicks}, and ${due} are due`;
  }
  parent.terms = agreed;
  parent.filledLots += tradedLots(applied);
  const whole = Math.max(...agreed.map(({ sizeLots }) => sizeLots));
  if (isKnown && parent.filledLots > whole) return `${name} trades beyond the ${whole} lots in all`;
  return undefined;
}

/** What the order that came with an input took. */
function tradedLots(applied: Applied): number {
  if (applied.kind !== 'bookApplied') return 0;
  let taker: number | undefined;
  let lots = 0;
  for (const report of applied.event.reports) {
    if (report.kind === 'new') taker ??= report.orderId;
    if (report.kind === 'trade' && report.contra === taker) lots += report.lots;
  }
  return lots;
}

async function compareRecords(
  { live, store }: WorldView,
  parents: ReadonlyMap<string, Parent>,
): Promise<string | undefined> {
  if (live === undefined) return undefined;
  const { twaps } = live.wired.venue.books;
  for (const [twapId, { owner, filledLots, discards }] of parents) {
    if (discards !== store.discards) continue;
    const record = (await twaps.list(owner, LIST_MAX)).find((each) => each.twapId === twapId);
    if (record === undefined || record.placing !== undefined) continue;
    if (record.filledLots === filledLots) continue;
    return `the venue says that ${record.filledLots} lots of ${twapId} traded, of ${filledLots}`;
  }
  return undefined;
}

const LIST_MAX = 1_000;

/** The client order id of a slice. */
function sliceIdOf(twapId: string, number: number): string {
  const bytes = new ByteWriter(24).fixed(hexToBytes(twapId), 16).u32(number).finish();
  return taggedHash('lawbook.twapSlice.v1', bytes).slice(0, 34);
}
