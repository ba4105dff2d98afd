import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesToHex, parseHex } from '@lawbook/exchange/codec/hex';
import type { AccountId } from '@lawbook/exchange/ledger/account';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { RecoverSigner } from '@lawbook/exchange/orders/signature';
import type { Logger } from 'pino';
import { z } from 'zod';
import { nodeDisk } from '../../../journal/disk.ts';
import { writeReplacing } from '../../../journal/wholeFile.ts';
import type { ApproveAgent } from './userSigned.ts';
import { approveAgent, approveAgentDigest } from './userSigned.ts';

/** A key that may act in its owner's name, as the owner approved it. */
export interface Agent {
  readonly owner: AccountId;
  readonly address: AccountId;
  /** Empty for the unnamed one. */
  readonly name: string;
  /** Milliseconds since 1970; undefined: as long as the owner's grant to the venue. */
  readonly validUntilMs: number | undefined;
  /** What the owner signed; the file of agents proves itself by it. */
  readonly approval: ApproveAgent;
  readonly signature: Uint8Array;
}

/** An owner has one unnamed agent and at most so many with names, as in the dialect. */
export const NAMED_AGENTS_MAX = 3;
export const AGENT_NAME_MAX = 16;
/** Agents of all owners together. */
export const AGENTS_MAX = 10_000;

const FILE = 'hyperliquid-agents.json';

const stored = z.array(z.object({ approval: approveAgent, signature: z.string() }));

/**
 * Who approved which keys in the dialect. Approvals are kept in a file with what their owners
 * signed, and are recovered anew when it is read: whoever can write the file can take agents away
 * and cannot make any.
 */
export class Agents {
  readonly #path: string;
  readonly #log: Logger;
  readonly #byAddress = new Map<AccountId, Agent>();
  readonly #byOwner = new Map<AccountId, Map<string, Agent>>();
  #writing: Promise<void> = Promise.resolve();

  constructor(
    folder: string,
    dependencies: { readonly log: Logger; readonly recover: RecoverSigner },
  ) {
    this.#path = join(folder, FILE);
    this.#log = dependencies.log;
    for (const { approval, signature } of this.#read()) {
      const bytes = parseHex(signature);
      const owner = bytes && dependencies.recover(approveAgentDigest(approval), bytes);
      if (owner === undefined || bytes === undefined) continue;
      const agent = agentOf(approval, owner, bytes);
      if (this.refusal(agent) === undefined) this.#put(agent);
    }
  }

  /** The agent behind an address, unless its time is over. */
  find(address: AccountId, nowMs: number): Agent | undefined {
    const agent = this.#byAddress.get(address);
    return agent !== undefined && isInForce(agent, nowMs) ? agent : undefined;
  }

  /** The agents of an owner that are in force. */
  of(owner: AccountId, nowMs: number): Agent[] {
    return [...(this.#byOwner.get(owner)?.values() ?? [])].filter((agent) => {
      return isInForce(agent, nowMs);
    });
  }

  /** Why an approval is refused, in words; undefined where it is not. */
  refusal({ owner, address, name, approval }: Agent): string | undefined {
    if (name.length > AGENT_NAME_MAX)
      return `Agent name is longer than ${AGENT_NAME_MAX} characters.`;
    if (address === owner) return 'A wallet cannot be its own agent.';
    const holder = this.#byAddress.get(address);
    const own = this.#byOwner.get(owner);
    const before = own?.get(name);
    if (holder !== undefined && (holder.owner !== owner || holder.name !== name)) {
      return 'Extra agent already used.';
    }
    if (before !== undefined && before.approval.nonce >= approval.nonce) {
      return `Invalid nonce: this agent was approved with ${before.approval.nonce}`;
    }
    if (before !== undefined) return undefined;
    const named = [...(own?.keys() ?? [])].filter((known) => known !== '').length;
    if (name !== '' && named >= NAMED_AGENTS_MAX) {
      return `Too many extra agents: at most ${NAMED_AGENTS_MAX}.`;
    }
    return this.#byAddress.size >= AGENTS_MAX ? 'This venue keeps no more agents.' : undefined;
  }

  /**
   * Puts an agent in force in the place of the owner's former one of that name, once it is on disk.
   * Approvals are kept one after another.
   *
   * @returns why it is refused after all, or undefined.
   * @throws DiskError when it cannot be kept; then nothing changes.
   */
  approve(agent: Agent): Promise<string | undefined> {
    const kept = this.#writing.then(async () => {
      const refused = this.refusal(agent);
      if (refused !== undefined) return refused;
      await this.#write(agent);
      this.#put(agent);
      return undefined;
    });
    this.#writing = kept.then(
      () => undefined,
      () => undefined,
    );
    return kept;
  }

  /** Resolves once everything approved so far was written or could not be. */
  settled(): Promise<void> {
    return this.#writing;
  }

  #put(agent: Agent): void {
    const own = this.#byOwner.get(agent.owner) ?? new Map<string, Agent>();
    const before = own.get(agent.name);
    if (before !== undefined) this.#byAddress.delete(before.address);
    own.set(agent.name, agent);
    this.#byOwner.set(agent.owner, own);
    this.#byAddress.set(agent.address, agent);
  }

  async #write(added: Agent): Promise<void> {
    const replaced = this.#byOwner.get(added.owner)?.get(added.name);
    const others = [...this.#byAddress.values()].filter((agent) => agent !== replaced);
    const rows = [...others, added].map(({ approval, signature }) => {
      return { approval, signature: bytesToHex(signature) };
    });
    const bytes = new TextEncoder().encode(JSON.stringify(rows));
    await writeReplacing(nodeDisk, { directory: dirname(this.#path), name: FILE, bytes });
  }

  #read(): z.infer<typeof stored> {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (cause) {
      // The usual case: nobody has approved anybody yet.
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') this.#warn(cause);
      return [];
    }
    try {
      return stored.parse(JSON.parse(text));
    } catch (cause) {
      this.#warn(cause);
      return [];
    }
  }

  /** Without the file agents are approved anew; the venue is better off open than closed. */
  #warn(cause: unknown): void {
    this.#log.warn({ err: cause, file: FILE }, 'approved agents could not be read');
  }
}

/** The agent that an approval stands for. */
export function agentOf(approval: ApproveAgent, owner: AccountId, signature: Uint8Array): Agent {
  const { agentAddress, agentName } = approval;
  const match = / valid_until (\d{1,15})$/.exec(agentName ?? '');
  return {
    owner,
    address: accountId(agentAddress.toLowerCase()),
    name: (agentName ?? '').slice(0, match?.index),
    validUntilMs: match === null ? undefined : Number(match[1]),
    approval,
    signature,
  };
}

function isInForce({ validUntilMs }: Agent, nowMs: number): boolean {
  return validUntilMs === undefined || nowMs < validUntilMs;
}
