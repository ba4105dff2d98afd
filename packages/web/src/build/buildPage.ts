import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { InlineConfig, Plugin } from 'vite';

/** A built page on disk. */
export interface BuiltPage {
  /** Folder with `index.html` and `assets`, each text file beside its `.gz`. */
  readonly folder: string;
  /** Digest of everything that it was built from; names the folder. */
  readonly digest: string;
  /** Whether it lay there already. */
  readonly wasThere: boolean;
}

/** Address under which the files of the page are served. */
export const PAGE_BASE = '/page/';

/** Builds that are kept beside the present one: going back one version costs nothing. */
const KEPT_BUILDS = 4;

const WEB = resolve(import.meta.dirname, '../..');
const ROOT = resolve(WEB, '../..');

/**
 * Builds the page unless the same sources were built before. Needs no network: everything it takes
 * was installed with the packages. Two that build at once both succeed; one result is kept.
 *
 * @param cacheFolders the first that can be written to keeps the build
 */
export async function buildPage(cacheFolders: readonly string[]): Promise<BuiltPage> {
  const digest = sourceDigest();
  for (const cache of cacheFolders) {
    const folder = join(cache, digest);
    if (existsSync(join(folder, 'index.html'))) return { folder, digest, wasThere: true };
  }
  const cache = cacheFolders.find(isWritable) ?? cacheFolders[0] ?? WEB;
  const building = mkdtempSync(join(cache, 'building-'));
  try {
    const { build } = await import('vite');
    await build(pageConfig(building));
    compressTexts(building);
    const folder = join(cache, digest);
    publish(building, folder);
    prune(cache, digest);
    return { folder, digest, wasThere: false };
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** The folders that a build of this checkout is looked for and kept in, by preference. */
export function pageCaches(dataFolder: string): readonly string[] {
  return [join(ROOT, 'node_modules/.cache/lawbook-page'), join(dataFolder, 'page')];
}

/** How the page is built; the one place that knows the bundler. */
export function pageConfig(outDir: string): InlineConfig {
  return {
    root: WEB,
    base: PAGE_BASE,
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [withoutJsonSchemas],
    resolve: { conditions: ['browser', 'module', 'import', 'default'] },
    worker: { format: 'es' },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2023',
      modulePreload: { polyfill: false },
      // Inlined files would need an exception in the page's content policy.
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 4096,
    },
  };
}

/** Modules of zod that print schemas as JSON Schema. */
const JSON_SCHEMA_MODULES = /zod\/v4\/core\/(json-schema-processors|to-json-schema)\.js$/;

/**
 * Leaves printers of JSON Schema out: the venue's manual is made with them, the page never is, and
 * every schema would hold on to them. What remains of them answers nothing.
 */
const withoutJsonSchemas: Plugin = {
  name: 'without-json-schemas',
  transform: (code, id) => {
    if (!JSON_SCHEMA_MODULES.test(id)) return undefined;
    const names = [...code.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name]) => name);
    const lines = names.map((name) => `export const ${name} = () => undefined;`);
    return { code: lines.join('\n'), map: null };
  },
};

/** What the page is made from: whoever changes one of these gets a new build. */
const SOURCES = [
  'packages/web/src',
  'packages/web/index.html',
  'packages/web/package.json',
  'packages/api/src',
  'packages/analytics/src',
  'packages/exchange/src',
  'packages/proofs/src',
  'contracts/generated',
  'package-lock.json',
];

function sourceDigest(): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
      return;
    }
    if (/\.(test|bench)\.tsx?$/.test(path)) return;
    hash
      .update(`${path.slice(ROOT.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  };
  for (const source of SOURCES) add(join(ROOT, source));
  return hash.digest('hex').slice(0, 20);
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    rmSync(mkdtempSync(join(folder, 'probe-')), { recursive: true });
    return true;
  } catch {
    // Whatever the reason, the next folder is tried: an installation may be read-only.
    return false;
  }
}

function compressTexts(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !/\.(js|css|html|svg|json)$/.test(entry.name)) continue;
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  }
}

/** Moves a finished build into place; one that another process put there first is as good. */
function publish(building: string, folder: string): void {
  mkdirSync(dirname(folder), { recursive: true });
  try {
    renameSync(building, folder);
  } catch (cause) {
    if (!existsSync(join(folder, 'index.html'))) throw cause;
  }
}

function prune(cache: string, present: string): void {
  const builds = readdirSync(cache)
    .filter((name) => /^[0-9a-f]{20}$/.test(name) && name !== present)
    .map((name) => ({ path: join(cache, name), at: statSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { path } of builds.slice(KEPT_BUILDS)) rmSync(path, { recursive: true, force: true });
}
