import type { AccountId } from '@lawbook/exchange/ledger/account';
import { Scope } from '@lawbook/exchange/orders/signedTypes';
import type { VenueService } from '../../../venueService.ts';
import type { AgentSource } from './actionHash.ts';
import { agentDigest } from './actionHash.ts';
import type { Agents } from './agents.ts';

/** In whose name a signed action is taken, and until when the owner's consent lasts. */
export interface Standing {
  readonly owner: AccountId;
  /** The wallet that signed: the owner itself or an agent of it. */
  readonly signer: AccountId;
  readonly grantedUntilMs: number;
}

const SOURCES: readonly AgentSource[] = ['a', 'b'];

/**
 * Tells who stands behind a signature. A signature of this dialect recovers to some address
 * whatever it is, so it counts only where the address is an owner who lets this venue write its
 * actions down, or an agent of one.
 */
export class Signers {
  readonly #venue: VenueService;
  readonly #agents: Agents;
  readonly #delegate: AccountId;

  constructor(venue: VenueService, agents: Agents, delegate: AccountId) {
    this.#venue = venue;
    this.#agents = agents;
    this.#delegate = delegate;
  }

  /** Who signed an action, under either source; otherwise a sentence of the dialect. */
  ofAction(connectionId: Uint8Array, signature: Uint8Array, nowMs: number): Standing | string {
    const signers = SOURCES.flatMap((source) => {
      return this.#venue.recover(agentDigest(source, connectionId), signature) ?? [];
    });
    for (const signer of signers) {
      const standing = this.#standing(signer, nowMs);
      if (standing !== undefined) return standing;
    }
    const known = signers.find((signer) => this.#ownerOf(signer, nowMs) !== undefined);
    return this.#unknown(known ?? signers[0], nowMs);
  }

  /** The owner who signed a plain EIP-712 message; agents sign none. */
  ofMessage(digest: Uint8Array, signature: Uint8Array, nowMs: number): Standing | string {
    const signer = this.#venue.recover(digest, signature);
    if (signer !== undefined && this.#agents.find(signer, nowMs) !== undefined) {
      return `User or API Wallet ${signer} is an agent: its owner signs this itself.`;
    }
    const grantedUntilMs = signer && this.grantedUntilMs(signer, nowMs);
    if (signer === undefined || grantedUntilMs === undefined) return this.#unknown(signer, nowMs);
    return { owner: signer, signer, grantedUntilMs };
  }

  /** Until when an owner lets this venue write its actions down; undefined where it does not. */
  grantedUntilMs(owner: AccountId, nowMs: number): number | undefined {
    const ends = this.#venue.state.grantsOf(owner).flatMap(({ grant }) => {
      const { delegate, scopes, expiresAtMs } = grant;
      const allows = delegate === this.#delegate && (scopes & Scope.trade) !== 0;
      return allows && expiresAtMs > nowMs ? [expiresAtMs] : [];
    });
    return ends.length === 0 ? undefined : Math.max(...ends);
  }

  #standing(signer: AccountId, nowMs: number): Standing | undefined {
    const agent = this.#agents.find(signer, nowMs);
    for (const owner of [signer, ...(agent === undefined ? [] : [agent.owner])]) {
      const grantedUntilMs = this.grantedUntilMs(owner, nowMs);
      if (grantedUntilMs !== undefined) return { owner, signer, grantedUntilMs };
    }
    return undefined;
  }

  /** The account that an address has here, its own or as an agent. */
  #ownerOf(signer: AccountId, nowMs: number): AccountId | undefined {
    const agent = this.#agents.find(signer, nowMs);
    if (agent !== undefined) return agent.owner;
    return this.#venue.state.ledger.accountNumber(signer) === undefined ? undefined : signer;
  }

  #unknown(signer: AccountId | undefined, nowMs: number): string {
    const owner = signer && this.#ownerOf(signer, nowMs);
    if (owner === undefined) {
      return `User or API Wallet ${signer ?? 'without a valid signature'} does not exist.`;
    }
    return (
      `User or API Wallet ${signer} has no consent of its owner: let ${owner} sign a session ` +
      `grant with scope trade for the delegate ${this.#delegate} and send it to POST /v1/sessions.`
    );
  }
}
