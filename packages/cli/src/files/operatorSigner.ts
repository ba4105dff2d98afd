import { readFileSync } from 'node:fs';
import { openKeyFile } from '@lawbook/chains/signers/keyFile';
import { keySigner } from '@lawbook/chains/signers/keySigner';
import type { TransactionSigner } from '@lawbook/chains/signers/transactionSigner';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { FileFault } from '../terminal/cliFault.ts';
import { readKeyFile } from './keyFile.ts';

/**
 * The operator's signer: a key file of `lawbook keys`, or the one line of hex digits that a venue
 * takes. Nobody but its owner may read either.
 * @throws FileFault, ChainFault CHAIN_CONFIG_INVALID; no message shows a part of the content.
 */
export async function operatorSigner(path: string): Promise<TransactionSigner> {
  if (!holdsJson(path)) return await openKeyFile(path);
  const { secretKey, exposed } = readKeyFile(path);
  if (exposed) throw new FileFault(`others can read ${path}: chmod 600 ${path}`, path);
  return keySigner(bytesToHex(secretKey));
}

function holdsJson(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').trimStart().startsWith('{');
  } catch (cause) {
    throw new FileFault(`${path} cannot be read`, path, cause);
  }
}
