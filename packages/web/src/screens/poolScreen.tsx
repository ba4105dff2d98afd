import type { ReactElement } from 'react';

/** To come. */
export function PoolScreen(): ReactElement {
  return <h1>pool</h1>;
}
