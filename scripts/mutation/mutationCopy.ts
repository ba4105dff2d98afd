import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Copies the tracked files of the repository to a folder of its own, because mutants are never
 * written into the checkout. The copy's packages find one another in the copy; all else that is
 * installed is linked.
 */
export function copyRepository(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'lawbook-mutation-'));
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  for (const path of tracked.split('\0').filter((name) => name !== '')) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(root, path), join(copy, path));
  }
  linkModules(join(root, 'node_modules'), join(copy, 'node_modules'));
  const packages = readdirSync(join(copy, 'packages'));
  mkdirSync(join(copy, 'node_modules', '@lawbook'));
  for (const name of packages) {
    symlinkSync(join(copy, 'packages', name), join(copy, 'node_modules', '@lawbook', name));
    linkModules(
      join(root, 'packages', name, 'node_modules'),
      join(copy, 'packages', name, 'node_modules'),
    );
  }
  return copy;
}

/** Links what is installed, entry by entry, our own packages left out. */
function linkModules(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  let names: string[] = [];
  try {
    names = readdirSync(from);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
  }
  for (const name of names) if (name !== '@lawbook') symlinkSync(join(from, name), join(to, name));
}
