/** What a reader and the contract say to a forgery. */
import { createHash } from 'node:crypto';
import { decodeBundle, encodeBundle } from '@lawbook/exchange/bundle';
import { LAW_IDS } from '@lawbook/exchange/laws/verdict';
import {
  encodeSettlementAttachment,
  SETTLEMENT_ATTACHMENT,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { FileFault } from '../../../packages/cli/src/terminal/cliFault.ts';
import type { Terminal } from '../../../packages/cli/src/terminal/terminal.ts';
import { verifyBundle } from '../../../packages/cli/src/verify.ts';
import type { AttackedChain } from './attackedChain.ts';
import type { Forgery } from './forgery.ts';

/** What an attached proof is refused by when its bytes are none. */
export const UNREADABLE = 'the proof does not read';
/** What it is refused by when no key fits it: a reader then says checked, never proven. */
export const UNPROVEN = 'not proven';

const SILENT: Terminal = {
  print: () => undefined,
  note: () => undefined,
  resultsOnScreen: false,
  notesOnScreen: false,
};

/**
 * Does what `lawbook verify` does with a file: laws, then what joins the batches, then the proof.
 * @returns everything that is named, in that order; undefined for a proven epoch.
 */
export async function refusalOffline(forgery: Forgery): Promise<string | undefined> {
  const bytes = publishedBytes(forgery);
  const key = createHash('sha256').update(bytes).digest('hex');
  const known = ANSWERS.get(key) ?? judgeBytes(bytes);
  ANSWERS.set(key, known);
  return await known;
}

/** Answers by digest: many a cheat leaves what is published as it is. */
const ANSWERS = new Map<string, Promise<string | undefined>>();

/** The bundle as a file, with its proof. */
function publishedBytes({ bundle, attachment, spoil }: Forgery): Uint8Array {
  const encoded = encodeSettlementAttachment(attachment);
  const proof = { name: SETTLEMENT_ATTACHMENT, bytes: spoil?.(encoded) ?? encoded };
  return encodeBundle({ ...bundle, attachments: [proof] });
}

async function judgeBytes(bytes: Uint8Array): Promise<string | undefined> {
  try {
    const { batches, findings, proof, holds } = await verifyBundle(decodeBundle(bytes), {
      file: 'the forgery',
      basis: { epochHash: undefined, rpcUrl: undefined, keyFile: undefined },
      terminal: SILENT,
    });
    const broken = new Set(
      batches.flat().flatMap(({ id, verdict }) => (verdict.kind === 'violated' ? [id] : [])),
    );
    const flaws = findings.filter(({ flaw }) => flaw !== undefined);
    const failed = proof?.steps.filter(({ outcome }) => outcome.kind === 'fails') ?? [];
    const named = [
      LAW_IDS.filter((id) => broken.has(id)).join(' '),
      ...flaws.map(({ name }) => name),
      ...failed.map(({ step }) => step),
    ].filter((name) => name !== '');
    if (named.length > 0) return named.join(', ');
    return holds && proof?.level === 'proven' ? undefined : UNPROVEN;
  } catch (fault) {
    if (fault instanceof FileFault) return UNREADABLE;
    throw fault;
  }
}

/** What came of asking and sending. */
export interface ChainJudgement {
  /** Name of the contract's error; undefined when it would settle. */
  readonly refusal: string | undefined;
  /** What sending it changed, in a word; undefined for nothing. */
  readonly change: string | undefined;
}

/** Asks the contract, then sends what it refuses nevertheless and looks at all that is stored. */
export async function judgeOnChain(
  chain: AttackedChain,
  { call, prepare }: Forgery,
): Promise<ChainJudgement> {
  const judge = async (): Promise<ChainJudgement> => {
    const refusal = await chain.refusalOf(call);
    if (refusal === undefined || call.blockNumber !== undefined) {
      return { refusal, change: undefined };
    }
    const before = await chain.stateRoots();
    const { isDone } = await chain.send(call);
    if (isDone) return { refusal, change: 'it was settled' };
    const after = await chain.stateRoots();
    const isSame = before.every((root, k) => root === after[k]);
    return { refusal, change: isSame ? undefined : 'storage changed' };
  };
  return prepare === undefined ? await judge() : await chain.meanwhile(prepare, judge);
}
