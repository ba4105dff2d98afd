import type { ReactElement } from 'react';

/** To come. */
export function LawsScreen(): ReactElement {
  return <h1>laws</h1>;
}
