import type { FormEvent, ReactElement } from 'react';
import { useEffect, useRef, useState } from 'react';
import { DEMO_ACCOUNTS } from '../live/demoAccounts.ts';
import { desk, sitDown, standUp } from '../live/desk.ts';
import { useLive } from '../live/live.ts';
import { recall, remember } from '../live/settings.ts';
import { say } from '../live/toasts.ts';
import { DEMO_NAME, demoTrader, offersDemoAccounts, walletTrader } from '../live/traderAccount.ts';
import { troubleOf } from '../live/trouble.ts';
import type { VenueLink } from '../live/venueLink.ts';
import type { FoundWallet } from '../live/wallets.ts';
import { wallets } from '../live/wallets.ts';
import { shortHash } from '../words/numbers.ts';
import { useVenue } from './venueContext.tsx';

const ACCOUNT_KEY = 'lawbook.demoAccount';

/** Who trades here: a demo account, or a wallet of this browser. */
export function AccountPicker(): ReactElement {
  const venue = useVenue();
  const now = useLive(desk);
  const found = useLive(wallets);
  const [isOpen, setOpen] = useState(false);
  const [isDemo, setDemo] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useRememberedAccount(setDemo);
  useEffect(() => {
    if (!isOpen) return;
    const close = (event: Event): void => {
      const isEscape = event instanceof KeyboardEvent && event.key === 'Escape';
      const isOutside =
        event instanceof MouseEvent && box.current?.contains(event.target as Node) === false;
      if (isEscape || isOutside) setOpen(false);
    };
    document.addEventListener('keydown', close);
    document.addEventListener('mousedown', close);
    return () => {
      document.removeEventListener('keydown', close);
      document.removeEventListener('mousedown', close);
    };
  }, [isOpen]);
  const chooseDemo = async (name: string): Promise<void> => {
    try {
      sitDown(await demoTrader(name), venue);
      remember(ACCOUNT_KEY, name);
      setOpen(false);
    } catch (cause) {
      say({ tone: 'bad', title: 'The account was not opened', words: troubleOf(cause) });
    }
  };
  const chooseWallet = async (wallet: FoundWallet): Promise<void> => {
    try {
      await sitDownWith(wallet, venue);
      setOpen(false);
    } catch (cause) {
      say({ tone: 'bad', title: 'The wallet was not connected', words: troubleOf(cause) });
    }
  };
  return (
    <div className="picker" ref={box}>
      <button
        type="button"
        className="button picker-button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {now === undefined ? 'Choose an account' : now.who.name}
        {now !== undefined && <span className="dim mono">{shortHash(now.who.account, 3)}</span>}
      </button>
      {isOpen && (
        <div className="picker-menu">
          {isDemo && <DemoChoices choose={(name) => void chooseDemo(name)} />}
          <p className="picker-head">Wallets of this browser</p>
          {found.length === 0 && (
            <p className="dim">None was found. A wallet extension offers one.</p>
          )}
          {found.map((wallet) => (
            <button key={wallet.id} type="button" onClick={() => void chooseWallet(wallet)}>
              {wallet.name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Sits down at a wallet's account, and follows it to another that its owner chooses there. */
async function sitDownWith(wallet: FoundWallet, venue: VenueLink): Promise<void> {
  const typed = await venue.client.readTypedData();
  const rpcUrl = (): string | undefined => venue.settlement.get()?.layer?.rpcUrl;
  const sit = async (): Promise<void> => {
    sitDown(await walletTrader(wallet, typed, rpcUrl), venue);
  };
  await sit();
  wallet.provider.on?.('accountsChanged', (accounts) => {
    // Somebody else may sit here by now; what their wallet does concerns nobody then.
    if (desk.get()?.who.provider !== wallet.provider) return;
    const [first] = accounts as readonly string[];
    if (first === undefined) standUp();
    else sit().catch((cause: unknown) => venue.trouble.set(troubleOf(cause)));
  });
}

/** Sits down at the account of the last visit, alice on the first, where demo accounts exist. */
function useRememberedAccount(setDemo: (offers: boolean) => void): void {
  const venue = useVenue();
  useEffect(() => {
    let isGone = false;
    const remembered = async (): Promise<void> => {
      const offers = offersDemoAccounts(await venue.client.readTypedData());
      if (isGone) return;
      setDemo(offers);
      const name = recall(ACCOUNT_KEY) ?? 'alice';
      if (!offers || desk.get() !== undefined || !DEMO_NAME.test(name)) return;
      const trader = await demoTrader(name);
      if (!isGone && desk.get() === undefined) sitDown(trader, venue);
    };
    remembered().catch((cause: unknown) => venue.trouble.set(troubleOf(cause)));
    return () => {
      isGone = true;
    };
  }, [venue, setDemo]);
}

function DemoChoices({ choose }: { readonly choose: (name: string) => void }): ReactElement {
  const [name, setName] = useState('');
  const isName = DEMO_NAME.test(name);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isName) choose(name);
  };
  return (
    <>
      <p className="picker-head">Demo accounts, no wallet needed</p>
      <p className="dim">Their keys are public. Never for real money.</p>
      {[...DEMO_ACCOUNTS].map(([known, account]) => (
        <button key={known} type="button" onClick={() => choose(known)}>
          {known} <span className="dim mono">{shortHash(account, 4)}</span>
        </button>
      ))}
      <form onSubmit={submit} className="picker-new">
        <label htmlFor="demo-name">A new one</label>
        <input
          id="demo-name"
          placeholder="3 to 20 letters or digits"
          autoComplete="off"
          maxLength={20}
          value={name}
          onChange={(event) => setName(event.target.value.toLowerCase())}
        />
        <button type="submit" className="button" disabled={!isName}>
          Use it
        </button>
      </form>
    </>
  );
}
