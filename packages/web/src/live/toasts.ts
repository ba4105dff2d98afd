import { Live } from './live.ts';

/** Something that happened, told once. */
export interface Toast {
  readonly key: number;
  readonly tone: 'good' | 'bad' | 'plain';
  readonly title: string;
  readonly words: string;
}

const SHOWN_MS = 6000;
const SHOWN_MAX = 4;

/** What is being told now, the newest last. */
export const toasts: Live<readonly Toast[]> = new Live<readonly Toast[]>([]);
let told = 0;

/** Tells something; it goes away by itself, and stays in the lists of the page. */
export function say(toast: Omit<Toast, 'key'>): void {
  told += 1;
  const key = told;
  toasts.set([...toasts.get(), { ...toast, key }].slice(-SHOWN_MAX));
  setTimeout(() => dismiss(key), SHOWN_MS);
}

/** Takes a toast away. */
export function dismiss(key: number): void {
  toasts.set(toasts.get().filter((toast) => toast.key !== key));
}
