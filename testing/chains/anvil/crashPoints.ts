import type { Transport } from '@lawbook/chains/endpoints/transport';
import type { TransactionSigner } from '@lawbook/chains/signers/transactionSigner';
import type { ChainStore, StoreChange } from '@lawbook/chains/stores/chainStore';
import type { EngineWrappers } from './realEngine.ts';

/** Where a process may be struck: before or after each step that leaves a trace. */
export const CRASH_POINTS = [
  'before signing',
  'after signing',
  'before storing the signed bytes',
  'after storing the signed bytes',
  'before offering them',
  'after offering them',
  'before storing the acceptance',
  'after storing the acceptance',
  'before reading the receipt',
  'after reading the receipt',
  'before storing the end',
  'after storing the end',
] as const;

/** One of them. */
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** A blow that a process deals itself, so that it falls exactly there. */
export interface Blow {
  readonly point: CrashPoint;
  /** Which time the point is reached, counted from 1. */
  readonly nth: number;
  /** `SIGKILL` ends the process, `SIGSTOP` suspends it until somebody continues it. */
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** Called just before. */
  readonly announce?: () => void;
}

/** Parts of an engine that strike the own process at a point. */
export function strikingAt(blow: Blow): Required<EngineWrappers> {
  let count = 0;
  const reach = (point: CrashPoint): void => {
    if (point !== blow.point) return;
    count += 1;
    if (count !== blow.nth) return;
    blow.announce?.();
    process.kill(process.pid, blow.signal);
  };
  const around = async <T>(step: Step, work: () => Promise<T>): Promise<T> => {
    const points = POINTS[step];
    reach(points.before);
    const outcome = await work();
    reach(points.after);
    return outcome;
  };
  return {
    signer: (signer) => strikingSigner(signer, around),
    store: (store) => strikingStore(store, around),
    transport: (transport) => strikingTransport(transport, around),
  };
}

type Step = 'sign' | 'persist' | 'offer' | 'accept' | 'receipt' | 'end';
type Around = <T>(step: Step, work: () => Promise<T>) => Promise<T>;

const POINTS: Readonly<Record<Step, { readonly before: CrashPoint; readonly after: CrashPoint }>> =
  {
    sign: { before: 'before signing', after: 'after signing' },
    persist: { before: 'before storing the signed bytes', after: 'after storing the signed bytes' },
    offer: { before: 'before offering them', after: 'after offering them' },
    accept: { before: 'before storing the acceptance', after: 'after storing the acceptance' },
    receipt: { before: 'before reading the receipt', after: 'after reading the receipt' },
    end: { before: 'before storing the end', after: 'after storing the end' },
  };

function strikingSigner(signer: TransactionSigner, around: Around): TransactionSigner {
  return {
    address: signer.address,
    sign: (transaction, signal) => around('sign', () => signer.sign(transaction, signal)),
  };
}

function strikingTransport(transport: Transport, around: Around): Transport {
  return {
    name: transport.name,
    request: (call, options) => {
      const send = (): Promise<unknown> => transport.request(call, options);
      if (call.method === 'eth_sendRawTransaction') return around('offer', send);
      if (call.method === 'eth_getTransactionReceipt') return around('receipt', send);
      return send();
    },
    close: async () => transport.close?.(),
  };
}

function strikingStore(store: ChainStore, around: Around): ChainStore {
  return {
    get: (key) => store.get(key),
    list: (prefix, options) => store.list(prefix, options),
    insert: (entries) => store.insert(entries),
    commit: (lease, changes) => {
      const step = stepOf(changes);
      const write = (): Promise<void> => store.commit(lease, changes);
      return step === undefined ? write() : around(step, write);
    },
    acquireLease: (name, owner, durationMs) => store.acquireLease(name, owner, durationMs),
    renewLease: (lease, durationMs) => store.renewLease(lease, durationMs),
    releaseLease: (lease) => store.releaseLease(lease),
    close: () => store.close(),
  };
}

/** Which step of an intent's life a commit writes down. */
function stepOf(changes: readonly StoreChange[]): Step | undefined {
  const texts = changes.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const writes = (state: string): boolean => texts.some((t) => t.includes(`"state":"${state}"`));
  if (writes('offered')) return 'persist';
  if (writes('accepted')) return 'accept';
  return writes('final') ? 'end' : undefined;
}
