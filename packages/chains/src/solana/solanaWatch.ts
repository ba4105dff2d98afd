import { isAsFinal } from './finality.ts';
import { gatherEvidence, judgeExpiry } from './solanaExpiry.ts';
import type { SolanaAttempt, SolanaInclusion, SolanaLife } from './solanaIntent.ts';
import { buried, ended, included, openAttempt, unincluded } from './solanaLife.ts';
import type { StoredSolanaIntent } from './solanaLog.ts';
import type { StatusAnswer } from './solanaRpc.ts';
import type { SolanaTenure } from './solanaTenure.ts';

/** Signatures in one call of getSignatureStatuses at most. */
const STATUSES_MAX = 256;
/** Attempts of one intent that are looked for: the live one, and dead ones that might not be. */
const WATCHED_ATTEMPTS = 3;
/** Endpoints keep statuses of about 150 seconds at hand; older ones stand in their history. */
const RECENT_MS = 60_000;

/** What several endpoints together say of one signature. */
export interface Sighting {
  /** The most settled status that any of them told. */
  readonly status: StatusAnswer | undefined;
  /** Slots at which the others knew nothing of it. */
  readonly absentAt: readonly bigint[];
}

/**
 * Looks up every transaction that may be out, and follows it into blocks, out of them again when a
 * fork undoes one, and to the end. Presence needs one endpoint, absence a quorum of them.
 */
export async function followStatuses(tenure: SolanaTenure): Promise<void> {
  const watched = [...tenure.intents.values()].flatMap((stored) => {
    return stored.life.attempts.slice(-WATCHED_ATTEMPTS).map((attempt) => ({ stored, attempt }));
  });
  for (let from = 0; from < watched.length; from += STATUSES_MAX) {
    const part = watched.slice(from, from + STATUSES_MAX);
    const sightings = await sight(
      tenure,
      part.map(({ attempt }) => attempt),
    );
    const lives: StoredSolanaIntent[] = [];
    for (const stored of new Set(part.map((entry) => entry.stored))) {
      const life = await follow(tenure, stored, sightings);
      if (life !== stored.life) lives.push({ ...stored, life });
    }
    if (lives.length > 0) await tenure.commit({ lives });
  }
}

async function sight(
  tenure: SolanaTenure,
  attempts: readonly SolanaAttempt[],
): Promise<ReadonlyMap<string, Sighting>> {
  const signatures = attempts.map(({ signature }) => signature);
  const oldest = attempts.reduce((ms, { offeredAtMs }) => Math.min(ms, offeredAtMs), Infinity);
  const searchHistory = tenure.nowMs() - oldest > RECENT_MS;
  const told = await tenure.rpc.statuses(signatures, searchHistory);
  const sightings = signatures.map((signature, index): [string, Sighting] => {
    const answers = told.map(({ answer }) => ({ slot: answer.slot, status: answer.answer[index] }));
    const statuses = answers.flatMap(({ status }) => (status ? [status] : []));
    return [
      signature,
      {
        status: statuses.reduce<StatusAnswer | undefined>(moreSettled, undefined),
        absentAt: answers.flatMap(({ status, slot }) => (status ? [] : [slot])),
      },
    ];
  });
  return new Map(sightings);
}

function moreSettled(best: StatusAnswer | undefined, next: StatusAnswer): StatusAnswer {
  if (best === undefined) return next;
  if (best.finality === next.finality) return next.slot > best.slot ? next : best;
  return isAsFinal(next.finality, best.finality) ? next : best;
}

async function follow(
  tenure: SolanaTenure,
  stored: StoredSolanaIntent,
  sightings: ReadonlyMap<string, Sighting>,
): Promise<SolanaLife> {
  const { life, request } = stored;
  const seen = life.attempts.flatMap((attempt) => {
    const status = sightings.get(attempt.signature)?.status;
    return status === undefined ? [] : [{ attempt, status }];
  });
  const best = seen.reduce<(typeof seen)[number] | undefined>((most, next) => {
    if (most === undefined) return next;
    return moreSettled(most.status, next.status) === next.status ? next : most;
  }, undefined);
  if (best === undefined) return missed(tenure, life, sightings);
  if (best.attempt.status === 'expired') alarm(tenure, stored, best.attempt);
  const { slot, finality, error } = best.status;
  const success = error === undefined;
  const place = { signature: best.attempt.signature, slot, finality, success, error };
  const inclusion: SolanaInclusion = { ...place, feePaid: best.attempt.fee };
  const next = isSame(life.inclusion, inclusion) ? life : included(life, inclusion, tenure.nowMs());
  return isAsFinal(finality, request.finality) ? conclude(tenure, next, inclusion) : next;
}

