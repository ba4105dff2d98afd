import type { BookCommand, PlaceOrder } from '../../markets/book/bookCommand.ts';
import type { BookMarketParameters } from '../../markets/book/bookMarketParameters.ts';
import type { BookJudge, BookRule } from '../../markets/book/judge/bookJudge.ts';

/** Why a command may not have been accepted. */
export interface AdmissionFault {
  readonly rule: BookRule;
  readonly expected: string;
  readonly actual: string;
}

/** Most tranches of an iceberg. */
const TRANCHES_MAX = 256;
const NOTIONAL_MAX = 2n ** 53n - 1n;

/**
 * Why a book that keeps its rules would have refused a command, in the state that the log has
 * reached. Which refusal was due is not asked: a refused command leaves no event.
 */
export function admissionFault(
  parameters: BookMarketParameters,
  command: BookCommand,
  judge: BookJudge,
): AdmissionFault | undefined {
  const { state } = judge.standing;
  const isStopped =
    (command.kind === 'place' && state !== 'open' && !(state === 'postOnly' && command.postOnly)) ||
    (command.kind === 'replace' && state !== 'open' && state !== 'postOnly') ||
    (['cancel', 'cancelAll', 'reduce'].includes(command.kind) && state === 'halted');
  if (isStopped) return fault('a state that allows it', `${command.kind} while ${state}`);
  if (command.kind === 'place') return placementFault(parameters, command, judge);
  if ('orderId' in command) {
    const order = judge.find(command.orderId);
    if (order === undefined || order.placed.account !== command.account) {
      return {
        rule: 'ordersAreKnown',
        expected: 'an own open order',
        actual: `${command.orderId}`,
      };
    }
    if (command.kind === 'reduce' && command.sizeLots >= order.filled + order.leaves) {
      return fault('a smaller size', `${command.sizeLots}`);
    }
    if (command.kind === 'replace') {
      const { displayLots, type } = order.placed;
      return sizeFault(parameters, { ...command, displayLots, type });
    }
  }
  return undefined;
}

function placementFault(
  parameters: BookMarketParameters,
  order: PlaceOrder,
  judge: BookJudge,
): AdmissionFault | undefined {
  const { account, ocoWith, trigger, timeInForce, expiresAt, triggerTicks } = order;
  if (account >= parameters.accountsMax) return fault('a number for the owner', `${account}`);
  const isTaker = timeInForce === 'ioc' || timeInForce === 'fok';
  const fits = isTaker ? !order.postOnly && order.displayLots === 0 : order.type === 'limit';
  if (!fits) return fault('terms that fit together', `${order.type} ${timeInForce}`);
  const { displayLots, sizeLots } = order;
  if (displayLots > sizeLots) return fault('no more shown than there is', `${displayLots}`);
  const isTimely = timeInForce === 'gtd' ? expiresAt > judge.standing.now : expiresAt === 0;
  if (!isTimely) return fault('an end ahead, of gtd orders alone', `${expiresAt}`);
  const most = parameters.priceTicksMax;
  const isAimed = trigger === 'none' ? triggerTicks === 0 : inRange(triggerTicks, 1, most);
  if (!isAimed) return fault('a trigger in range', `${triggerTicks}`);
  if (ocoWith !== 0) {
    const other = judge.find(ocoWith);
    const isFree = other?.placed.account === account && other.partner === undefined;
    const waits = trigger !== 'none' || other?.place === 'waiting';
    if (!isFree || !waits) return fault('a pair that may be made', `${ocoWith}`);
  }
  if (judge.openOrders.length >= parameters.ordersMax) return fault('room', 'a full book');
  return sizeFault(parameters, order);
}

function sizeFault(
  parameters: BookMarketParameters,
  order: Pick<PlaceOrder, 'priceTicks' | 'sizeLots' | 'displayLots' | 'type'>,
): AdmissionFault | undefined {
  const { priceTicks, sizeLots, displayLots, type } = order;
  if (!inRange(priceTicks, 1, parameters.priceTicksMax)) {
    return fault(`1..${parameters.priceTicksMax} ticks`, `${priceTicks}`);
  }
  if (!inRange(sizeLots, 1, parameters.sizeLotsMax)) {
    return fault(`1..${parameters.sizeLotsMax} lots`, `${sizeLots}`);
  }
  if (displayLots > 0 && sizeLots > displayLots * TRANCHES_MAX) {
    return fault('at most 256 tranches', `${displayLots} of ${sizeLots}`);
  }
  const notional = BigInt(priceTicks) * BigInt(sizeLots);
  const isSmall = type === 'limit' && notional * parameters.tickSize < parameters.notionalMin;
  if (!isSmall && notional <= NOTIONAL_MAX) return undefined;
  return fault(`a notional from ${parameters.notionalMin} units`, `${notional} ticks times lots`);
}

function inRange(x: number, low: number, high: number): boolean {
  return x >= low && x <= high;
}

function fault(expected: string, actual: string): AdmissionFault {
  return { rule: 'termsAreKept', expected, actual };
}
