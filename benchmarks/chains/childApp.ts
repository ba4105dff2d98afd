import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Hash } from 'viem';
import { until } from '../../testing/chains/anvil/until.ts';
import type { Payer, PaymentApp, PaymentTerms, PaymentVerdict } from './paymentApp.ts';
import type { Order, Report } from './paymentChild.ts';

/** A payment app in a process of its own, which may be killed at any moment. */
export class ChildApp implements PaymentApp {
  readonly verdicts: Map<string, PaymentVerdict> = new Map();
  readonly hashes: Map<string, Hash> = new Map();
  complaints: readonly string[] = [];
  readonly #child: ChildProcess;
  #opened = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (report: Report) => {
      this.#opened = report.opened;
      for (const [key, verdict] of report.verdicts) {
        this.verdicts.set(key, verdict as PaymentVerdict);
      }
      for (const [key, hash] of report.hashes) this.hashes.set(key, hash);
      this.complaints = report.complaints;
    });
  }

  /** Starts the process; `opened` tells when it can be used. */
  static start(payer: Payer, terms: PaymentTerms): ChildApp {
    // A signal to the group must not reach it before we have closed what it uses.
    const child = fork(join(import.meta.dirname, 'paymentChild.ts'), { detached: true });
    const app = new ChildApp(child);
    const { onSigned: _, feeCap, ...rest } = terms;
    app.#tell({ kind: 'open', payer, terms: { ...rest, feeCap: String(feeCap) } });
    return app;
  }

  async opened(): Promise<void> {
    await until('the payment app is open', () => this.#opened);
  }

  pay(key: string): void {
    this.payAll([key]);
  }

  /** All at once, in one message. */
  payAll(keys: readonly string[]): void {
    this.#tell({ kind: 'pay', keys });
  }

  resume(key: string, hash: Hash): void {
    this.#tell({ kind: 'resume', key, hash });
  }

  async cancel(): Promise<void> {
    throw new Error('no scenario cancels in a child process');
  }

  /** As kill -9. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await once(this.#child, 'exit');
    }
  }

  async close(): Promise<void> {
    const isRunning = this.#child.exitCode === null && this.#child.signalCode === null;
    if (!isRunning) return;
    if (this.#opened) this.#tell({ kind: 'close' });
    else this.kill();
    const deadline = setTimeout(() => this.kill(), 5_000);
    await this.ended();
    clearTimeout(deadline);
  }

  #tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }
}
