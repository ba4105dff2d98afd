// A payment app in a process of its own, for benchmarks/chains/childApp.ts: it is told what to do
// over the channel, reports there, and ends when the channel does.
import type { Hash } from 'viem';
import { EngineApp } from './engineApp.ts';
import type { Payer, PaymentApp, PaymentTerms } from './paymentApp.ts';
import { ViemApp } from './viemApp.ts';

/** What a child is told; amounts as text. */
export type Order =
  | { readonly kind: 'open'; readonly payer: Payer; readonly terms: ChildTerms }
  | { readonly kind: 'pay'; readonly keys: readonly string[] }
  | { readonly kind: 'resume'; readonly key: string; readonly hash: Hash }
  | { readonly kind: 'close' };

/** Terms as JSON carries them. */
export type ChildTerms = Omit<PaymentTerms, 'feeCap' | 'onSigned'> & { readonly feeCap: string };

/** What a child reports, whenever it changed. */
export interface Report {
  readonly opened: boolean;
  readonly verdicts: readonly (readonly [string, string])[];
  readonly hashes: readonly (readonly [string, Hash])[];
  readonly complaints: readonly string[];
}

const REPORT_EVERY_MS = 5;

let app: PaymentApp | undefined;
let reported = '';

function report(): void {
  const said: Report = {
    opened: app !== undefined,
    verdicts: [...(app?.verdicts ?? [])],
    hashes: [...(app?.hashes ?? [])],
    complaints: app?.complaints ?? [],
  };
  const words = JSON.stringify(said);
  if (words === reported) return;
  reported = words;
  process.send?.(said);
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'open') {
    const terms: PaymentTerms = { ...order.terms, feeCap: BigInt(order.terms.feeCap) };
    app = order.payer === 'engine' ? await EngineApp.open(terms) : new ViemApp(terms);
  } else if (order.kind === 'pay') for (const key of order.keys) app?.pay(key);
  else if (order.kind === 'resume') app?.resume(order.key, order.hash);
  else {
    await app?.close();
    process.exit(0);
  }
}

process.on('message', (order: Order) => {
  obey(order).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
setInterval(() => {
  if (!process.connected) process.exit(0);
  report();
}, REPORT_EVERY_MS);
