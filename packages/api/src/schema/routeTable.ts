import * as account from './accountRoutes.ts';
import * as bookOperator from './bookOperatorRoutes.ts';
import * as book from './bookRoutes.ts';
import * as crossing from './crossingRoutes.ts';
import * as market from './marketRoutes.ts';
import * as operator from './operatorRoutes.ts';
import * as order from './orderRoutes.ts';
import type { AnyRoute, Route } from './route.ts';
import * as twap from './twapRoutes.ts';

const any = <P, Q, B, R>(route: Route<P, Q, B, R>): AnyRoute => route as unknown as AnyRoute;

/** Every route of the venue that has a schema, in the order of the documentation. */
export const ROUTES: readonly AnyRoute[] = [
  any(market.listAssets),
  any(market.listMarkets),
  any(market.readMarket),
  any(market.readOracle),
  any(market.readPool),
  any(market.readPrices),
  any(market.listCandles),
  any(market.readDepth),
  any(account.readAccount),
  any(account.readVault),
  any(crossing.requestWithdrawal),
  any(crossing.listWithdrawals),
  any(crossing.listDeposits),
  any(order.submitOrders),
  any(order.listOrders),
  any(order.readOrder),
  any(order.cancelOrder),
  any(order.commitOrder),
  any(order.revealOrder),
  any(order.previewOrder),
  any(book.listBooks),
  any(book.readBook),
  any(book.readBookDepth),
  any(book.listTrades),
  any(book.listBookCandles),
  any(book.listBookOrders),
  any(book.listFills),
  any(book.listBookEpochs),
  any(book.readBookEpoch),
  any(book.submitBookActions),
  any(twap.placeTwap),
  any(twap.listTwaps),
  any(twap.cancelTwap),
  any(market.listBatches),
  any(market.readBatch),
  any(market.listEpochs),
  any(market.readEpoch),
  any(market.readBundle),
  any(market.readVerdicts),
  any(market.readProof),
  any(market.readBaseLayerTransaction),
  any(market.listLaws),
  any(account.openSession),
  any(account.listSessions),
  any(account.closeSession),
  any(account.readTypedData),
  any(operator.registerAsset),
  any(operator.createMarket),
  any(operator.setParameters),
  any(operator.haltMarket),
  any(operator.resumeMarket),
  any(operator.voidBatch),
  any(bookOperator.createBook),
  any(bookOperator.setBookState),
  any(operator.creditDeposit),
  any(account.readStatus),
  any(account.readAgreement),
  any(account.readSettlement),
  any(account.readLiveness),
  any(account.readReadiness),
  any(account.readMetrics),
  any(account.readHealth),
  any(account.readLegacyVault),
  any(account.submitVerifiables),
];
