// Goal: key files are read as solana-keygen writes them, and nothing of them is ever told.
// Method: files in a folder of their own; signatures checked by WebCrypto through @solana/kit.

import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Address, SignatureBytes } from '@solana/kit';
import { getPublicKeyFromAddress, verifySignature } from '@solana/kit';
import { ChainFault } from '../chainFault.ts';
import { openSolanaKeyFile } from './solanaSigner.ts';

// RFC 8032, section 7.1, test 1: seed, then public key.
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const KEY = [...Buffer.from(SEED + PUBLIC, 'hex')];

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lawbook-key-'));
});

after(() => rm(folder, { recursive: true, force: true }));

async function keyFile(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

test('signs with the key of the file', async () => {
  const signer = await openSolanaKeyFile(await keyFile('good.json', JSON.stringify(KEY)));
  const message = Uint8Array.of(1, 2, 3);
  const signature = await signer.sign(message);
  const key = await getPublicKeyFromAddress(signer.address as Address);
  assert.ok(await verifySignature(key, signature as SignatureBytes, message));
});

const UNUSABLE: readonly [string, string, number][] = [
  ['a file that others can read', JSON.stringify(KEY), 0o644],
  ['a file of the group', JSON.stringify(KEY), 0o640],
  ['half a key', JSON.stringify(KEY.slice(0, 32)), 0o600],
  ['halves that do not belong together', JSON.stringify([...KEY.slice(0, 63), 0]), 0o600],
  ['no JSON', `secret ${SEED}`, 0o600],
  ['a file of any size', ' '.repeat(5_000), 0o600],
];

for (const [what, text, mode] of UNUSABLE) {
  test(`refuses ${what}, and quotes nothing of it`, async () => {
    const path = await keyFile(`${what.replaceAll(' ', '-')}.json`, text, mode);
    await assert.rejects(openSolanaKeyFile(path), (fault) => {
      assert.ok(fault instanceof ChainFault && fault.code === 'CHAIN_CONFIG_INVALID');
      const told = JSON.stringify([fault.message, fault.fields, String(fault.cause)]);
      return !told.includes(SEED) && !told.includes(KEY.slice(0, 4).join(','));
    });
  });
}

test('refuses a file that is not there', async () => {
  const opening = openSolanaKeyFile(join(folder, 'missing.json'));
  await assert.rejects(opening, { code: 'CHAIN_CONFIG_INVALID' });
});
