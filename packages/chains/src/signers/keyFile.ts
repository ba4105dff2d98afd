import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { ChainFault } from '../chainFault.ts';
import { keySigner } from './keySigner.ts';
import { withoutKeys } from './secretText.ts';
import type { TransactionSigner } from './transactionSigner.ts';

/** Any key in hex with its line ending fits; what is longer is something else. */
const BYTES_MAX = 256;

/**
 * Opens the signer of a key file: one line of 64 hex digits, with or without 0x, that nobody but
 * its owner may read.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID when there is no such file, it is open to others, or
 *   holds anything else. No fault shows a part of the content.
 */
export async function openKeyFile(path: string): Promise<TransactionSigner> {
  const text = await readChecked(path);
  const line = text.trim();
  const shown = withoutKeys(path);
  const hex = line.replace(/^0x/i, '');
  if (!/^[0-9a-f]*$/i.test(hex)) {
    throw refused(path, 'content', `${shown} holds something else than hex digits: write the key.`);
  }
  if (hex.length !== 64) {
    const sentence = `${shown} holds ${hex.length} hex digits; a key has 64: write the whole key.`;
    throw refused(path, 'length', sentence);
  }
  return keySigner(hex, `The key in ${shown}`);
}

async function readChecked(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    // Without blocking, because a pipe without a writer would keep the start waiting for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    // The opened file is looked at, not the path again: nobody can swap it in between.
    const { mode, size, isFile } = await stateOf(file);
    const shown = withoutKeys(path);
    if (!isFile) throw refused(path, 'kind', `${shown} is not a file: name the key file itself.`);
    if ((mode & 0o077) !== 0) {
      const rights = (mode & 0o777).toString(8).padStart(3, '0');
      const sentence = `Others may use ${shown} (mode ${rights}): run chmod 600 '${shown}'.`;
      throw refused(path, 'mode', sentence);
    }
    if (size > BYTES_MAX) {
      const sentence = `${shown} has ${size} bytes, too many for a key: name the key file.`;
      throw refused(path, 'size', sentence);
    }
    return await file.readFile('latin1');
  } catch (failure) {
    if (failure instanceof ChainFault) throw failure;
    // The operating system's error quotes the path, which may be a key by mistake.
    throw unreadable(path, failure);
  } finally {
    await file?.close();
  }
}

async function stateOf(
  file: FileHandle,
): Promise<{ readonly mode: number; readonly size: number; readonly isFile: boolean }> {
  const state = await file.stat();
  return { mode: state.mode, size: state.size, isFile: state.isFile() };
}

const SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist: check the path',
  ENOTDIR: 'does not exist: check the path',
  EISDIR: 'is not a file: name the key file itself',
  ENXIO: 'is not a file: name the key file itself',
  EACCES: 'may not be read by this user: let the file belong to the user who runs the engine',
  EPERM: 'may not be read by this user: let the file belong to the user who runs the engine',
};

function unreadable(path: string, failure: unknown): ChainFault {
  const hasCode = typeof failure === 'object' && failure !== null && 'code' in failure;
  const code = hasCode ? String(failure.code) : 'unknown';
  const why = SENTENCES[code] ?? `cannot be read (${withoutKeys(code)}): check path and disk`;
  return refused(path, 'readable', `The key file ${withoutKeys(path)} ${why}.`);
}

function refused(path: string, rule: string, sentence: string): ChainFault {
  const fields = { path: withoutKeys(path), rule };
  return new ChainFault('CHAIN_CONFIG_INVALID', sentence, { fields });
}
