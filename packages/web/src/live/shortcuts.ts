import { useEffect, useRef } from 'react';
import { Live } from './live.ts';

/** A key of the keyboard and what it does on the screen that stands. */
export interface Shortcut {
  /** As `KeyboardEvent.key` names it, in lower case. */
  readonly key: string;
  readonly words: string;
  readonly run: () => void;
}

/** The keys of whatever stands on the page, by part, in the order in which parts came. */
export const shortcuts: Live<readonly (readonly Shortcut[])[]> = new Live<
  readonly (readonly Shortcut[])[]
>([]);

/** Whether the list of keys is open. */
export const isHelpOpen: Live<boolean> = new Live<boolean>(false);

/** Listens to the keyboard: never while somebody types, never with a modifier. */
export function followKeyboard(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target)) {
      // Leaving a field gives the keys back.
      if (event.key === 'Escape') (event.target as HTMLElement).blur();
      return;
    }
    if (event.key === '?') {
      isHelpOpen.set(!isHelpOpen.get());
      event.preventDefault();
      return;
    }
    if (isHelpOpen.get()) return;
    const key = event.key.toLowerCase();
    const shortcut = shortcuts
      .get()
      .flat()
      .find((known) => known.key === key);
    if (shortcut === undefined) return;
    event.preventDefault();
    shortcut.run();
  });
}

/** Offers keys as long as a part of the page stands; what they do is read when they are pressed. */
export function useShortcuts(offered: readonly Shortcut[]): void {
  const latest = useRef(offered);
  latest.current = offered;
  const named = offered.map(({ key, words }) => `${key} ${words}`).join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: what keys do is read from the latest.
  useEffect(() => {
    const part = latest.current.map(({ key, words }, k) => {
      return { key, words, run: () => latest.current[k]?.run() };
    });
    shortcuts.set([...shortcuts.get(), part]);
    return () => shortcuts.set(shortcuts.get().filter((known) => known !== part));
  }, [named]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea');
}
