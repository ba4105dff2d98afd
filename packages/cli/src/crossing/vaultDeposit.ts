import type { LawbookClient } from '@lawbook/api/client/lawbookClient';
import type { DepositView } from '@lawbook/api/schema/crossingViews';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { formatDecimal } from '@lawbook/exchange/numbers/amount';
import type { Hex } from '@lawbook/proofs/statements/epoch/diffList';
import { depositTokens, expectDone } from '@lawbook/settlement/baseLayer/evm/owner';
import type { OwnerChain } from '../chain/ownerChain.ts';
import { ensureTokens } from '../chain/playMoney.ts';
import { readAsset } from '../chain/shardAssets.ts';
import type { Steps } from '../terminal/steps.ts';
import { granted } from '../trading/granted.ts';
import type { AssetAmount } from './amountOf.ts';
import { pollUntil } from './pollUntil.ts';

/** A deposit of a payer's tokens into a vault. */
export interface VaultDeposit {
  readonly client: LawbookClient;
  readonly owner: AccountId;
  readonly payer: AccountId;
  readonly wanted: AssetAmount;
}

/**
 * Allows and deposits tokens on the chain, then waits until the venue has credited them: it does so
 * once the deposit can no longer leave the chain.
 *
 * @returns the deposit as the venue lists it.
 * @throws SettlementFault SETTLEMENT_REFUSED that names the rule, SETTLEMENT_UNCERTAIN,
 *   SETTLEMENT_UNAVAILABLE; CommandFault CLI_WAIT_OVER.
 */
export async function vaultDeposit(
  { client, owner, payer, wanted }: VaultDeposit,
  chain: OwnerChain,
  steps: Steps,
): Promise<DepositView> {
  const { assetId, units } = wanted;
  const before = await highestDeposit(client, owner);
  const asset = await readAsset(assetId, chain);
  await ensureTokens({ asset, units, account: payer }, chain, steps);
  steps.waiting('waiting for a block with the allowance and one with the deposit');
  // The moment names the deposit: whoever calls again wants another one.
  const key = `cli:${before}:${Date.now()}`;
  const vault = owner as AccountId & Hex;
  const { life } = expectDone(await depositTokens({ key, owner: vault, assetId, units }, chain));
  const { inclusion } = life;
  const transaction = inclusion?.hash ?? '';
  const blockNumber = inclusion?.block.number ?? 0n;
  steps.done('deposited', `in block ${blockNumber}, transaction ${transaction}`, {
    transaction,
    blockNumber,
  });
  steps.waiting('waiting until the deposit is final and credited');
  const credited = await pollUntil('the deposit is credited', chain.signal, async () => {
    const { deposits } = await granted(client.listDeposits(owner, { limit: PAGE }));
    return deposits.find((known) => known.depositNumber > before && isOf(known, wanted));
  });
  steps.done('credited', `${credited.amount} ${credited.symbol} as sequence ${credited.sequence}`, {
    depositNumber: credited.depositNumber,
    sequence: credited.sequence,
  });
  return credited;
}

/** More deposits of one owner than this at once are not told apart. */
const PAGE = 50;

async function highestDeposit(client: LawbookClient, owner: AccountId): Promise<number> {
  const { deposits } = await granted(client.listDeposits(owner, { limit: 1 }));
  return deposits[0]?.depositNumber ?? 0;
}

function isOf({ symbol, amount }: DepositView, { asset, units }: AssetAmount): boolean {
  return symbol === asset.symbol && amount === formatDecimal(units, asset.decimals);
}
