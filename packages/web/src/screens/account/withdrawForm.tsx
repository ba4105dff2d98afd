import type { AssetView } from '@lawbook/api/schema/marketViews';
import type { BaseLayerView } from '@lawbook/api/schema/settlementViews';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import type { ReactElement } from 'react';
import type { Desk } from '../../live/desk.ts';
import { MoneyForm } from './moneyForm.tsx';
import { useAct } from './useAct.ts';

/** Epochs settle within minutes; a withdrawal that nobody paid in a day is given back. */
const EXPIRES_MS = 86_400_000;

/** Takes money out: a signed withdrawal, debited at once, paid with the next epoch. */
export function WithdrawForm({
  own,
  layer,
}: {
  readonly own: Desk;
  readonly layer: BaseLayerView;
}): ReactElement {
  const [act, begin] = useAct();
  const withdraw = (asset: AssetView, units: Amount): void => {
    begin(async (onStep) => {
      const { account } = own.who;
      await own.withdraw({
        owner: account,
        to: account,
        shard: layer.shard,
        assetId: assetId(Number(asset.assetId)),
        units,
        expiresAtMs: Date.now() + EXPIRES_MS,
      });
      onStep('Accepted and debited. It leaves with the next epoch; follow it below.');
    });
  };
  return (
    <MoneyForm
      title="Withdraw"
      hint={
        'To your own address. Once its epoch is settled, the tokens wait at the contract for ' +
        'you to claim them.'
      }
      amount="100"
      button={['Sign and withdraw', 'Signing and sending']}
      act={act}
      begin={withdraw}
    />
  );
}
