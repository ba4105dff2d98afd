import { hexToBytes } from '@lawbook/exchange/codec/hex';
import { SIGNATURE_BYTES } from '@lawbook/exchange/orders/signature';
import { z } from 'zod';
import type { ActionFrame } from './actionHash.ts';

/** A request to the exchange endpoint, its form checked and its action not. */
export interface Envelope extends ActionFrame {
  /** Exactly as it was received: the order of its keys is signed. */
  readonly action: Readonly<Record<string, unknown>> & { readonly type: string };
  /** r, s and v, 65 bytes. */
  readonly signature: Uint8Array;
}

const half = z.string().regex(/^0x[0-9a-fA-F]{1,64}$/);
const time = z.int().min(0);

const envelope = z.object({
  action: z.looseObject({ type: z.string().min(1).max(64) }),
  nonce: time,
  signature: z.object({ r: half, s: half, v: z.literal([0, 1, 27, 28]) }),
  // Some clients leave out the 0x.
  vaultAddress: z
    .string()
    .regex(/^(?:0x)?[0-9a-fA-F]{40}$/)
    .nullish(),
  expiresAfter: time.nullish(),
});

/** Reads a request; otherwise says what is wrong with it, in the dialect's words. */
export function readEnvelope(json: unknown): Envelope | string {
  const parsed = envelope.safeParse(json);
  if (!parsed.success) return unreadable(parsed.error);
  const { nonce: chainNonce, signature, vaultAddress, expiresAfter } = parsed.data;
  const { r, s, v } = signature;
  const bytes = new Uint8Array(SIGNATURE_BYTES);
  bytes.set(hexToBytes(`0x${r.slice(2).padStart(64, '0')}`), 0);
  bytes.set(hexToBytes(`0x${s.slice(2).padStart(64, '0')}`), 32);
  bytes[64] = v < 27 ? v + 27 : v;
  return {
    // The schema's own copy has its known keys first; the received one is what was signed.
    action: (json as { readonly action: Envelope['action'] }).action,
    signature: bytes,
    chainNonce,
    vaultAddress: vaultAddress == null ? undefined : `0x${vaultAddress.slice(-40)}`,
    expiresAfter: expiresAfter ?? undefined,
  };
}

/** The dialect's sentence for a body of another shape, with the first place that is wrong. */
export function unreadable(error: z.ZodError): string {
  const [issue] = error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'body' : issue.path.join('.');
  return `${UNREADABLE}: ${place}: ${issue?.message ?? 'another shape'}`;
}

export const UNREADABLE = 'Failed to deserialize the JSON body into the target type';
