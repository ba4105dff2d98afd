import type { OrderRequest } from '@lawbook/api/client/createOrder';
import type { Command } from 'commander';
import { UsageFault } from '../terminal/cliFault.ts';

/** Flags that say what to trade. */
export interface TradeFlags {
  /** `1000 USD`, as one word or two. */
  readonly pay: readonly string[];
  readonly receive: string;
  readonly limit?: string;
  /** Percent. */
  readonly minFill?: string;
  readonly market: string;
}

/** Adds the flags. */
export function withTradeFlags(command: Command): Command {
  return command
    .requiredOption('--pay <amount...>', 'most to spend, such as 1000 USD')
    .requiredOption('--receive <symbol>', 'asset or basket to receive')
    .option('--limit <rate>', 'most paid per unit received, fee included, such as 1.1005')
    .option('--min-fill <percent>', 'least part of the amount to spend, if any');
}

/** The flags as the client takes them; symbols and amounts are checked there. */
export function tradeRequest(flags: TradeFlags): OrderRequest {
  const { amountText, symbol } = readAmount(flags.pay);
  const { limit, minFill } = flags;
  return {
    pay: symbol,
    receive: flags.receive.toUpperCase(),
    amount: amountText,
    marketId: flags.market,
    ...(limit === undefined ? {} : { limit }),
    ...(minFill === undefined ? {} : { minFill: readPercent(minFill) }),
  };
}

/** Splits `1000 USD` or `1000USD`; underscores may group digits. */
export function readAmount(words: readonly string[]): {
  readonly amountText: string;
  readonly symbol: string;
} {
  const match = /^([\d_]+(?:\.\d+)?)\s*([A-Za-z][A-Za-z0-9]*)$/.exec(words.join(' '));
  if (match === null) {
    throw new UsageFault(`write an amount and a symbol such as 1000 USD, not ${words.join(' ')}`);
  }
  return {
    amountText: (match[1] as string).replaceAll('_', ''),
    symbol: (match[2] as string).toUpperCase(),
  };
}

/** Percent as a part of one, moved by two decimal places without rounding. */
function readPercent(text: string): string {
  const match = /^(\d{1,3})(?:\.(\d{1,4}))?%?$/.exec(text);
  if (match === null) throw new UsageFault(`--min-fill takes percent from 0 to 100, not ${text}`);
  const digits = (match[1] as string).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}${match[2] ?? ''}`;
}
