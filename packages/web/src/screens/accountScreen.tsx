import type { ReactElement } from 'react';

/** To come. */
export function AccountScreen(): ReactElement {
  return <h1>account</h1>;
}
