import type { ReactElement } from 'react';

/** To come. */
export function EpochsScreen(): ReactElement {
  return <h1>epochs</h1>;
}
