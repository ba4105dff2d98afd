import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a visitor downloads, compressed; bytes. */
export interface PageWeight {
  /**
   * Everything that opening the page fetches of it: document, style, the scripts of the first
   * screen, and the library of its chart, which comes once the screen stands.
   */
  readonly firstLoad: number;
  /** Of that, what comes with the chart. */
  readonly chart: number;
  /** What comes with the first order book. */
  readonly book: number;
  /** Curve and hashes, when somebody first signs. */
  readonly signing: number;
  /** The thread that verifies, when somebody asks for it. */
  readonly verifier: number;
  /** What acts on a chain, when somebody deposits or claims. */
  readonly chain: number;
}

/**
 * The most that each may weigh: a ratchet. Lower it after making something lighter; raising it
 * needs a reason in the commit. The first load promises 200,000.
 */
export const PAGE_BUDGET: PageWeight = {
  firstLoad: 196_500,
  chart: 57_000,
  book: 17_000,
  signing: 24_500,
  verifier: 195_000,
  chain: 90_000,
};

/** Weighs a build by its compressed files. */
export function weighPage(folder: string): PageWeight {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const linked = [...html.matchAll(/(?:src|href)="\/page\/([^"]+)"/g)].map(
    ([, path]) => path ?? '',
  );
  const assets = readdirSync(join(folder, 'assets'));
  const scripts = (name: string): ReadonlySet<string> => {
    const file = assets.find((asset) => asset.startsWith(`${name}-`) && asset.endsWith('.js'));
    return file === undefined ? new Set() : importsOf(folder, `assets/${file}`);
  };
  const first = new Set(['index.html', ...linked]);
  for (const path of linked.filter((name) => name.endsWith('.js'))) {
    for (const file of importsOf(folder, path)) first.add(file);
  }
  const chart = difference(scripts('drawChart'), first);
  const whole = new Set([...first, ...chart]);
  const book = new Set([...scripts('bookTrade'), ...scripts('drawBookChart')]);
  const signing = new Set([...scripts('acting'), ...scripts('demoKeys')]);
  const weight = (files: Iterable<string>): number => {
    return [...files].reduce((sum, path) => sum + statSync(join(folder, `${path}.gz`)).size, 0);
  };
  return {
    firstLoad: weight(whole),
    chart: weight(chart),
    book: weight(difference(book, whole)),
    signing: weight(difference(signing, new Set([...whole, ...book]))),
    verifier: weight(scripts('verifyWorker')),
    chain: weight(difference(scripts('vaultMoney'), whole)),
  };
}

/** A script with everything that it imports before it runs; what it may load later is left out. */
function importsOf(folder: string, path: string): ReadonlySet<string> {
  const found = new Set([path]);
  for (const file of found) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) {
      found.add(`assets/${name}`);
    }
  }
  return found;
}

function difference(files: ReadonlySet<string>, without: ReadonlySet<string>): Set<string> {
  return new Set([...files].filter((file) => !without.has(file)));
}
