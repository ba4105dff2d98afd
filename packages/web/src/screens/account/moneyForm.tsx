import type { AssetView } from '@lawbook/api/schema/marketViews';
import type { Amount } from '@lawbook/exchange/numbers/amount';
import { parseDecimal } from '@lawbook/exchange/numbers/amount';
import type { FormEvent, ReactElement, ReactNode } from 'react';
import { useState } from 'react';
import { Panel } from '../../parts/marks.tsx';
import { plainDecimal } from '../../words/numbers.ts';
import { ActSteps } from './actSteps.tsx';
import type { TypedAmount } from './amountFields.tsx';
import { AmountFields, useCrossingAssets } from './amountFields.tsx';
import type { Act } from './useAct.ts';

/** Asks for an amount of an asset that crosses between venue and chain, and begins the act. */
export function MoneyForm({
  title,
  hint,
  amount,
  button,
  act,
  begin,
  children,
}: {
  readonly title: string;
  readonly hint: string;
  /** What stands in the field at first. */
  readonly amount: string;
  /** The button's words before, and while the act runs. */
  readonly button: readonly [idle: string, busy: string];
  readonly act: Act;
  readonly begin: (asset: AssetView, units: Amount) => void;
  readonly children?: ReactNode;
}): ReactElement {
  const assets = useCrossingAssets();
  const [typed, setTyped] = useState<TypedAmount>({ symbol: 'USD', amount });
  const asset = assets.find(({ symbol }) => symbol === typed.symbol);
  const units =
    asset === undefined ? undefined : parseDecimal(plainDecimal(typed.amount), asset.decimals);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (asset !== undefined && units !== undefined && units > 0n) begin(asset, units);
  };
  const [idle, busy] = button;
  return (
    <Panel title={title}>
      <form className="sources-form" onSubmit={submit}>
        <p className="hint">{hint}</p>
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
          {act.isBusy ? busy : idle}
        </button>
        <ActSteps act={act} />
        {children}
      </form>
    </Panel>
  );
}
