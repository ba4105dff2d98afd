import { readFile, stat } from 'node:fs/promises';
import { createKeyPairFromBytes, getAddressFromPublicKey, signBytes } from '@solana/kit';
import { z } from 'zod';
import { ChainFault } from '../chainFault.ts';

/** Signs for one Solana account. The engine never sees the key. */
export interface SolanaSigner {
  /** Base58. */
  readonly address: string;
  /**
   * The 64 bytes of the Ed25519 signature over the bytes of a message.
   * @throws ChainFault CHAIN_SIGNER_FAILED when it refuses or cannot sign now.
   */
  sign(messageBytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}

/**
 * A signer from a key file as `solana-keygen` writes it: a JSON array of 64 bytes, the seed and the
 * public key. The key is held by WebCrypto and cannot be read out of it again.
 *
 * @throws ChainFault CHAIN_CONFIG_INVALID when the file can be read by others, is no such array, or
 *   its halves do not belong together. No message ever quotes the file.
 */
export async function openSolanaKeyFile(path: string): Promise<SolanaSigner> {
  const bytes = await readKeyFile(path);
  try {
    const pair = await createKeyPairFromBytes(bytes);
    const address = await getAddressFromPublicKey(pair.publicKey);
    return {
      address,
      sign: async (messageBytes) => new Uint8Array(await signBytes(pair.privateKey, messageBytes)),
    };
  } catch {
    throw unusable('its public half does not belong to its private half');
  } finally {
    bytes.fill(0);
  }
}

/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;
/** Windows has no such bits; its files come out as readable by all. */
const HAS_MODES = process.platform !== 'win32';

const keySchema = z.array(z.number().int().min(0).max(255)).length(64);

async function readKeyFile(path: string): Promise<Uint8Array> {
  const { mode, size } = await readable(() => stat(path));
  if (HAS_MODES && (mode & OTHERS) !== 0) {
    throw unusable('others than its owner can read it: run chmod 600 on it');
  }
  if (size > 4_096) throw unusable('it is too large to be a key');
  const text = await readable(() => readFile(path, 'utf8'));
  const parsed = keySchema.safeParse(readJson(text));
  if (!parsed.success) throw unusable('it is no JSON array of 64 bytes');
  return Uint8Array.from(parsed.data);
}

async function readable<Read>(read: () => Promise<Read>): Promise<Read> {
  try {
    return await read();
  } catch {
    throw unusable('it cannot be read by this program');
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message would quote the file.
    return undefined;
  }
}

function unusable(because: string): ChainFault {
  return new ChainFault('CHAIN_CONFIG_INVALID', `The Solana key file cannot be used: ${because}.`);
}
