import type { BaseLayerView } from '@lawbook/api/schema/settlementViews';
import { assetId } from '@lawbook/exchange/ledger/asset';
import { parseDecimal } from '@lawbook/exchange/numbers/amount';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import type { Desk } from '../../live/desk.ts';
import { Panel } from '../../parts/marks.tsx';
import { plainDecimal } from '../../words/numbers.ts';
import { ActSteps } from './actSteps.tsx';
import type { TypedAmount } from './amountFields.tsx';
import { AmountFields, useCrossingAssets } from './amountFields.tsx';
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
  const assets = useCrossingAssets();
  const [typed, setTyped] = useState<TypedAmount>({ symbol: 'USD', amount: '100' });
  const [act, begin] = useAct();
  const asset = assets.find(({ symbol }) => symbol === typed.symbol);
  const units =
    asset === undefined ? undefined : parseDecimal(plainDecimal(typed.amount), asset.decimals);
  const withdraw = (event: FormEvent): void => {
    event.preventDefault();
    if (asset === undefined || units === undefined || units === 0n) return;
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
    <Panel title="Withdraw">
      <form className="sources-form" onSubmit={withdraw}>
        <p className="hint">
          To your own address. Once its epoch is settled, the tokens wait at the contract for you to
          claim them.
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
          {act.isBusy ? 'Signing and sending' : 'Sign and withdraw'}
        </button>
        <ActSteps act={act} />
      </form>
    </Panel>
  );
}
