import type { Terminal } from './terminal.ts';
import { paint } from './terminal.ts';

/** A step of long work that is behind us. Milliseconds since the work began. */
export interface DoneStep {
  readonly step: string;
  readonly detail: string;
  readonly atMs: number;
}

/** Facts that machines read of a step; bigints become decimal text. */
export type StepFacts = Readonly<Record<string, string | number | boolean | bigint>>;

/**
 * Says the steps of long work as they are done, each with its time, and keeps them for the
 * document that machines get at the end.
 */
export class Steps {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  readonly #startedMs: number = performance.now();
  readonly #done: (DoneStep & { readonly facts: StepFacts })[] = [];

  /** `json` says nothing until the end. */
  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#isQuiet = json;
  }

  /** One step is done. */
  done(step: string, detail: string, facts: StepFacts = {}): void {
    const atMs = Math.round(performance.now() - this.#startedMs);
    this.#done.push({ step, detail, atMs, facts });
    if (!this.#isQuiet) this.#terminal.print(stepLine({ step, detail, atMs }));
  }

  /** What goes on now and takes a while, beside the results. */
  waiting(sentence: string): void {
    if (!this.#isQuiet && this.#terminal.notesOnScreen) this.#terminal.note(paint.dim(sentence));
  }

  /** The steps for machines. */
  json(): readonly Readonly<Record<string, unknown>>[] {
    return this.#done.map(({ facts, ...step }) => ({ ...step, ...facts }));
  }
}

function stepLine({ step, detail, atMs }: DoneStep): string {
  const seconds = `${(atMs / 1000).toFixed(1)} s`.padStart(8);
  return `${paint.dim(seconds)}  ${paint.good(step.padEnd(10))} ${detail}`;
}
