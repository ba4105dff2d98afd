import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { EpochBundle } from '@lawbook/exchange/bundle';
import { at, invariant } from '@lawbook/exchange/failures/invariant';
import { openPoseidon2 } from '@lawbook/proofs/barretenberg/poseidon2';
import { epochCut, epochShapeOf } from '@lawbook/proofs/statements/epoch/epochStatement';
import type { SettlementAttachment } from '@lawbook/proofs/statements/epoch/settlementAttachment';
import type { RefusalRuleName } from '@lawbook/settlement/baseLayer/refusalRules';
import { refusalOf } from '@lawbook/settlement/baseLayer/refusalRules';
import type { SettleCheck } from '@lawbook/settlement/baseLayer/submission';
import { bundleNamed } from './bundles/bundleNamed.ts';
import { baseLayerOf } from './chain/chainFlags.ts';
import { circuitPlaceFor, withContract } from './chain/contractView.ts';
import { RPC_VARIABLE, rpcUrlOf, withRpcFlag } from './chain/rpcFlag.ts';
import { CommandFault, ExitCode, UsageFault } from './terminal/cliFault.ts';
import type { Program } from './terminal/program.ts';
import { paint, printJson } from './terminal/terminal.ts';
import type { VenueFlags } from './terminal/venueFlags.ts';
import { venueUrl, withVenueFlags } from './terminal/venueFlags.ts';
import { attachmentOf } from './verifyProof.ts';

interface SettleOptions extends VenueFlags {
  readonly dryRun?: boolean;
  readonly rpc?: string;
}

const EXAMPLES = `
Examples:
  lawbook settle --dry-run latest                        an epoch of the venue
  lawbook settle --dry-run epoch-7.proven.bin --rpc http://127.0.0.1:8545

Asks the contract what it would say now to the list, its orders and its proof, in the name of the
operator of the shard: it passes, for so much gas, or is refused by a rule with a name. Nothing is
sent and no key is needed; a venue settles by itself. Exits 1 when it is refused.`;

/** `lawbook settle`: what the contract would say to an epoch. */
export function addSettle(program: Program): void {
  withRpcFlag(withVenueFlags(program.command.command('settle')))
    .description('Ask the contract what it would say to an epoch, without sending anything')
    .argument('<bundle|epoch>', 'file with a proof, number, or latest')
    .option('--dry-run', 'required: a venue settles its epochs by itself')
    .addHelpText('after', EXAMPLES)
    .action((word: string, options: SettleOptions) => settle(program, word, options));
}

async function settle(program: Program, word: string, options: SettleOptions): Promise<void> {
  const { terminal } = program;
  if (options.dryRun !== true) {
    throw new UsageFault(
      'a venue settles its epochs by itself: add --dry-run to ask what it meets',
    );
  }
  const client = new LawbookClient({ baseUrl: venueUrl(options) });
  const { bundle, name, source } = await bundleNamed(word, options.market, client);
  const attachment = attachmentOf(bundle, name);
  if (attachment === undefined) {
    const next = source === 'file' ? 'lawbook prove makes one' : 'it is due; ask again';
    throw new CommandFault('CLI_PROOF_MISSING', `${name} carries no proof: ${next}`);
  }
  const rpcUrl = rpcUrlOf(options) ?? (await baseLayerOf(client)).rpcUrl;
  if (rpcUrl === undefined) throw new UsageFault(`name an endpoint: --rpc or ${RPC_VARIABLE}`);
  const check = await checkOnChain(bundle, attachment, rpcUrl);
  if (check.kind === 'refused') program.exitWith(ExitCode.refused);
  const { listNumber, listHash } = attachment.place;
  if (options.json === true) {
    printJson(terminal, { ok: check.kind === 'passes', listNumber, listHash, ...check });
    return;
  }
  terminal.print(checkLine(check, listNumber));
}

async function checkOnChain(
  bundle: EpochBundle,
  { place, proof }: SettlementAttachment,
  rpcUrl: string,
): Promise<SettleCheck> {
  const shape = epochShapeOf(proof.circuit);
  invariant(shape !== undefined, 'an attachment names a circuit of epochs');
  const { domain } = at(bundle.batches, 0);
  const cut = epochCut(bundle, { ...place, shape }, await openPoseidon2());
  const question = { rpcUrl, domain, shard: place.shard, marketId: bundle.marketId };
  return await withContract(question, async ({ agreement, layerFor }) => {
    if (agreement === undefined) return refused('AgreementIsNotActive', String(place.shard));
    const circuit = circuitPlaceFor(agreement, shape);
    if (circuit === undefined) return refused('CircuitUnknown', proof.circuit);
    const { dataCommitment, listHash } = place;
    return await layerFor(agreement.operator).check({
      list: cut.list,
      book: cut.book,
      proof: { circuit, dataCommitment, bytes: proof.bytes },
      listHash,
    });
  });
}

/** What the contract would say, known without asking it. */
function refused(rule: RefusalRuleName, detail: string): SettleCheck {
  return { kind: 'refused', refusal: refusalOf(rule, [detail]) };
}

function checkLine(check: SettleCheck, listNumber: bigint): string {
  if (check.kind === 'passes') {
    const gas = check.gas === undefined ? '' : `, for ${check.gas} gas`;
    return paint.good(`passes: the contract would settle list ${listNumber} now${gas}`);
  }
  const { rule, details, sentence } = check.refusal;
  return paint.bad(`refused: ${rule}(${details.join(', ')}): ${sentence}`);
}
