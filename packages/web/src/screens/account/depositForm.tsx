import type { BaseLayerView } from '@lawbook/api/schema/settlementViews';
import { parseDecimal } from '@lawbook/exchange/numbers/amount';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import type { Desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { Panel } from '../../parts/marks.tsx';
import { counted, plainDecimal } from '../../words/numbers.ts';
import { ActSteps } from './actSteps.tsx';
import type { TypedAmount } from './amountFields.tsx';
import { AmountFields, useCrossingAssets } from './amountFields.tsx';
import { useAct } from './useAct.ts';

/** Brings tokens from the chain into the vault of the account. */
export function DepositForm({
  own,
  layer,
}: {
  readonly own: Desk;
  readonly layer: BaseLayerView;
}): ReactElement {
  const assets = useCrossingAssets();
  const [typed, setTyped] = useState<TypedAmount>({ symbol: 'USD', amount: '1000' });
  const [act, begin] = useAct();
  const [newest] = useLive(own.deposits);
  const [before, setBefore] = useState<number>();
  const asset = assets.find(({ symbol }) => symbol === typed.symbol);
  const units =
    asset === undefined ? undefined : parseDecimal(plainDecimal(typed.amount), asset.decimals);
  const isPlayMoney = layer.rpcUrl !== undefined;
  const deposit = (event: FormEvent): void => {
    event.preventDefault();
    if (asset === undefined || units === undefined || units === 0n) return;
    setBefore(newest?.depositNumber ?? 0);
    begin(async (onStep) => {
      const { depositTokens } = await import('../../chain/vaultMoney.ts');
      const parts = { who: own.who, layer, onStep };
      await depositTokens({ assetId: Number(asset.assetId), units }, parts);
      own.reread();
    });
  };
  const isCredited = before !== undefined && (newest?.depositNumber ?? 0) > before;
  const isWaiting = before !== undefined && !act.isBusy && act.trouble === undefined && !isCredited;
  return (
    <Panel title="Deposit">
      <form className="sources-form" onSubmit={deposit}>
        <p className="hint">
          {isPlayMoney
            ? 'From your address on the development chain; a faucet gives what you lack.'
            : 'From your wallet on the chain: an allowance of just this amount, then the deposit.'}
        </p>
        <AmountFields label="Amount" typed={typed} assets={assets} change={setTyped} />
        {units === undefined && asset !== undefined && (
          <p className="hint bad">
            A positive decimal with at most {asset.decimals} digits after the point.
          </p>
        )}
        <button
          type="submit"
          className="button button-main"
          disabled={act.isBusy || units === undefined || units === 0n}
        >
          {act.isBusy ? 'On the chain' : 'Deposit'}
        </button>
        <ActSteps act={act} />
        {isWaiting && (
          <p className="hint" role="status">
            Credited once the chain can no longer lose it.
          </p>
        )}
        {isCredited && newest !== undefined && (
          <p className="good" role="status" data-testid="credited">
            Credited: {newest.amount} {newest.symbol} as sequence {counted(newest.sequence)}.
          </p>
        )}
      </form>
    </Panel>
  );
}
