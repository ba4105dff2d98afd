import type { OrderView } from '@lawbook/api/schema/orderViews';
import type { EpochView } from '@lawbook/api/schema/recordViews';

/** How far an epoch or a balance has come, and what that word claims. */
export const LEVELS: Readonly<Record<EpochView['level'], string>> = {
  executed: 'The venue has applied it. That is the venue’s word.',
  checked: 'Every law was re-run on it and holds. Checked is not proven: it rests on who ran them.',
  proven: 'A proof shows the laws without anybody re-running them.',
  available: 'Its bytes are published where anybody can fetch them. This venue publishes none yet.',
  settled: 'The base layer verified the proof and moved the balances.',
  finalized: 'The base layer can no longer lose it.',
};

/** Why an order was not filled whole. */
export const RESIDUALS: Readonly<Record<string, string>> = {
  limit: 'The clearing price was worse than your limit, so the order did not trade there.',
  minimumFill: 'Less than your minimum would have traded, so nothing did.',
  blocked:
    'It could not be filled at the uniform price without breaking a rule; ' +
    'the report of the batch certifies it.',
  rationed: 'The pool was at a bound of its inventory: everybody on that side got the same part.',
  halted: 'The batch cleared without trading because the market was halted.',
  expired: 'It expired before its batch closed.',
  canceled: 'You withdrew it before its batch closed.',
};

/** What bounds a preview, in the same words but before the fact. */
export const BOUNDS: Readonly<Record<string, string>> = {
  limit: 'your limit: the price is worse than you allow',
  minimumFill: 'your minimum: less than that would trade',
  blocked: 'a rule of the batch: it cannot be filled at the uniform price',
  rationed: 'the pool’s inventory: everybody on this side gets the same part',
  halted: 'the market is halted',
  expired: 'the order would be expired',
  canceled: 'the order would be withdrawn',
};

/** The states of an order. */
export const STATUSES: Readonly<Record<OrderView['status'], string>> = {
  new: 'waits for its batch',
  partiallyFilled: 'partly filled',
  filled: 'filled',
  canceled: 'withdrawn',
  expired: 'not filled',
};

type TermName =
  | 'batch'
  | 'clearing'
  | 'mid'
  | 'cost'
  | 'held'
  | 'available'
  | 'lag'
  | 'setup'
  | 'proof'
  | 'minFill'
  | 'limit'
  | 'utilisation'
  | 'ladder'
  | 'spread'
  | 'life'
  | 'postOnly'
  | 'iceberg'
  | 'stop'
  | 'worst'
  | 'bookHeld'
  | 'estimate';

/** Words of the page that need a sentence. */
export const TERMS: Readonly<Record<TermName, string>> = {
  batch:
    'Orders are collected for about a second and cleared together, everybody at one price a ' +
    'currency. Being first in a batch gains nothing.',
  clearing: 'The one price at which everything in a batch traded.',
  mid: 'The oracle’s price: what the currency is worth elsewhere. In this demo it is invented.',
  cost: 'How much less you receive than at the mid, fee included; bps are hundredths of a percent.',
  held: 'Set aside for your open orders.',
  available: 'What you can spend now.',
  lag: 'Epochs that are traded and not yet settled on the base layer.',
  setup:
    'Everybody knows the secret of this development setup, so anybody could forge a proof. On ' +
    'this demo chain a proof shows that the machinery works, and convinces nobody.',
  proof: 'A validity proof: the laws hold for this epoch. It hides nothing and is no audit.',
  minFill: 'If less than this part of your amount would trade, nothing trades.',
  limit: 'The most you pay for one unit received, fee included. Inclusive.',
  utilisation: 'How much of the way from the target to the nearer bound the inventory has gone.',
  ladder:
    'Open orders by price. They trade at once, best price first, at one price by who came first. ' +
    'A click takes a price to the ticket; with shift also the size up to there.',
  spread: 'Between the best price somebody sells at and the best somebody buys at.',
  life: 'What happens with the part that does not trade at once.',
  postOnly: 'Refused rather than traded at once, so that you pay the maker’s fee.',
  iceberg: 'Only this much shows in the book at once. The rest goes behind others when it shows.',
  stop: 'The order waits, unseen, until the last trade reaches this price.',
  worst: 'How far past the best price the order may trade. It never rests.',
  bookHeld: 'Set aside with the order, fee included, and freed as it ends or trades for less.',
  estimate: 'By the ladder that you see. Others may be faster, and icebergs hide more.',
};
