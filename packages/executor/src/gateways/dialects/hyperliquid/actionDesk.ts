import { Fault } from '@lawbook/exchange/failures/fault';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import type { Asker, GatewayCore } from '../../gatewayCore.ts';
import { connectionIdOf } from './actionHash.ts';
import type { ActionReply } from './actionReplies.ts';
import { DONE, failed, tooMany } from './actionReplies.ts';
import type { TradeAction } from './actionSchemas.ts';
import { TRADE_ACTIONS, tradeAction } from './actionSchemas.ts';
import type { Agents } from './agents.ts';
import { agentOf } from './agents.ts';
import type { ChainNonces } from './chainNonces.ts';
import type { Envelope } from './envelope.ts';
import { readEnvelope, unreadable } from './envelope.ts';
import type { Signers, Standing } from './signers.ts';
import type { TradeDesk } from './tradeDesk.ts';
import {
  approveAgent,
  approveAgentDigest,
  approveBuilderFee,
  approveBuilderFeeDigest,
} from './userSigned.ts';

/** What the desk works with. */
export interface ActionDeskParts {
  readonly core: GatewayCore;
  readonly signers: Signers;
  readonly agents: Agents;
  readonly chainNonces: ChainNonces;
  readonly trades: TradeDesk;
}

/** Who sends a request, as far as limits and logs go. */
export type Sender = Pick<Asker, 'addressKey' | 'traceId' | 'quotas'>;

/**
 * From when an action came, its wishes must be sequenced within so long. It bounds what a delayed
 * signature of the venue could still do.
 */
const WISH_LIFE_MS = 10_000;

/** The exchange endpoint: reads an action, tells who signed it, and has it carried out. */
export class ActionDesk {
  readonly #parts: ActionDeskParts;

  constructor(parts: ActionDeskParts) {
    this.#parts = parts;
  }

  /** The answer to a request, or in words why it is none. */
  async answer(json: unknown, sender: Sender): Promise<ActionReply | string> {
    const envelope = readEnvelope(json);
    if (typeof envelope === 'string') return envelope;
    const { type } = envelope.action;
    if (TRADE_ACTIONS.has(type)) return await this.#trade(envelope, sender);
    if (type === 'approveAgent') return await this.#approveAgent(envelope, sender);
    if (type === 'approveBuilderFee') return this.#approveBuilderFee(envelope, sender);
    return failed(refusalOfType(type));
  }

