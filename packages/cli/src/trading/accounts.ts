import { existsSync } from 'node:fs';
import type { DemoName } from '@lawbook/analytics/demoWorld';
import { DEMO_DOMAIN, DEMO_NAMES, developmentAccount } from '@lawbook/analytics/demoWorld';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { parseAccountId } from '@lawbook/exchange/ledger/account';
import type { VenueDomain } from '@lawbook/exchange/orders/typedData';
import type { SigningKey } from '../files/keyFile.ts';
import { readKeyFile } from '../files/keyFile.ts';
import { UsageFault } from '../terminal/cliFault.ts';
import type { Terminal } from '../terminal/terminal.ts';

/**
 * The key that a command signs with: a key file, or the public key of alice, bob or charlie.
 * @throws UsageFault for a demo name on a venue that is no local demo.
 */
export function signerOf(from: string, domain: VenueDomain, terminal: Terminal): SigningKey {
  if (isDemoName(from)) {
    if (domain.chainId === DEMO_DOMAIN.chainId) return developmentAccount(from);
    throw new UsageFault(
      `the key of ${from} is public and only for demo venues; this one is on chain ` +
        `${domain.chainId}: use --from with a key file`,
    );
  }
  if (!existsSync(from)) throw new UsageFault(`${from} is ${NO_SIGNER}`);
  const key = readKeyFile(from);
  if (key.exposed) terminal.note(`warning: others can read ${from}: chmod 600 ${from}`);
  return key;
}

/** The account that a word names: an address, a demo name, or a key file. */
export function ownerOf(word: string): AccountId {
  if (isDemoName(word)) return developmentAccount(word).account;
  const account = parseAccountId(word);
  if (account !== undefined) return account;
  if (existsSync(word)) return readKeyFile(word).account;
  throw new UsageFault(
    `${word} is no account: write an address, a key file, or one of ${DEMO_NAMES.join(', ')}`,
  );
}

const NO_SIGNER = `no key file and none of ${DEMO_NAMES.join(', ')}`;

function isDemoName(word: string): word is DemoName {
  return (DEMO_NAMES as readonly string[]).includes(word);
}
