import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a visitor downloads, compressed; bytes. */
export interface PageWeight {
  /** Document, style, and the scripts that the first screen needs to trade on. */
  readonly firstLoad: number;
  /** The library of the chart, which comes once the first screen stands. */
  readonly chart: number;
  /** The thread that verifies, when somebody asks for it. */
  readonly verifier: number;
  /** What acts on a chain, when somebody deposits or claims. */
  readonly chain: number;
}

/**
 * The most that each may weigh: a ratchet. Lower it after making something lighter; raising it
 * needs a reason in the commit.
 */
export const PAGE_BUDGET: PageWeight = {
  firstLoad: 165_000,
  chart: 57_000,
  verifier: 195_000,
  chain: 90_000,
};

/** Weighs a build by its compressed files. */
export function weighPage(folder: string): PageWeight {
  const html = readFileSync(join(folder, 'index.html'), 'utf8');
  const linked = [...html.matchAll(/(?:src|href)="\/page\/([^"]+)"/g)].map(([, path]) => path);
  const assets = readdirSync(join(folder, 'assets'));
  const weight = (path: string): number => statSync(join(folder, `${path}.gz`)).size;
  const named = (name: string): number => {
    const file = assets.find((asset) => asset.startsWith(`${name}-`) && asset.endsWith('.js'));
    return file === undefined ? 0 : weight(`assets/${file}`);
  };
  return {
    firstLoad: ['index.html', ...linked].reduce((sum, path) => sum + weight(path ?? ''), 0),
    chart: named('drawChart'),
    verifier: named('verifyWorker'),
    chain: named('vaultMoney'),
  };
}
