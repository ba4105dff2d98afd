import { join } from 'node:path';
import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { encodeBundle } from '@lawbook/exchange/bundle';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { epochClaim, epochShapeFor } from '@lawbook/proofs/statements/epoch/epochStatement';
import type { SettlementAttachment } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import {
  encodeSettlementAttachment,
  SETTLEMENT_ATTACHMENT,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { INSECURE_SETUP } from '@lawbook/proofs/statements/proof';
import { readBundle, writeBundle } from './bundles/bundleFile.ts';
import type { NamedBundle } from './bundles/bundleNamed.ts';
import { bundleNamed } from './bundles/bundleNamed.ts';
import type { StringChoice } from './proving/localProver.ts';
import { keyOf, openString, proveLocally } from './proving/localProver.ts';
import { CommandFault, UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { startProgress } from './terminal/progress.ts';
import { Steps } from './terminal/steps.ts';
import { paint, printJson } from './terminal/terminal.ts';
import { DEFAULT_DATA_DIR } from './terminal/venueAddress.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { readWait, withWaitFlag } from './terminal/waitFlag.ts';
import { granted } from './trading/granted.ts';
import { attachmentOf } from './verifyProof.ts';

interface ProveOptions extends VenueFlags {
  readonly out?: string;
  readonly force?: boolean;
  readonly after?: string;
  readonly previous?: string;
  readonly list?: string;
  readonly shard: string;
  readonly dataDir: string;
  readonly crs?: string;
  readonly crsDigest?: string;
  readonly wait: string;
}

const EXAMPLES = `
Examples:
  lawbook prove epoch-1.bin                     offline: nothing comes before the first list
  lawbook prove epoch-7.bin --after epoch-6.proven.bin
  lawbook prove latest --out latest.bin         an epoch of a running venue
  lawbook verify epoch-1.proven.bin             what anybody can check of the result

A proof is about one list of a shard, which names the list before it: say that one's bundle
(--after) or its hash (--previous); the venue is asked where an epoch of it is named. An epoch that
breaks a law has no proof. Without --crs the proof rests on an ${INSECURE_SETUP}.`;

const WAIT_SECONDS = 900;

/** `lawbook prove`: proves an epoch here, and writes its bundle with the proof. */
export function addProve(program: Program): void {
  const command = withVenueFlags(program.command.command('prove'));
  withWaitFlag(command, WAIT_SECONDS)
    .description('Prove an epoch on this machine, and write its bundle with the proof')
    .argument('<bundle|epoch>', 'file written by lawbook epoch export, number, or latest')
    .option('-o, --out <file>', 'file to write; epoch-<number>.proven.bin by default')
    .option('--force', 'overwrite the file')
    .option('--after <bundle>', 'bundle with the proof of the list before')
    .option('--previous <hash>', 'hash of the list before')
    .option('--list <number>', 'number of the list in its shard, else that of the epoch')
    .option('--shard <number>', 'shard of the venue', '1')
    .option('-d, --data-dir <folder>', 'keeps reference string and keys', DEFAULT_DATA_DIR)
    .option('--crs <folder>', "points of a public ceremony, in Barretenberg's file format")
    .option('--crs-digest <sha256>', 'SHA-256 of those two files')
    .addHelpText('after', EXAMPLES)
    .action((word: string, options: ProveOptions) => prove(program, word, options));
}

async function prove({ terminal }: Program, word: string, options: ProveOptions): Promise<void> {
  const choice = stringChoice(options);
  const signal = readWait(options.wait);
  const steps = new Steps(terminal, options.json === true);
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const named = await bundleNamed(word, options.market, client);
  const { bundle } = named;
  const place = await listPlace(named, options, client);
  const shape = epochShapeFor(bundle);
  const { claim, listHash, dataCommitment } = epochClaim(
    bundle,
    { ...place, shape },
    await openPoseidon2(),
  );
  steps.done('claimed', `list ${place.listNumber} of shard ${place.shard}, for ${shape.name}`);
  steps.waiting('opening the reference string; the first time it takes a while');
  const string = await openString(shape.name, choice);
  const key = await keyOf(shape.name, string, choice.directory);
  steps.done('keys', `${key.gates} gates, ${string.setup}`);
  const progress = startProgress(terminal, 'proving', STAGES.length);
  const proof = await proveLocally(claim, {
    string,
    key,
    signal,
    onProgress: ({ stage }) => progress.update(STAGES.indexOf(stage) + 1, stage),
  }).finally(() => progress.stop());
  steps.done('proved', `${proof.bytes.length} bytes`, { proofBytes: proof.bytes.length });
  const file = options.out ?? `epoch-${bundle.epochNumber}.proven.bin`;
  const proven = withProof(bundle, { place: { ...place, listHash, dataCommitment }, proof });
  writeBundle(file, encodeBundle(proven), options.force === true);
  steps.done('written', file, { listHash });
  if (options.json === true) {
    printJson(terminal, { ok: true, file, listHash, setup: proof.setup, steps: steps.json() });
    return;
  }
  if (proof.setup === INSECURE_SETUP) terminal.print(paint.warn(`It rests on an ${proof.setup}.`));
  terminal.print(`check it with: lawbook verify ${file}`);
}

/** In the order in which a prover passes them. */
const STAGES = ['queued', 'witness', 'proving', 'proved'] as const;

function withProof(bundle: EpochBundle, attachment: SettlementAttachment): EpochBundle {
  const bytes = encodeSettlementAttachment(attachment);
  const others = bundle.attachments.filter(({ name }) => name !== SETTLEMENT_ATTACHMENT);
  return { ...bundle, attachments: [...others, { name: SETTLEMENT_ATTACHMENT, bytes }] };
}

/** Where a list stands in the chain of its shard. */
interface ListPlace {
  readonly shard: number;
  readonly listNumber: bigint;
  readonly previousListHash: Hash;
}

async function listPlace(
  { bundle, source }: NamedBundle,
  options: ProveOptions,
  client: LawbookClient,
): Promise<ListPlace> {
  const shard = readNumber('--shard', options.shard);
  if (options.after !== undefined) return placeAfter(options.after, options, shard);
  const { epochNumber } = bundle;
  const listNumber = BigInt(
    options.list === undefined ? epochNumber : readNumber('--list', options.list),
  );
  if (options.previous !== undefined) {
    return { shard, listNumber, previousListHash: readHash(options.previous) };
  }
  if (listNumber === 1n) return { shard, listNumber, previousListHash: ZERO_HASH };
  if (source === 'file') {
    throw new UsageFault(`list ${listNumber} names the one before it: use --after or --previous`);
  }
  const before = await granted(client.readBaseLayerTransaction(options.market, epochNumber - 1));
  if (before.listHash !== undefined) {
    return { shard, listNumber, previousListHash: readHash(before.listHash) };
  }
  const sentence = `the venue has not cut the list of epoch ${epochNumber - 1} yet`;
  throw new CommandFault('CLI_PROOF_MISSING', `${sentence}: ${before.detail}`, { epochNumber });
}

/** The place after that of a bundle with a proof. */
function placeAfter(file: string, { list }: ProveOptions, shard: number): ListPlace {
  const before = attachmentOf(readBundle(file), file);
  if (before === undefined) {
    throw new CommandFault('CLI_PROOF_MISSING', `${file} carries no proof: prove it first`);
  }
  const listNumber = list === undefined ? before.place.listNumber + 1n : BigInt(list);
  return { shard, listNumber, previousListHash: before.place.listHash };
}

function readNumber(flag: string, text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageFault(`${flag} takes a number from 1 on, not ${text}`);
}

function readHash(text: string): Hash {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase() as Hash;
  throw new UsageFault(`--previous takes 0x and 64 hexadecimal digits, not ${text}`);
}

function stringChoice({ dataDir, crs, crsDigest }: ProveOptions): StringChoice {
  const directory = join(dataDir, 'settlement');
  if (crs === undefined) return { directory, ceremony: undefined };
  if (crsDigest === undefined) throw new UsageFault('--crs needs --crs-digest');
  return { directory, ceremony: { directory: crs, digest: crsDigest } };
}
