import type { AssetView } from '@lawbook/api/schema/marketViews';
import type { BaseLayerView } from '@lawbook/api/schema/settlementViews';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import type { ReactElement } from 'react';
import { useState } from 'react';
import type { Desk } from '../../live/desk.ts';
import { useLive } from '../../live/live.ts';
import { counted } from '../../words/numbers.ts';
import { MoneyForm } from './moneyForm.tsx';
import { useAct } from './useAct.ts';

/** Brings tokens from the chain into the vault of the account. */
export function DepositForm({
  own,
  layer,
}: {
  readonly own: Desk;
  readonly layer: BaseLayerView;
}): ReactElement {
  const [act, begin] = useAct();
  const [newest] = useLive(own.deposits);
  const [before, setBefore] = useState<number>();
  const isPlayMoney = layer.rpcUrl !== undefined;
  const deposit = (asset: AssetView, units: Amount): void => {
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
    <MoneyForm
      title="Deposit"
      hint={
        isPlayMoney
          ? 'From your address on the development chain; a faucet gives what you lack.'
          : 'From your wallet on the chain: an allowance of just this amount, then the deposit.'
      }
      amount="1000"
      button={['Deposit', 'On the chain']}
      act={act}
      begin={deposit}
    >
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
    </MoneyForm>
  );
}