  async #trade(envelope: Envelope, sender: Sender): Promise<ActionReply> {
    const parsed = tradeAction.safeParse(envelope.action);
    if (!parsed.success) return failed(unreadable(parsed.error));
    const { vaultAddress, expiresAfter, chainNonce, signature } = envelope;
    if (vaultAddress !== undefined) return failed(`Vault not registered: ${vaultAddress}`);
    const nowMs = this.#parts.core.dependencies.clock();
    if (expiresAfter !== undefined && expiresAfter <= nowMs) {
      return failed(`Order expired: expiresAfter ${expiresAfter}, now ${nowMs}`);
    }
    const connectionId = connectionIdOf(envelope.action, envelope);
    const standing = this.#parts.signers.ofAction(connectionId, signature, nowMs);
    if (typeof standing === 'string') return failed(standing);
    const refused =
      this.#limit(wishCount(parsed.data), standing.owner, sender, nowMs) ??
      this.#parts.chainNonces.use({ ...standing, chainNonce }, nowMs);
    if (refused !== undefined) return failed(refused);
    const lives = [nowMs + WISH_LIFE_MS, standing.grantedUntilMs, expiresAfter ?? Infinity];
    const asker: Asker = { caller: { kind: 'anonymous' }, ...sender };
    const voidAtMs = Math.min(...lives);
    const mandate = { ...standing, chainNonce, connectionId, voidAtMs, asker };
    return await this.#parts.trades.act(parsed.data, mandate);
  }

  async #approveAgent(envelope: Envelope, sender: Sender): Promise<ActionReply> {
    const parsed = approveAgent.safeParse(envelope.action);
    if (!parsed.success) return failed(unreadable(parsed.error));
    const standing = this.#standingOf(envelope, approveAgentDigest(parsed.data), sender);
    if (typeof standing === 'string') return failed(standing);
    const agent = agentOf(parsed.data, standing.owner, envelope.signature);
    try {
      const refused = await this.#parts.agents.approve(agent);
      return refused === undefined ? DONE : failed(refused);
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      this.#parts.core.dependencies.log.error({ err: cause }, 'an agent could not be kept');
      return failed('The venue could not keep the approval. Approve again later.');
    }
  }

  /** Nobody takes builder fees here, so whatever an owner would allow at most is kept to. */
  #approveBuilderFee(envelope: Envelope, sender: Sender): ActionReply {
    const parsed = approveBuilderFee.safeParse(envelope.action);
    if (!parsed.success) return failed(unreadable(parsed.error));
    const standing = this.#standingOf(envelope, approveBuilderFeeDigest(parsed.data), sender);
    return typeof standing === 'string' ? failed(standing) : DONE;
  }

  /** Who signed a plain message whose chain nonce it uses up; otherwise why it is refused. */
  #standingOf(
    { action, chainNonce, signature }: Envelope,
    digest: Uint8Array,
    sender: Sender,
  ): Standing | string {
    const { nonce: signedNonce } = action as { readonly nonce?: unknown };
    if (signedNonce !== chainNonce) return 'Invalid nonce: another one than was signed.';
    const { core, signers, chainNonces } = this.#parts;
    const nowMs = core.dependencies.clock();
    const standing = signers.ofMessage(digest, signature, nowMs);
    if (typeof standing === 'string') return standing;
    const refused =
      this.#limit(0, standing.owner, sender, nowMs) ??
      chainNonces.use({ ...standing, chainNonce }, nowMs);
    return refused ?? standing;
  }

  /** What is too much at once: of one request, or of its address beyond the one token it paid. */
  #limit(count: number, owner: AccountId, sender: Sender, nowMs: number): string | undefined {
    const { options, addressBuckets, accountBuckets } = this.#parts.core;
    if (count > options.ordersPerRequestMax) {
      return `Too many orders in one request: at most ${options.ordersPerRequestMax}.`;
    }
    // Wishes of books pay for themselves at their intake; an action without any pays here.
    if (count === 0) {
      const quota = accountBuckets.take(owner, 1, nowMs);
      sender.quotas.push(quota);
      return quota.allowed ? undefined : tooMany(quota.limit);
    }
    if (count === 1) return undefined;
    const quota = addressBuckets.take(sender.addressKey, count - 1, nowMs);
    sender.quotas.push(quota);
    return quota.allowed ? undefined : tooMany(quota.limit);
  }
}

/** How many wishes of books an action stands for; for one of every book it is asked once. */
function wishCount(action: TradeAction): number {
  switch (action.type) {
    case 'order':
      return action.orders.length;
    case 'batchModify':
      return action.modifies.length;
    case 'cancel':
    case 'cancelByCloid':
      return action.cancels.length;
    case 'noop':
      return 0;
    default:
      return 1;
  }
}

/** Actions of the dialect that have no meaning here, by what they are about. */
const MEANINGLESS: readonly (readonly [RegExp, string])[] = [
  [/^(?:updateLeverage|updateIsolatedMargin|topUpIsolatedOnlyMargin)$/, 'has no perpetuals'],
  [/^(?:twapOrder|twapCancel)$/, 'takes no TWAP orders'],
  [/^(?:setReferrer|registerReferrer|claimRewards)$/, 'has no referrals'],
  [/[vV]ault|subAccount|SubAccount/, 'has no vaults and no sub-accounts'],
  [
    /^(?:usdSend|spotSend|sendAsset|withdraw3|usdClassTransfer)$/,
    'moves money by its own API only',
  ],
];

function refusalOfType(type: string): string {
  const why = MEANINGLESS.find(([pattern]) => pattern.test(type))?.[1];
  const known = [...TRADE_ACTIONS, 'approveAgent', 'approveBuilderFee'].join(', ');
  const reason = why === undefined ? 'does not know this action' : why;
  const refused = `Action ${JSON.stringify(type)} is not supported: this venue ${reason}.`;
  return `${refused} It takes ${known}.`;
}
