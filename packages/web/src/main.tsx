import { invariant } from '@lawbook/exchange/failures/invariant';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { followAddress } from './live/route.ts';
import { applyTheme } from './live/settings.ts';
import { followKeyboard } from './live/shortcuts.ts';
import { VenueLink } from './live/venueLink.ts';
import { findWallets } from './live/wallets.ts';
import { Frame } from './parts/frame.tsx';
import { VenueProvider } from './parts/venueContext.tsx';
import './styles/base.css';
import './styles/frame.css';
import './styles/trade.css';
import './styles/book.css';
import './styles/records.css';

applyTheme();
followAddress();
followKeyboard();
findWallets();
const root = document.getElementById('page');
invariant(root !== null, 'the document has a place for the page');
createRoot(root).render(
  <StrictMode>
    <VenueProvider link={new VenueLink(location.origin)}>
      <Frame />
    </VenueProvider>
  </StrictMode>,
);
