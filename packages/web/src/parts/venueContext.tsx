import { invariant } from '@lawbook/exchange/failures/invariant';
import type { ReactElement, ReactNode } from 'react';
import { createContext, useContext } from 'react';
import type { VenueLink } from '../live/venueLink.ts';

const VenueContext = createContext<VenueLink | undefined>(undefined);

/** Lends the connection to everything below. */
export function VenueProvider({
  link,
  children,
}: {
  readonly link: VenueLink;
  readonly children: ReactNode;
}): ReactElement {
  return <VenueContext value={link}>{children}</VenueContext>;
}

/** The page's connection to its venue. */
export function useVenue(): VenueLink {
  const link = useContext(VenueContext);
  invariant(link !== undefined, 'a part of the page stands below the provider of the venue');
  return link;
}
