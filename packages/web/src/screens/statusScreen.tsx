import type { ReactElement } from 'react';

/** To come. */
export function StatusScreen(): ReactElement {
  return <h1>status</h1>;
}
