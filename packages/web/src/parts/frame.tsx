import type { ComponentType, ReactElement } from 'react';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { useLive } from '../live/live.ts';
import type { ScreenName } from '../live/route.ts';
import { addressOf, place, SCREENS } from '../live/route.ts';
import type { Theme } from '../live/settings.ts';
import { chooseTheme, theme } from '../live/settings.ts';
import { isHelpOpen } from '../live/shortcuts.ts';
import { dismiss, toasts } from '../live/toasts.ts';
import { TradeScreen } from '../screens/tradeScreen.tsx';
import { AccountPicker } from './accountPicker.tsx';
import { Banners } from './banners.tsx';
import { Loading } from './marks.tsx';
import { ScreenGuard } from './screenGuard.tsx';
import { ShortcutHelp } from './shortcutHelp.tsx';
import { VenueState } from './venueState.tsx';

const TITLES: Readonly<Record<ScreenName, string>> = {
  trade: 'Trade',
  pool: 'FX pool',
  epochs: 'Epochs',
  verify: 'Verify',
  laws: 'Laws',
  account: 'Account',
  compare: 'Compare',
  status: 'Status',
};

/** Everything but the first screen comes when it is asked for. */
const SCREEN_PARTS: Readonly<Record<ScreenName, ComponentType>> = {
  trade: TradeScreen,
  pool: lazy(async () => ({ default: (await import('../screens/poolScreen.tsx')).PoolScreen })),
  epochs: lazy(async () => ({
    default: (await import('../screens/epochsScreen.tsx')).EpochsScreen,
  })),
  verify: lazy(async () => ({
    default: (await import('../screens/verifyScreen.tsx')).VerifyScreen,
  })),
  laws: lazy(async () => ({ default: (await import('../screens/lawsScreen.tsx')).LawsScreen })),
  account: lazy(async () => ({
    default: (await import('../screens/accountScreen.tsx')).AccountScreen,
  })),
  compare: lazy(async () => ({
    default: (await import('../screens/compareScreen.tsx')).CompareScreen,
  })),
  status: lazy(async () => ({
    default: (await import('../screens/statusScreen.tsx')).StatusScreen,
  })),
};

/** The page: its head, what has to be said on every screen, and the screen. */
export function Frame(): ReactElement {
  const { screen } = useLive(place);
  const Screen = SCREEN_PARTS[screen];
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = `${TITLES[screen]} · Lawbook`;
    const [here] = nav.current?.querySelectorAll(`a[href="${addressOf(screen)}"]`) ?? [];
    here?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [screen]);
  return (
    <>
      <a className="skip" href="#screen">
        Skip to the screen
      </a>
      <header className="head">
        <a className="mark" href={addressOf('trade')}>
          <BookMark />
          Lawbook
        </a>
        <nav ref={nav} aria-label="Screens" className="nav">
          {SCREENS.map((name) => (
            <a
              key={name}
              href={addressOf(name)}
              aria-current={name === screen ? 'page' : undefined}
            >
              {TITLES[name]}
            </a>
          ))}
        </nav>
        <div className="head-tools">
          <VenueState />
          <button
            type="button"
            className="icon-button keys-button"
            aria-label="Keys of this screen"
            title="Keys of this screen: ?"
            onClick={() => isHelpOpen.set(true)}
          >
            ?
          </button>
          <ThemeSwitch />
          <AccountPicker />
        </div>
      </header>
      <Banners />
      <main id="screen" tabIndex={-1} className={`screen screen-${screen}`}>
        <ScreenGuard key={screen}>
          <Suspense fallback={<Loading what="this screen" />}>
            <Screen />
          </Suspense>
        </ScreenGuard>
      </main>
      <Toasts />
      <ShortcutHelp />
    </>
  );
}

/** Two pages and their spine. */
const BOOK =
  'M10 4.500C8 3 5 3 2.500 3.600v12C5 15 8 15 10 16.500c2-1.500 5-1.500 7.500-.9v-12' +
  'C15 3 12 3 10 4.500zM10 4.500v12';

function BookMark(): ReactElement {
  return (
    <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <path d={BOOK} fill="none" stroke="currentColor" strokeWidth="1.600" strokeLinejoin="round" />
    </svg>
  );
}

const NEXT_THEME: Readonly<Record<Theme, Theme>> = {
  system: 'light',
  light: 'dark',
  dark: 'system',
};
const THEME_MARKS: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };

function ThemeSwitch(): ReactElement {
  const now = useLive(theme);
  const label = `Colours: ${now}. Change to ${NEXT_THEME[now]}`;
  const change = (): void => chooseTheme(NEXT_THEME[now]);
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={change}>
      {THEME_MARKS[now]}
    </button>
  );
}

function Toasts(): ReactElement {
  const shown = useLive(toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ key, tone, title, words }) => (
        <button
          key={key}
          type="button"
          className={`toast toast-${tone}`}
          onClick={() => dismiss(key)}
        >
          <strong>{title}</strong>
          <span>{words}</span>
        </button>
      ))}
    </div>
  );
}
