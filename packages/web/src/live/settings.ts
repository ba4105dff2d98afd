import { Live } from './live.ts';

/** Light, dark, or whatever the system says. */
export type Theme = 'system' | 'light' | 'dark';

const THEME_KEY = 'lawbook.theme';

/** What could not be stored. */
const kept = new Map<string, string>();

/** The chosen theme; kept for the next visit. */
export const theme: Live<Theme> = new Live<Theme>(readTheme());

/** Applies and keeps a theme. */
export function chooseTheme(next: Theme): void {
  theme.set(next);
  remember(THEME_KEY, next);
  applyTheme();
}

/** Writes the theme onto the document. */
export function applyTheme(): void {
  const chosen = theme.get();
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}

/** Keeps a word for the next visit; a browser that refuses storage forgets it. */
export function remember(key: string, word: string): void {
  try {
    localStorage.setItem(key, word);
  } catch {
    // Storage may be off or full: the choice then lasts as long as the page.
    kept.set(key, word);
  }
}

/** A word that was kept. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? kept.get(key);
  } catch {
    return kept.get(key);
  }
}

function readTheme(): Theme {
  const word = recall(THEME_KEY);
  return word === 'light' || word === 'dark' ? word : 'system';
}
