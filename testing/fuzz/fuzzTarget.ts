import { ByteReader, DecodeError } from '@lawbook/exchange/codec/byteReader';

/** What a decoder made of bytes. */
export type Examined =
  /** `again` is the encoding of what was read; undefined where the form has no canonical one. */
  | { readonly kind: 'decoded'; readonly again?: Uint8Array | undefined }
  /** Refused the way the decoder documents; `reason` tells branches apart, digits left out. */
  | { readonly kind: 'refused'; readonly reason: string };

/** How examples of a target are changed. */
export type InputForm = 'bytes' | 'json' | 'text';

/** One decoder under attack. */
export interface FuzzTarget {
  /** Also the folder of its corpus. */
  readonly name: string;
  readonly form: InputForm;
  /** Valid inputs, of every shape that matters. Each must decode, canonically. */
  readonly examples: () => readonly Uint8Array[];
  /** Whether examples may be refused, since whether they are valid depends on a world's state. */
  readonly mayRefuse?: boolean;
  /** Mends what guards the decoder, such as a checksum, so that what lies behind is reached. */
  readonly mend?: (bytes: Uint8Array) => Uint8Array;
  /** Decodes; whatever it throws is a finding. */
  readonly examine: (bytes: Uint8Array) => Examined | Promise<Examined>;
  /** Opens what the target needs, before anything is measured. */
  readonly open?: () => Promise<unknown>;
  /** Frees what the target holds open. */
  readonly close?: () => Promise<void>;
}

/** Canonical codecs over bytes: decoding ends in a `DecodeError` or in what encodes to the same. */
export interface CodecOptions<T> {
  readonly name: string;
  readonly examples: () => readonly Uint8Array[];
  readonly decode: (bytes: Uint8Array) => T;
  readonly encode: (decoded: T) => Uint8Array;
}

/** A target for a canonical codec. */
export function codecTarget<T>({ name, examples, decode, encode }: CodecOptions<T>): FuzzTarget {
  return {
    name,
    form: 'bytes',
    examples,
    examine: (bytes) => examineCodec(bytes, decode, encode),
  };
}

function examineCodec<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => T,
  encode: (decoded: T) => Uint8Array,
): Examined {
  let decoded: T;
  try {
    decoded = decode(bytes);
  } catch (cause) {
    if (cause instanceof DecodeError) return refused(cause.message);
    throw cause;
  }
  return { kind: 'decoded', again: encode(decoded) };
}

/** A reader's decoder as one of whole bytes. */
export function whole<T>(decode: (reader: ByteReader) => T): (bytes: Uint8Array) => T {
  return (bytes) => {
    const reader = new ByteReader(bytes);
    const decoded = decode(reader);
    reader.end();
    return decoded;
  };
}

/** Readers of text or JSON that answer undefined, or throw one documented error, for nonsense. */
export interface TextOptions {
  readonly name: string;
  readonly form: 'json' | 'text';
  readonly examples: readonly string[];
  /** Undefined is a refusal; a text is the canonical form of what was read. */
  readonly read: (text: string) => string | true | undefined;
  /** Whether something thrown is the documented refusal. */
  readonly isRefusal?: (thrown: unknown) => boolean;
  /** Tells branches apart where the message quotes the input. */
  readonly reasonOf?: (thrown: unknown) => string;
}

/** A target for a reader of text. Bytes that are no UTF-8 reach it with replacement characters. */
export function textTarget(options: TextOptions): FuzzTarget {
  const { name, form, examples, read, isRefusal, reasonOf = sentenceOf } = options;
  return {
    name,
    form,
    examples: () => examples.map((text) => new TextEncoder().encode(text)),
    examine: (bytes) => {
      try {
        const answer = read(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
        if (answer === undefined) return refused('not read');
        if (answer === true) return { kind: 'decoded' };
        return { kind: 'decoded', again: new TextEncoder().encode(answer) };
      } catch (cause) {
        if (isRefusal?.(cause) === true) return refused(reasonOf(cause));
        throw cause;
      }
    },
  };
}

/** A refusal, its reason without the figures that differ from input to input. */
export function refused(reason: string): Examined {
  return { kind: 'refused', reason: reason.replaceAll(/\d+/g, '#').slice(0, 60) };
}

/** What an error says. */
export function sentenceOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
