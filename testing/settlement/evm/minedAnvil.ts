import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAnvil } from '@lawbook/chains/embedded/anvil';
import { httpTransport } from '@lawbook/chains/endpoints/httpTransport';
import { systemEnvironment } from '@lawbook/chains/environment';
import { bytesToHex } from 'viem';
import { privateKeyToAddress } from 'viem/accounts';

/** An embedded chain that makes blocks all the while, with a purse that is new each time. */
export interface MinedAnvil {
  readonly url: string;
  readonly webSocketUrl: string;
  readonly chainId: number;
  /** Where an engine finds the key of the purse. */
  readonly signer: { readonly environment: string };
  readonly variables: Readonly<Record<string, string>>;
  call(method: string, params: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

const KEY_VARIABLE = 'MINED_ANVIL_KEY';
const CALL_MS = 15_000;
/** Between two blocks: nobody waits for a clock. */
const BLOCK_MS = 60;
const PURSE = 1_000n * 10n ** 18n;

/** Starts it. */
export async function startMinedAnvil(): Promise<MinedAnvil> {
  const anvil = await startAnvil({ mining: { kind: 'manual' }, slotsInAnEpoch: 2 });
  const transport = httpTransport({ url: anvil.url }, { environment: systemEnvironment() });
  const call = (method: string, params: readonly unknown[]): Promise<unknown> =>
    transport.request({ method, params }, { timeoutMs: CALL_MS });
  const key = bytesToHex(randomBytes(32));
  await call('anvil_setBalance', [privateKeyToAddress(key), `0x${PURSE.toString(16)}`]);
  const closing = new AbortController();
  const mining = (async () => {
    while (!closing.signal.aborted) {
      await call('evm_mine', []);
      await sleep(BLOCK_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  })();
  return {
    url: anvil.url,
    webSocketUrl: anvil.webSocketUrl,
    chainId: anvil.chainId,
    signer: { environment: KEY_VARIABLE },
    variables: { [KEY_VARIABLE]: key },
    call,
    close: async () => {
      closing.abort();
      await mining;
      await anvil.close();
    },
  };
}
