import { LawbookClient } from '@lawbook/api/client/lawbookClient';
import { keySigner } from '@lawbook/api/client/signers';
import type { EpochView } from '@lawbook/api/schema/recordViews';
import type { BaseLayerView } from '@lawbook/api/schema/settlementViews';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import { tokenBalance } from '@lawbook/settlement/baseLayer/evm/faucet';
import { fetchBundle } from '../bundles/fetchBundle.ts';
import { placeOf } from '../chain/chainFlags.ts';
import type { OwnerChain } from '../chain/ownerChain.ts';
import { readAsset } from '../chain/shardAssets.ts';
import { readVaultState } from '../chain/vaultState.ts';
import { withOwner } from '../chain/withOwner.ts';
import { amountOf } from '../crossing/amountOf.ts';
import { claimPending } from '../crossing/claimPending.ts';
import { followWithdrawal, settledEpoch } from '../crossing/followWithdrawal.ts';
import { pollUntil } from '../crossing/pollUntil.ts';
import { vaultDeposit } from '../crossing/vaultDeposit.ts';
import type { SigningKey } from '../files/keyFile.ts';
import { CommandFault } from '../terminal/cliFault.ts';
import type { Steps } from '../terminal/steps.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { granted } from '../trading/granted.ts';
import { verifyBundle } from '../verify.ts';
import { levelOf } from '../verifyReport.ts';

/** What the whole path is walked with. */
export interface PathOptions {
  readonly url: string;
  readonly marketId: string;
  readonly key: SigningKey;
  /** Endpoint of the chain; what the venue tells unless named. */
  readonly rpc: string | undefined;
  readonly signal: AbortSignal;
}

/** What is deposited, traded and withdrawn, in the market's numeraire. */
const DEPOSITED = 1000;
const TRADED = 100;
const WITHDRAWN = 50;
const WITHDRAWAL_MS = 24 * 3_600_000;
/** A venue that makes its reference string for the first time answers late. */
const ANSWER_MS = 60_000;

/**
 * Walks the whole path of money once: in from the chain, through an order, a batch, a proof and a
 * settlement, and out again; then judges what was settled as a stranger would.
 *
 * @throws CommandFault CLI_SELF_TEST when something comes out otherwise than it must; every fault
 *   of the way.
 */
export async function walkWholePath(
  options: PathOptions,
  steps: Steps,
  terminal: Terminal,
): Promise<void> {
  const { url, key, signal, rpc } = options;
  const signer = keySigner(key.secretKey);
  const client = new LawbookClient({ baseUrl: url, signer, timeoutMs: ANSWER_MS });
  const layer = await runningLayer(client, signal);
  steps.done('ready', `chain ${layer.chainId}, shard ${layer.shard}, ${layer.setup}`);
  const place = placeOf(layer, rpc === undefined ? {} : { rpc });
  await withOwner({ place, ...key, signal }, async (chain) => {
    const walk = { ...options, client, layer, chain, rpcUrl: place.rpcUrl };
    const symbol = await numeraire(walk);
    const wanted = await amountOf([`${DEPOSITED}`, symbol], client);
    await vaultDeposit({ client, owner: key.account, payer: key.account, wanted }, chain, steps);
    const epochNumber = await trade(walk, symbol, steps);
    await settle(walk, epochNumber, steps);
    await withdraw(walk, symbol, steps);
    await compareBalances(walk, steps);
    await verify(walk, epochNumber, { steps, terminal });
  });
}

interface Walk extends PathOptions {
  readonly client: LawbookClient;
  readonly layer: BaseLayerView;
  readonly chain: OwnerChain;
  readonly rpcUrl: string;
}

/** The base layer once it is open and its agreement holds. */
async function runningLayer(client: LawbookClient, signal: AbortSignal): Promise<BaseLayerView> {
  return await pollUntil('the base layer is open', signal, async () => {
    const { phase, layer, detail } = await granted(client.readSettlement());
    if (phase === 'notConfigured' || phase === 'stopped') {
      throw new CommandFault('CLI_SELF_TEST', `the venue settles nowhere: ${detail}`);
    }
    const { state } = await granted(client.readAgreement());
    return layer !== undefined && state === 'active' ? layer : undefined;
  });
}

/** Symbols of what is paid and received: the first two assets of the market. */
async function pairOf({ client, marketId }: Walk): Promise<readonly [string, string]> {
  const { products } = await granted(client.market(marketId));
  const [pay, receive] = products.filter(({ kind }) => kind === 'asset');
  if (pay !== undefined && receive !== undefined) return [pay.symbol, receive.symbol];
  throw new CommandFault('CLI_SELF_TEST', `market ${marketId} has no two assets to trade`);
}

async function numeraire(walk: Walk): Promise<string> {
  const [pay] = await pairOf(walk);
  return pay;
}

