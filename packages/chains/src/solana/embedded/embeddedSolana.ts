import type { Address } from '@solana/kit';
import type { Transport } from '../../endpoints/transport.ts';
import type { Environment } from '../../environment.ts';
import type { FrontServer } from './frontServer.ts';
import { serveFront } from './frontServer.ts';
import { SolanaFront } from './solanaFront.ts';
import type { LedgerDepths } from './solanaLedger.ts';
import { DEFAULT_LEDGER_DEPTHS, SolanaLedger } from './solanaLedger.ts';
import type { SvmLoader } from './solanaMachine.ts';
import { loadSolanaMachine } from './solanaMachine.ts';

/** How the embedded chain runs. */
export interface EmbeddedSolanaOptions {
  /** Milliseconds of a slot; the cluster takes 400. */
  readonly slotMs?: number;
  readonly depths?: LedgerDepths;
  /** Accounts that have lamports from the start. */
  readonly funded?: readonly { readonly address: string; readonly amount: bigint }[];
  /** Where the runtime's library comes from; tests replace it. */
  readonly load?: SvmLoader;
}

/** A Solana chain inside this process, with one honest endpoint on the loopback interface. */
export interface EmbeddedSolana {
  readonly url: string;
  readonly webSocketUrl: string;
  readonly genesisHash: string;
  readonly ledger: SolanaLedger;
  /** The endpoint; its switches make it dishonest. */
  readonly front: SolanaFront;
  /** Ends the slots and closes the port. */
  close(): Promise<void>;
}

/** Milliseconds of a slot on the cluster. */
const SLOT_MS = 400;

/**
 * Starts the embedded default: litesvm runs the programs, the ledger makes slots and blocks around
 * it, the front speaks JSON-RPC. Nothing is kept on disk: it ends with the process.
 *
 * @throws ChainFault CHAIN_PROCESS_FAILED when litesvm is not installed for this platform.
 */
export async function openEmbeddedSolana(
  options: EmbeddedSolanaOptions,
  { clock }: Pick<Environment, 'clock'>,
): Promise<EmbeddedSolana> {
  const machine = await loadSolanaMachine(options.load);
  const ledger = new SolanaLedger(machine, options.depths ?? DEFAULT_LEDGER_DEPTHS);
  for (const { address, amount } of options.funded ?? []) ledger.fund(address as Address, amount);
  const front = new SolanaFront(ledger);
  const server: FrontServer = await serveFront(front);
  const ending = new AbortController();
  const slots = (async () => {
    while (!ending.signal.aborted) {
      ledger.produceBlock(Math.floor(clock.nowMs() / 1000));
      server.announce();
      await clock.sleep(options.slotMs ?? SLOT_MS, ending.signal).catch(() => undefined);
    }
  })();
  const { url, webSocketUrl } = server;
  return {
    url,
    webSocketUrl,
    genesisHash: ledger.genesisHash,
    ledger,
    front,
    close: async () => {
      ending.abort();
      await slots;
      await server.close();
    },
  };
}

/** How an in-process endpoint answers. */
export interface FrontTransportOptions {
  readonly name: string;
  /** Milliseconds each way. */
  readonly latencyMs: number;
}

/** The endpoint without a socket, for programs that run under a simulated clock. */
export function frontTransport(
  front: SolanaFront,
  { name, latencyMs }: FrontTransportOptions,
  { clock }: Pick<Environment, 'clock'>,
): Transport {
  return {
    name,
    request: async (call, { signal }) => {
      await clock.sleep(latencyMs, signal);
      const answer = front.answer(call);
      await clock.sleep(latencyMs, signal);
      return answer;
    },
  };
}