/** Nobody sees it any more: out of the chain, once a quorum that has passed its slot says so. */
function missed(
  tenure: SolanaTenure,
  life: SolanaLife,
  sightings: ReadonlyMap<string, Sighting>,
): SolanaLife {
  const { inclusion } = life;
  if (inclusion === undefined) return life;
  const { absentAt = [] } = sightings.get(inclusion.signature) ?? {};
  const witnesses = absentAt.filter((slot) => slot >= inclusion.slot);
  if (witnesses.length < tenure.options.settings.quorum) return life;
  tenure.tally.unincluded += 1;
  return unincluded(life, tenure.nowMs());
}

function alarm(
  tenure: SolanaTenure,
  { request }: StoredSolanaIntent,
  attempt: SolanaAttempt,
): void {
  const { signature } = attempt;
  const sentence =
    `Endpoints had agreed that ${signature} never landed and never can, and now it has: ` +
    'one of them is not to be trusted.';
  const fields = { signature };
  tenure.alert('outcomeUnknown', { severity: 'critical', sentence, key: request.key, fields });
}

function isSame(known: SolanaInclusion | undefined, next: SolanaInclusion): boolean {
  if (known === undefined) return false;
  return (
    known.signature === next.signature &&
    known.slot === next.slot &&
    known.finality === next.finality &&
    known.error === next.error
  );
}

/** As settled as asked: the end, with the fee that the chain says. */
async function conclude(
  tenure: SolanaTenure,
  life: SolanaLife,
  inclusion: SolanaInclusion,
): Promise<SolanaLife> {
  const feePaid = (await readFee(tenure, inclusion)) ?? inclusion.feePaid;
  const settled = { ...life, inclusion: { ...inclusion, feePaid } };
  const { success, error = '' } = inclusion;
  const reason = success
    ? undefined
    : ({
        code: 'simulationFailed',
        sentence: 'It landed and failed; only its fee was taken.',
        fields: { error },
      } as const);
  const state = success ? 'final' : 'reverted';
  return ended(settled, { state, reason, atMs: tenure.nowMs() });
}

async function readFee(
  tenure: SolanaTenure,
  { signature, finality }: SolanaInclusion,
): Promise<bigint | undefined> {
  if (finality === 'latest') return undefined;
  try {
    return await tenure.rpc.feePaid(signature, finality);
  } catch {
    // The formula of the fee is known; the look-up only confirms it.
    return undefined;
  }
}

/**
 * Proves the end of attempts whose blockhash seems to be too old, so that they may be signed anew.
 * One endpoint's word about the height is reason enough to ask for the evidence, never more.
 */
export async function buryExpired(tenure: SolanaTenure): Promise<void> {
  const { settings, genesisHash } = tenure.options;
  const open = [...tenure.intents.values()].flatMap((stored) => {
    const attempt = openAttempt(stored.life);
    return attempt === undefined ? [] : [{ stored, attempt }];
  });
  if (open.length === 0 || tenure.elapsedMs() - tenure.evidenceAt < settings.resendMs) return;
  tenure.evidenceAt = tenure.elapsedMs();
  const heights = await tenure.rpc.blockHeights('finalized');
  const marginBlocks = settings.expiryMarginBlocks;
  const old = open.filter(({ attempt }) => {
    return heights.some(({ answer }) => answer > attempt.lastValidBlockHeight + marginBlocks);
  });
  if (old.length === 0) return;
  const suspects = old.slice(0, STATUSES_MAX);
  const attempts = suspects.map(({ attempt }) => attempt);
  const evidence = await gatherEvidence(attempts, tenure.rpc);
  const rules = { genesisHash, quorum: settings.quorum, marginBlocks };
  const lives: StoredSolanaIntent[] = [];
  for (const { stored, attempt } of suspects) {
    const verdict = judgeExpiry(attempt, evidence, rules);
    if (verdict === 'expired') {
      lives.push({ ...stored, life: buried(stored.life, tenure.nowMs()) });
    } else if (verdict === 'open') tenure.tally.expiriesUnproven += 1;
  }
  tenure.tally.expiries += lives.length;
  if (lives.length > 0) await tenure.commit({ lives });
}
