/** What came of one question to a bundle. */
export type VerifyOutcome =
  | { readonly kind: 'holds'; readonly note?: string }
  | {
      readonly kind: 'fails';
      readonly where: string;
      readonly rule?: string;
      readonly expected: string;
      readonly actual: string;
    }
  /** Nobody could tell, and why. */
  | { readonly kind: 'open'; readonly reason: string };

/** One question with its answer and what the answer leaves open. */
export interface VerifyStep {
  readonly id: string;
  readonly group: 'bundle' | 'laws' | 'epoch' | 'proof';
  readonly name: string;
  readonly statement?: string;
  readonly notShown?: string;
  readonly outcome: VerifyOutcome;
}

/** How far the bundle is established by what was looked at. */
export interface VerifyConclusion {
  readonly level: 'refused' | 'checked' | 'proven';
  /** On what the proof rests; undefined without one. */
  readonly setup: string | undefined;
  /** What the bundle says it is; undefined for bytes that are none. */
  readonly contents:
    | {
        readonly marketId: number;
        readonly epochNumber: number;
        readonly epochHash: string;
        readonly parentEpochHash: string;
        readonly batches: number;
        readonly orders: number;
        readonly vaults: number;
        readonly withdrawals: number;
        readonly bytes: number;
      }
    | undefined;
}

/** A way of tampering with a bundle, to see it refused. */
export type Tampering = 'fill' | 'signature' | 'price' | 'proof';

/** What the page asks of its worker. */
export interface VerifyRequest {
  readonly bytes: Uint8Array;
  readonly tampering: Tampering | undefined;
}

/** What the worker tells the page. */
export type VerifyMessage =
  | { readonly kind: 'stage'; readonly sentence: string }
  | { readonly kind: 'step'; readonly step: VerifyStep }
  | {
      readonly kind: 'done';
      readonly conclusion: VerifyConclusion;
      readonly elapsedMs: number;
    }
  | { readonly kind: 'failed'; readonly sentence: string };
