import type { ReactElement } from 'react';

/** To come. */
export function VerifyScreen(): ReactElement {
  return <h1>verify</h1>;
}
