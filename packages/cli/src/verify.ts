import type { EpochBundle } from '@lawbook/exchange/bundle';
import { judgeBundle } from '@lawbook/exchange/judgeBundle';
import { SETTLEMENT_ATTACHMENT } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { readAnyBundle } from './bundles/bundleFile.ts';
import { RPC_VARIABLE, rpcUrlOf } from './chain/rpcFlag.ts';
import { ExitCode, FileFault } from './terminal/cliFault.ts';
import { failureBody, failureLine } from './terminal/failure.ts';
import type { Program } from './terminal/program.ts';
import { startProgress } from './terminal/progress.ts';
import type { Terminal } from './terminal/terminal.ts';
import { printJson } from './terminal/terminal.ts';
import { BookShelf, verifyBook } from './verifyBook.ts';
import { bookJson, bookLines } from './verifyBookReport.ts';
import type { ProofBasis, ProofFinding } from './verifyProof.ts';
import type { Verification } from './verifyReport.ts';
import { verificationJson, verificationLines } from './verifyReport.ts';

interface VerifyOptions {
  readonly epochHash?: string;
  readonly rpc?: string;
  readonly key?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  lawbook epoch export latest --out epoch.bin
  lawbook verify epoch.bin
  lawbook verify epoch.bin --epoch-hash 0x12..     the hash that you learnt somewhere else
  lawbook verify epoch.bin --rpc http://127.0.0.1:8545   and compare with the chain
  lawbook verify *.bin --json
  lawbook epoch export latest --market 101 --out book.bin && lawbook verify book.bin
  lawbook verify book-1.bin book-2.bin             does the second open as the first closed?

Needs no venue, and no network without --rpc: every law is re-run on the bytes, every signer is
recovered. What holds is checked. A bundle that carries a proof is verified with the key that the
chain's agreement names (--rpc), with a key in a file (--key), or with the committed development
keys, and is then proven; with --rpc the list, its number and its transaction are compared with the
contract. The epoch of an order book is judged by its own laws, B0 to B10: it can be checked, and is
neither proved nor settled. Exits 1 when anything is broken or does not decode.`;

/** `lawbook verify`: re-runs the laws on exported epochs, offline. */
export function addVerify(program: Program): void {
  program.command
    .command('verify')
    .description('Re-run every law on an exported epoch, and verify its proof')
    .argument('<bundles...>', 'files written by lawbook epoch export')
    .option('--epoch-hash <hash>', 'the epoch hash that the bundle must have')
    .option('--rpc <url>', `endpoint of the chain to compare with; else ${RPC_VARIABLE}`)
    .option('--key <file>', 'verifying key to verify the proof with')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action((files: string[], options: VerifyOptions) => verify(program, files, options));
}

async function verify(
  program: Program,
  files: readonly string[],
  options: VerifyOptions,
): Promise<void> {
  const { terminal } = program;
  const only = files.length === 1;
  const documents: unknown[] = [];
  const books = new BookShelf();
  for (const file of files) {
    try {
      const verification = await verifyFile(file, { terminal, options, books });
      if (!verification.holds) program.exitWith(ExitCode.refused);
      if (options.json === true) documents.push(verification.json());
      else for (const line of verification.lines()) terminal.print(line);
    } catch (failure) {
      // One bad file of many must not hide what the others are.
      if (only || !(failure instanceof FileFault)) throw failure;
      program.exitWith(ExitCode.refused);
      if (options.json === true) documents.push({ ok: false, file, ...failureBody(failure) });
      else terminal.print(failureLine(failure));
    }
  }
  if (options.json === true) printJson(terminal, only ? documents[0] : documents);
}

/** What was found out about a file, whatever kind of epoch it holds. */
interface FileVerification {
  readonly holds: boolean;
  readonly lines: () => string[];
  readonly json: () => Readonly<Record<string, unknown>>;
}

async function verifyFile(
  file: string,
  {
    terminal,
    options,
    books,
  }: {
    readonly terminal: Terminal;
    readonly options: VerifyOptions;
    readonly books: BookShelf;
  },
): Promise<FileVerification> {
  const read = readAnyBundle(file);
  const { epochHash, key: keyFile } = options;
  if (read.kind === 'book') {
    const { epoch } = read;
    const found = verifyBook(epoch, { file, epochHash, previous: books.before(epoch), terminal });
    books.put(epoch);
    const { holds } = found;
    return { holds, lines: () => bookLines(found), json: () => bookJson(found) };
  }
  const basis = { epochHash, keyFile, rpcUrl: rpcUrlOf(options) };
  const found = await verifyBundle(read.bundle, { file, basis, terminal });
  const { holds } = found;
  return { holds, lines: () => verificationLines(found), json: () => verificationJson(found) };
}

/** What a bundle is judged with besides itself. */
export interface VerifyBasis extends ProofBasis {
  /** The epoch hash that it must have, where one was learnt elsewhere. */
  readonly epochHash: string | undefined;
}

/**
 * Re-runs every law on a bundle, and verifies its proof where it is lawful and carries one.
 * @throws FileFault, SettlementFault as `verifyProof`.
 */
export async function verifyBundle(
  bundle: EpochBundle,
  {
    file,
    basis,
    terminal,
  }: { readonly file: string; readonly basis: VerifyBasis; readonly terminal: Terminal },
): Promise<Verification> {
  const progress = startProgress(terminal, `verifying ${file}`, bundle.batches.length);
  let judged = 0;
  const { isLawful, ...judgement } = judgeBundle(bundle, {
    epochHash: basis.epochHash,
    onBatch: (batchNumber) => {
      progress.update(judged, `batch ${batchNumber}`);
      judged += 1;
    },
  });
  progress.stop();
  const proof =
    isLawful && carriesProof(bundle) ? await proofFinding(bundle, file, basis) : undefined;
  const holds = judgement.holds && proof?.level !== 'refused';
  return { file, bundle, ...judgement, proof, holds };
}

/** Loaded where there is a proof only: verifying needs an EVM and the circuits' hash. */
async function proofFinding(
  bundle: EpochBundle,
  file: string,
  basis: ProofBasis,
): Promise<ProofFinding | undefined> {
  const { verifyProof } = await import('./verifyProof.ts');
  return await verifyProof(bundle, basis, file);
}

function carriesProof({ attachments }: EpochBundle): boolean {
  return attachments.some(({ name }) => name === SETTLEMENT_ATTACHMENT);
}
