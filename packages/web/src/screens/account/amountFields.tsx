import type { AssetView } from '@lawbook/api/schema/marketViews';
import type { ReactElement } from 'react';
import { useId } from 'react';
import { useRead } from '../../parts/useRead.ts';
import { useVenue } from '../../parts/venueContext.tsx';

/** An amount of one asset as it was typed. */
export interface TypedAmount {
  readonly symbol: string;
  readonly amount: string;
}

/** The assets of the ledger; none until they are read. */
export function useAssets(): readonly AssetView[] {
  const { client } = useVenue();
  return useRead(() => client.listAssets(), 'assets').read?.assets ?? [];
}

/** The assets that a base layer holds: only these come in and go out. */
export function useCrossingAssets(): readonly AssetView[] {
  return useAssets().filter(({ settles }) => settles !== false);
}

/** A field for an amount with its asset. */
export function AmountFields({
  label,
  typed,
  assets,
  change,
}: {
  readonly label: string;
  readonly typed: TypedAmount;
  readonly assets: readonly AssetView[];
  readonly change: (typed: TypedAmount) => void;
}): ReactElement {
  const id = useId();
  return (
    <>
      <label htmlFor={id}>{label}</label>
      <div className="amount-field">
        <input
          id={id}
          inputMode="decimal"
          autoComplete="off"
          value={typed.amount}
          onChange={(event) => change({ ...typed, amount: event.target.value })}
        />
        <select
          aria-label={`${label}: asset`}
          value={typed.symbol}
          onChange={(event) => change({ ...typed, symbol: event.target.value })}
        >
          {assets.map(({ symbol }) => (
            <option key={symbol}>{symbol}</option>
          ))}
        </select>
      </div>
    </>
  );
}
