import type { SolanaAttempt } from './solanaIntent.ts';
import type { InContext, SolanaRpc, StatusAnswer, Told } from './solanaRpc.ts';

/** Blocks during which a blockhash may be used; a protocol constant of the cluster. */
const BLOCKHASH_AGE = 150n;

/** What has to agree before an attempt counts as dead. */
export interface ExpiryRules {
  readonly genesisHash: string;
  /** Endpoints that have to say so, each with all of the evidence. */
  readonly quorum: number;
  /** Blocks beyond the last valid one, for endpoints that tell of landings late. */
  readonly marginBlocks: bigint;
}

/** Everything that one endpoint says about the end of attempts. Undefined: it did not say. */
export interface EndpointEvidence {
  readonly endpoint: string;
  readonly genesisHash: string | undefined;
  /** The lower of two independent answers; see `gatherEvidence`. */
  readonly finalizedHeight: bigint | undefined;
  /** A slot at which the height was finalized. */
  readonly finalizedSlot: bigint | undefined;
  /** By blockhash, in the finalized state. */
  readonly validity: ReadonlyMap<string, InContext<boolean>>;
  /** By signature, with history, asked for after all of the above. */
  readonly statuses: InContext<ReadonlyMap<string, StatusAnswer | null>> | undefined;
  readonly firstAvailableSlot: bigint | undefined;
}

/**
 * - `landed`: it is on the chain after all. One endpoint that saw it outweighs all that did not.
 * - `expired`: it never landed and never can; the intent may be signed anew.
 * - `open`: neither is proven.
 */
export type ExpiryVerdict = 'landed' | 'expired' | 'open';

/**
 * Judges one attempt by what endpoints said.
 *
 * An endpoint counts as a witness of the expiry when, all by itself, it
 *
 * 1. is on the lane's cluster,
 * 2. has finalized a height above the last valid one (plus a margin),
 * 3. says that the finalized state, at a slot not before the signing, refuses the blockhash,
 * 4. knows no status of the signature, although it searched its history, and answered that at a
 *    slot not before the finalized one of rule 2,
 * 5. keeps blocks back to the slot of the signing, or its silence would say nothing.
 *
 * Finalized state is never undone, and a blockhash that it refuses is refused by everything built
 * on it. Rules 2 and 3 are two ways to say "too old": 2 alone falls to an endpoint that returns the
 * slot (always larger) for the height, 3 alone to one that has not seen the blockhash yet.
 */
export function judgeExpiry(
  attempt: SolanaAttempt,
  evidence: readonly EndpointEvidence[],
  rules: ExpiryRules,
): ExpiryVerdict {
  const { signature } = attempt;
  const ours = evidence.filter(({ genesisHash }) => genesisHash === rules.genesisHash);
  const isSeen = ours.some(({ statuses }) => (statuses?.answer.get(signature) ?? null) !== null);
  if (isSeen) return 'landed';
  const witnesses = ours.filter((told) => isWitness(attempt, told, rules));
  return witnesses.length >= rules.quorum ? 'expired' : 'open';
}

function isWitness(
  { signature, blockhash, lastValidBlockHeight, signedAtSlot }: SolanaAttempt,
  told: EndpointEvidence,
  { marginBlocks }: ExpiryRules,
): boolean {
  const { finalizedHeight, finalizedSlot, statuses, firstAvailableSlot } = told;
  if (finalizedHeight === undefined || finalizedSlot === undefined) return false;
  if (finalizedHeight <= lastValidBlockHeight + marginBlocks) return false;
  const validity = told.validity.get(blockhash);
  if (validity === undefined || validity.answer || validity.slot < signedAtSlot) return false;
  if (statuses === undefined || statuses.slot < finalizedSlot) return false;
  if (statuses.answer.get(signature) !== null) return false;
  return firstAvailableSlot !== undefined && firstAvailableSlot <= signedAtSlot;
}

/**
 * Asks every endpoint for the evidence about these attempts (at most 256).
 *
 * The height is asked for twice: by getBlockHeight, and as the last valid height of the newest
 * finalized blockhash less the age that it allows. An endpoint whose height method returns the slot
 * is caught by the second, so the lower one is believed. Statuses are asked for last: what landed
 * before the height was finalized is in them.
 */
export async function gatherEvidence(
  attempts: readonly SolanaAttempt[],
  rpc: SolanaRpc,
): Promise<readonly EndpointEvidence[]> {
  const signatures = attempts.map(({ signature }) => signature);
  const blockhashes = [...new Set(attempts.map(({ blockhash }) => blockhash))];
  const [genesis, heights, latest, first, ...validities] = await Promise.all([
    rpc.genesisHashes(),
    rpc.blockHeights('finalized'),
    rpc.latestBlockhashes('finalized'),
    rpc.firstAvailableBlocks(),
    ...blockhashes.map((blockhash) => rpc.blockhashValidity(blockhash)),
  ]);
  const statuses = await rpc.statuses(signatures, true);
  return statuses.map(({ endpoint, answer }): EndpointEvidence => {
    const newest = find(latest, endpoint);
    const height = find(heights, endpoint);
    const validity = blockhashes.flatMap((blockhash, index) => {
      const told = find(validities[index] ?? [], endpoint);
      return told === undefined ? [] : [[blockhash, told] as const];
    });
    return {
      endpoint,
      genesisHash: find(genesis, endpoint),
      finalizedHeight: lower(height, newest?.answer.lastValidBlockHeight),
      finalizedSlot: newest?.slot,
      validity: new Map(validity),
      statuses: {
        slot: answer.slot,
        answer: new Map(signatures.map((name, index) => [name, answer.answer[index] ?? null])),
      },
      firstAvailableSlot: find(first, endpoint),
    };
  });
}

function find<Answer>(told: readonly Told<Answer>[], name: string): Answer | undefined {
  return told.find(({ endpoint }) => endpoint === name)?.answer;
}

function lower(height: bigint | undefined, lastValid: bigint | undefined): bigint | undefined {
  if (height === undefined || lastValid === undefined) return undefined;
  const implied = lastValid - BLOCKHASH_AGE;
  return implied < height ? implied : height;
}
