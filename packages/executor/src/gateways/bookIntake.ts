import type { BookWish } from '@lawbook/api/client/bookWishes';
import { readWish, wishDigest } from '@lawbook/api/client/bookWishes';
import type { BookAction, BookActionAnswer } from '@lawbook/api/schema/bookActions';
import { Fault } from '@lawbook/exchange/failures/fault';
import { unreachable } from '@lawbook/exchange/failures/invariant';
import type { Refused } from '@lawbook/exchange/failures/rejection';
import { refuse } from '@lawbook/exchange/failures/rejection';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { BookInput } from '@lawbook/exchange/markets/book/bookInputs';
import { BookSigning } from '@lawbook/exchange/orders/bookSigning';
import type { Asker, GatewayCore } from './gatewayCore.ts';
import { measureAnswer } from './measureAnswer.ts';
import { ownerConsent } from './ownerConsent.ts';
import { presentExecution } from './present/presentBook.ts';

/** Takes wishes for books from any gateway: limits, consent, then the venue. */
export class BookIntake {
  readonly #core: GatewayCore;
  readonly #signing: BookSigning;

  constructor(core: GatewayCore) {
    this.#core = core;
    this.#signing = new BookSigning(core.venue.signing.domain);
  }

  /** One of three answers per action. They reach the sequencer in the order in which they came. */
  submit(actions: readonly BookAction[], asker: Asker): Promise<BookActionAnswer[]> {
    const { metrics } = this.#core.dependencies;
    const began = performance.now();
    return Promise.all(
      actions.map(async (action, k) => {
        const answer = await this.#act(action, asker, `actions[${k}]`);
        if (action.kind === 'order') measureAnswer(metrics, answer, began);
        return answer;
      }),
    );
  }

  async #act(action: BookAction, asker: Asker, place: string): Promise<BookActionAnswer> {
    const { venue, dependencies, gate } = this.#core;
    const marketId = Number(action.marketId);
    if (!venue.state.books.has(marketId)) {
      return answerRefused(refuse('marketUnknown', { field: 'marketId', actual: marketId }));
    }
    const idRefused = refuseLongIds(action);
    if (idRefused !== undefined) return answerRefused(idRefused);
    const wish = readWish(action);
    const { owner } = wish.terms;
    const claim = {
      owner,
      digest: wishDigest(wish, this.#signing),
      ...('expiresAtMs' in wish.terms && { lastsUntilMs: wish.terms.expiresAtMs }),
      signature: action.signature,
    };
    const consent = ownerConsent(venue, claim, asker.caller, dependencies.clock());
    if (!consent.ok) return answerRefused(consent);
    const refused = this.#refuseLimited(owner, asker) ?? gate.enter(place);
    if (refused !== undefined) return answerRefused(refused);
    try {
      const result = await venue.books.submit(inputOf(wish, consent.value));
      if (!result.ok) return answerRefused(result);
      const { orderId, executions, ...rest } = result.value;
      const views = executions.map((report) => presentExecution(venue.state, marketId, report));
      return { kind: 'accepted', orderId: String(orderId), ...rest, executions: views };
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      dependencies.log.error({ err: cause }, 'a write was not made durable');
      return answerRefused(refuse('notAdmitting', { field: 'venue', actual: cause.code }));
    } finally {
      gate.leave();
    }
  }

  #refuseLimited(owner: AccountId, { quotas }: Asker): Refused | undefined {
    const { dependencies, accountBuckets } = this.#core;
    const quota = accountBuckets.take(owner, 1, dependencies.clock());
    quotas.push(quota);
    if (quota.allowed) return undefined;
    return refuse('rateLimited', { field: 'owner', limit: quota.limit, actual: owner });
  }
}

/** Codes that say nothing about the wish itself: the venue did not take it. */
const NOT_RECEIVED: ReadonlySet<string> = new Set(['notAdmitting', 'rateLimited']);

function answerRefused({ rejection }: Refused): BookActionAnswer {
  const kind = NOT_RECEIVED.has(rejection.code) ? 'notReceived' : 'rejected';
  return { kind, rejection };
}

/** Ids stay below 2^53 in a book: a larger one names no order. */
function refuseLongIds(action: BookAction): Refused | undefined {
  const field = action.kind === 'order' ? 'ocoWith' : 'orderId';
  const id = (action as { readonly ocoWith?: string; readonly orderId?: string })[field];
  if (id === undefined || Number.isSafeInteger(Number(id))) return undefined;
  return refuse('orderUnknown', { field, actual: id });
}

/** The input that carries a wish with its owner's consent. */
function inputOf(wish: BookWish, authorisation: Uint8Array): BookInput {
  switch (wish.kind) {
    case 'order':
      return { kind: 'submitBookOrder', entry: { terms: wish.terms, authorisation } };
    case 'amend':
      return { kind: 'amendBookOrder', entry: { terms: wish.terms, authorisation } };
    case 'cancel':
      return { kind: 'cancelBookOrder', entry: { terms: wish.terms, authorisation } };
    case 'cancelAll':
      return { kind: 'cancelAllBookOrders', entry: { terms: wish.terms, authorisation } };
    case 'heartbeat':
      return { kind: 'bookHeartbeat', entry: { terms: wish.terms, authorisation } };
    default:
      return unreachable(wish);
  }
}
