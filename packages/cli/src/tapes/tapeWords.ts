import { COMMAND, COMMAND_STRIDE, FIELD } from '@lawbook/exchange/markets/book/bookCommand';
import {
  MARKET_STATE,
  ORDER_TYPE,
  SELF_TRADE_POLICY,
  SIDE,
  TERM,
  TIME_IN_FORCE,
  TRIGGER,
  TRIGGER_SOURCE,
} from '@lawbook/exchange/markets/book/bookTerms';

/** Names of the nine commands, in order of their numbers. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMAND);

/** A command of a tape as people read it: fields that it does not use are absent. */
export interface TapeRow {
  readonly kind: string;
  readonly orderId?: number;
  readonly account?: number;
  readonly side?: string;
  readonly priceTicks?: number;
  readonly sizeLots?: number;
  /** Everything else that the command says. */
  readonly more: string;
}

/** The command numbered `k` in words. Numbers that stand for no word are shown as they are. */
export function tapeRow(commands: Float64Array, k: number): TapeRow {
  const field = (place: number): number => commands[k * COMMAND_STRIDE + place] as number;
  const number = field(FIELD.kind);
  const kind = COMMAND_NAMES[number - 1] ?? String(number);
  const account = field(FIELD.account);
  const orderId = field(FIELD.orderId);
  const [priceTicks, sizeLots] = [field(FIELD.price), field(FIELD.size)];
  switch (number) {
    case COMMAND.place: {
      const side = word(SIDE, field(FIELD.terms) & TERM.sideMask);
      return { kind, orderId, account, side, priceTicks, sizeLots, more: termsText(field) };
    }
    case COMMAND.cancel:
      return { kind, orderId, account, more: '' };
    case COMMAND.reduce:
      return { kind, orderId, account, sizeLots, more: '' };
    case COMMAND.replace:
      return { kind, orderId, account, priceTicks, sizeLots, more: '' };
    case COMMAND.oraclePrice:
      return { kind, priceTicks, more: '' };
    case COMMAND.marketState:
      return { kind, more: word(MARKET_STATE, field(FIELD.terms)) };
    case COMMAND.advanceTime:
      return { kind, more: `to ${field(FIELD.time)}` };
    case COMMAND.heartbeat:
      return { kind, account, more: `until ${field(FIELD.time)}` };
    default:
      return { kind, account, more: '' };
  }
}

function termsText(field: (place: number) => number): string {
  const terms = field(FIELD.terms);
  const trigger = (terms >> TERM.triggerShift) & TERM.triggerMask;
  const source = word(TRIGGER_SOURCE, (terms >> TERM.sourceShift) & TERM.sourceMask);
  const waits = `${word(TRIGGER, trigger)} at ${field(FIELD.trigger)} of ${source}`;
  const policy = (terms >> TERM.stpShift) & TERM.stpMask;
  const words = [
    word(ORDER_TYPE, (terms >> TERM.typeShift) & TERM.typeMask),
    word(TIME_IN_FORCE, (terms >> TERM.tifShift) & TERM.tifMask),
    ...((terms & TERM.postOnlyBit) === 0 ? [] : ['postOnly']),
    ...(policy === SELF_TRADE_POLICY.cancelResting ? [] : [word(SELF_TRADE_POLICY, policy)]),
    ...(field(FIELD.time) === 0 ? [] : [`until ${field(FIELD.time)}`]),
    ...(field(FIELD.display) === 0 ? [] : [`shows ${field(FIELD.display)}`]),
    ...(trigger === TRIGGER.none ? [] : [waits]),
    ...(field(FIELD.ocoWith) === 0 ? [] : [`pairs with ${field(FIELD.ocoWith)}`]),
  ];
  return words.join(' ');
}

function word(words: Readonly<Record<string, number>>, number: number): string {
  return Object.keys(words).find((name) => words[name] === number) ?? String(number);
}
