import type { AccountView, LevelView } from '@lawbook/api/schema/accountViews';
import type { ReactElement } from 'react';
import { Panel, Term } from '../../parts/marks.tsx';
import { LEVELS } from '../../words/meanings.ts';
import { counted, grouped } from '../../words/numbers.ts';
import { SpendableHeads } from '../trade/ownBalances.tsx';
import { useAssets } from './amountFields.tsx';

const ABSENT = {
  reached: '',
  notConfigured: 'This venue has nothing that takes balances to this level.',
  notTracked: 'Epochs are followed at this level, balances are not kept at it.',
  unavailable: 'What knows them does not answer at present.',
} as const;

/** Balances side by side at every level that keeps them. */
export function LevelTable({ account }: { readonly account: AccountView }): ReactElement {
  const kept = account.levels.filter(({ balances }) => balances !== undefined);
  const others = account.levels.filter(({ balances }) => balances === undefined);
  const symbols = [
    ...new Set(kept.flatMap(({ balances = [] }) => balances.map(({ symbol }) => symbol))),
  ];
  const [executed] = account.levels;
  const playMoney = new Set(
    useAssets().flatMap(({ symbol, settles }) => (settles === false ? [symbol] : [])),
  );
  return (
    <Panel
      title="Balances at each level"
      aside={<span className="num">as of sequence {counted(account.asOf.sequence)}</span>}
    >
      <div className="scroll">
        <table className="table levels">
          <thead>
            <tr>
              <SpendableHeads />
              {kept.map(({ level }) => (
                <th key={level} className="right">
                  <Term meaning={LEVELS[level]}>{level}</Term>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {symbols.map((symbol) => (
              <AssetRow
                key={symbol}
                symbol={symbol}
                kept={kept}
                executed={executed}
                isPlayMoney={playMoney.has(symbol)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {symbols.length === 0 && <p className="foot">This account owns nothing here yet.</p>}
      <p className="foot">
        Totals differ between levels while epochs are on their way; play money of the books settles
        nowhere.{' '}
        {others.map(({ level, state }) => (
          <span key={level}>
            <b>{level}</b>: {ABSENT[state]}{' '}
          </span>
        ))}
      </p>
    </Panel>
  );
}

function AssetRow({
  symbol,
  kept,
  executed,
  isPlayMoney,
}: {
  readonly symbol: string;
  readonly kept: readonly LevelView[];
  readonly executed: LevelView | undefined;
  readonly isPlayMoney: boolean;
}): ReactElement {
  const { available = '0', held = '0', total: now } = balanceOf(executed, symbol) ?? {};
  return (
    <tr>
      <td>
        <b>{symbol}</b>
      </td>
      <td className="num right">{grouped(available)}</td>
      <td className="num right dim">{Number(held) === 0 ? '–' : grouped(held)}</td>
      {kept.map((level) => {
        if (level.level === 'settled' && isPlayMoney) {
          return (
            <td key={level.level} className="right dim">
              play money
            </td>
          );
        }
        const total = balanceOf(level, symbol)?.total ?? '0';
        return (
          <td key={level.level} className={`num right ${total === now ? '' : 'warn'}`}>
            {grouped(total)}
          </td>
        );
      })}
    </tr>
  );
}

function balanceOf(level: LevelView | undefined, symbol: string) {
  return level?.balances?.find((balance) => balance.symbol === symbol);
}
