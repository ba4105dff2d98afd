import type { ReactElement } from 'react';

/** To come. */
export function CompareScreen(): ReactElement {
  return <h1>compare</h1>;
}