/** Places an order and waits for its batch. @returns the epoch that the batch became part of. */
async function trade(walk: Walk, symbol: string, steps: Steps): Promise<number> {
  const { client, marketId, signal } = walk;
  const [, receive] = await pairOf(walk);
  const wish = { pay: symbol, receive, amount: String(TRADED), marketId };
  const answer = await granted(client.placeOrder(wish));
  if (answer.kind !== 'accepted') {
    throw new CommandFault('CLI_SELF_TEST', `the order is refused: ${answer.rejection.rule}`);
  }
  steps.done('accepted', `order ${answer.orderId} for batch ${answer.batchNumber}`);
  const { orderId, sequence, batchNumber } = answer;
  const order = await pollUntil('the batch clears', signal, async () => {
    const reply = await client.readOrder(orderId, { atLeast: sequence });
    return reply.ok && reply.value.order.status !== 'new' ? reply.value.order : undefined;
  });
  const { status, paid, pay, received } = order;
  if (status !== 'filled') {
    throw new CommandFault('CLI_SELF_TEST', `the order is ${status}, not filled`, { orderId });
  }
  steps.done('filled', `paid ${paid} ${pay}, received ${received} ${order.receive}`);
  const epoch = await pollUntil('the epoch is sealed', signal, () => {
    return epochWith(client, marketId, batchNumber);
  });
  steps.done('sealed', `epoch ${epoch.epochNumber}, ${epoch.epochHash}`);
  return epoch.epochNumber;
}

async function epochWith(
  client: LawbookClient,
  marketId: string,
  batchNumber: number,
): Promise<EpochView | undefined> {
  const { epochs } = await granted(client.listEpochs(marketId, { limit: 20 }));
  return epochs.find(({ firstBatch, lastBatch }) => {
    return firstBatch <= batchNumber && batchNumber <= lastBatch;
  });
}

async function settle(
  { client, marketId, signal }: Walk,
  epochNumber: number,
  steps: Steps,
): Promise<void> {
  const proof = await pollUntil('the epoch is proven', signal, async () => {
    const reply = await granted(client.readProof(marketId, epochNumber));
    return reply.state === 'done' ? reply : undefined;
  });
  steps.done('proven', `${proof.circuit} by ${proof.backend}, ${proof.setup}`);
  const settled = await pollUntil('the epoch is settled', signal, () => {
    return settledEpoch(client, marketId, epochNumber);
  });
  const { blockNumber = '', gasUsed = '' } = settled;
  steps.done('settled', `in block ${blockNumber}, ${gasUsed} gas`, { blockNumber, gasUsed });
  await pollUntil('the settlement is final', signal, async () => {
    const reply = await settledEpoch(client, marketId, epochNumber);
    return reply?.state === 'finalized' ? reply : undefined;
  });
  steps.done('finalized', `list ${settled.listNumber}, ${settled.listHash}`);
}

async function withdraw(walk: Walk, symbol: string, steps: Steps): Promise<void> {
  const { client, chain, key, layer, signal } = walk;
  const { assetId, units } = await amountOf([`${WITHDRAWN}`, symbol], client);
  const { token, unit } = await readAsset(assetId, chain);
  const account = key.account as typeof key.account & Hex;
  const before = await tokenBalance({ token, account }, chain);
  const orderNonce = client.nextOrderNonce();
  const expiresAtMs = Date.now() + WITHDRAWAL_MS;
  const terms = { owner: account, to: account, shard: layer.shard, assetId, units };
  const { withdrawalId } = await granted(
    client.requestWithdrawal({ ...terms, orderNonce, expiresAtMs }),
  );
  steps.done('requested', `withdrawal ${withdrawalId}`);
  const followed = { client, owner: account, withdrawalId, signal };
  const { blockNumber = '0' } = await followWithdrawal(followed, steps);
  await claimPending({ token, account, settledIn: BigInt(blockNumber) }, chain, steps);
  const gained = (await tokenBalance({ token, account }, chain)) - before;
  if (gained === units * unit) return;
  const sentence = `the wallet gained ${gained} token units instead of ${units * unit}`;
  throw new CommandFault('CLI_SELF_TEST', sentence);
}

/** Everything is settled now, so the contract holds just what the venue says that it owes. */
async function compareBalances({ client, chain, key }: Walk, steps: Steps): Promise<void> {
  const { levels } = await granted(client.readAccount(key.account));
  const executed = levels.find(({ level }) => level === 'executed')?.balances ?? [];
  const { assets } = await granted(client.listAssets());
  const { vault } = await readVaultState(key.account, chain, chain.stands);
  for (const { assetId, symbol, decimals } of assets) {
    const units = vault.balances.get(Number(assetId)) ?? 0n;
    const onChain = formatDecimal(units, decimals);
    const here = executed.find((known) => known.symbol === symbol)?.total ?? onChain;
    if (here === onChain) continue;
    const sentence = `the contract holds ${onChain} ${symbol} and the venue says ${here}`;
    throw new CommandFault('CLI_SELF_TEST', sentence, { symbol });
  }
  steps.done('agrees', 'the contract holds what the venue owes the account');
}

/** Judges the epoch as a stranger would: its bytes, its proof, and the chain. */
async function verify(
  { client, marketId, rpcUrl }: Walk,
  epochNumber: number,
  { steps, terminal }: { readonly steps: Steps; readonly terminal: Terminal },
): Promise<void> {
  const bundle = await fetchBundle(client, marketId, epochNumber);
  const basis = { rpcUrl, keyFile: undefined, epochHash: undefined };
  const verification = await verifyBundle(bundle, {
    file: `epoch ${epochNumber}`,
    basis,
    terminal,
  });
  const level = levelOf(verification);
  if (level !== 'settled' && level !== 'finalized') {
    const sentence = `a stranger finds the epoch ${level}, not settled`;
    throw new CommandFault('CLI_SELF_TEST', sentence, { level });
  }
  steps.done('verified', `a stranger finds the epoch ${level}`, { level });
}
