import { DEMO_MARKET_ID, demoTargets } from '@lawbook/analytics/demoWorld';
import { at } from '@lawbook/exchange/failures/invariant';
import { SystemRole, systemAccount } from '@lawbook/exchange/ledger/account';
import { assetId } from '@lawbook/exchange/ledger/asset';
import type { Deployment } from '@lawbook/settlement/baseLayer/evm/deployment';
import type { Act, Actor } from '@lawbook/settlement/baseLayer/evm/performAct';
import { SettlementFault } from '@lawbook/settlement/settlementFault';
import type { Address } from 'viem';
import { encodeFunctionData, erc20Abi } from 'viem';
import { BASE_LAYER_ABI } from '../../../../contracts/generated/baseLayerAbi.ts';
import { FAUCET_TOKEN_ABI } from '../../../../contracts/generated/faucetTokenAbi.ts';
import type { DemoGrant } from '../demo/demoWorld.ts';
import { demoGrants } from '../demo/demoWorld.ts';

/** Where the money goes, and who brings it. */
export interface DemoDeposits {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly actor: Actor;
  readonly signal: AbortSignal;
}

/**
 * Deposits what the demo world gives to its accounts and to the pool: real tokens of a chain on
 * which they are worth nothing. The operator drips and allows the sum of each token once, then
 * deposits for everybody. Each step is one act under a name of its own, so asking again after a
 * crash pays nobody twice.
 *
 * @throws SettlementFault SETTLEMENT_REFUSED, SETTLEMENT_UNAVAILABLE.
 */
export async function depositDemoMoney(deposits: DemoDeposits): Promise<void> {
  const { deployment } = deposits;
  const pool = poolGrants();
  const accounts = demoGrants();
  const grants = [...pool, ...accounts];
  const totals = deployment.tokens.map((_, token) => {
    const own = grants.filter((grant) => grant.assetId === token);
    return own.reduce((sum, { amount }) => sum + amount, 0n);
  });
  await performAll(
    deposits,
    totals.map((total, token) => drip(deposits, token, total)),
  );
  await performAll(
    deposits,
    totals.map((total, token) => allow(deposits, token, total)),
  );
  // In blocks of their own, before anybody has money: a pool that is paid while an epoch is open
  // holds nothing until the epoch is sealed, and every batch of it halts.
  await performAll(
    deposits,
    pool.map((grant, k) => deposit(deposits, grant, k)),
  );
  await performAll(
    deposits,
    accounts.map((grant, k) => deposit(deposits, grant, pool.length + k)),
  );
}

/** The pool starts with its target of each asset. */
function poolGrants(): DemoGrant[] {
  const account = systemAccount(SystemRole.pool, DEMO_MARKET_ID);
  return demoTargets().map((amount, i) => ({ account, assetId: assetId(i), amount }));
}

function drip({ deployment, actor }: DemoDeposits, token: number, units: bigint): Act {
  const callData = encodeFunctionData({
    abi: FAUCET_TOKEN_ABI,
    functionName: 'drip',
    args: [actor.sender, units],
  });
  return act(`demo:drip:${token}`, at(deployment.tokens, token).address, callData);
}

function allow({ deployment }: DemoDeposits, token: number, units: bigint): Act {
  const callData = encodeFunctionData({
    abi: erc20Abi,
    functionName: 'approve',
    args: [deployment.baseLayer, units],
  });
  return act(`demo:allow:${token}`, at(deployment.tokens, token).address, callData);
}

function deposit({ deployment, shard }: DemoDeposits, grant: DemoGrant, k: number): Act {
  const { account, assetId: asset, amount: units } = grant;
  const callData = encodeFunctionData({
    abi: BASE_LAYER_ABI,
    functionName: 'deposit',
    args: [shard, account as Address, BigInt(asset), units],
  });
  return act(`demo:deposit:${k}`, deployment.baseLayer, callData);
}

function act(key: string, to: Address, callData: Act['callData']): Act {
  return { key, to, amount: 0n, callData, mayDiffer: false };
}

async function performAll({ actor, signal }: DemoDeposits, acts: readonly Act[]): Promise<void> {
  const outcomes = await Promise.all(acts.map((each) => actor.perform(each, signal)));
  for (const outcome of outcomes) {
    if (outcome.kind === 'done') continue;
    const { rule, sentence } = outcome.refusal;
    throw new SettlementFault(
      'SETTLEMENT_REFUSED',
      `The demo money cannot be deposited: ${sentence} Delete the data directory to start anew.`,
      { fields: { rule } },
    );
  }
}
