import { bytesToHex, hexToBytes } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { addressOfSecret, signDigest } from '@lawbook/exchange/orders/signature';
import { ClientFault } from './clientFault.ts';
import type { OutgoingRequest } from './transport.ts';

/** Acts for an owner: by a key that signs each wish, or through a session that carries them. */
export type Signer = KeySigner | SessionSigner;

/** Signs with a secret key of the owner, or of a delegate of the owner. */
export interface KeySigner {
  readonly kind: 'key';
  readonly owner: AccountId;
  readonly sign: (digest: Uint8Array) => string;
}

/** Authenticates requests with the secret of a session. */
export interface SessionSigner {
  readonly kind: 'session';
  readonly owner: AccountId;
  readonly sessionId: string;
  readonly authorise: (request: OutgoingRequest, timestampMs: number) => Promise<SessionProof>;
}

/** Proof that a request comes from the holder of a session's secret. */
export interface SessionProof {
  readonly timestampMs: number;
  /** 0x and 64 hex digits. */
  readonly mac: string;
}

/** A signer with a 32-byte key. `owner` is given where the key is a delegate's. */
export function keySigner(secretKey: Uint8Array, owner?: AccountId): KeySigner {
  return {
    kind: 'key',
    owner: owner ?? addressOfSecret(secretKey),
    sign: (digest) => bytesToHex(signDigest(digest, secretKey)),
  };
}

/** A signer with the secret that opening a session answered. */
export function sessionSigner(session: {
  readonly owner: AccountId;
  readonly sessionId: string;
  readonly secret: string;
}): SessionSigner {
  const { owner, sessionId } = session;
  const secret = hexToBytes(session.secret).slice();
  let imported: Promise<CryptoKey> | undefined;
  return {
    kind: 'session',
    owner,
    sessionId,
    authorise: async (request, timestampMs) => {
      const subtle = webCrypto();
      imported ??= subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
        'sign',
      ]);
      const bodyHash = new Uint8Array(await subtle.digest('SHA-256', request.body));
      const hex = bytesToHex(bodyHash).slice(2);
      const text = `${request.method}\n${request.path}\n${timestampMs}\n${hex}`;
      const mac = await subtle.sign('HMAC', await imported, new TextEncoder().encode(text));
      return { timestampMs, mac: bytesToHex(new Uint8Array(mac)) };
    },
  };
}

/** The Authorization header of a session's request. */
export function sessionHeader(sessionId: string, { timestampMs, mac }: SessionProof): string {
  return `Lawbook ${sessionId}:${timestampMs}:${mac}`;
}

function webCrypto(): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) throw new ClientFault('WEB_CRYPTO_MISSING');
  return subtle;
}
