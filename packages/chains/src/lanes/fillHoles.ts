import type { IntentRequest } from '../intents/intent.ts';
import { newLife } from '../intents/lifeSteps.ts';
import { askPendingCount } from './chainView.ts';
import { selfTransferGas } from './selfTransferGas.ts';
import type { Tenure } from './tenure.ts';

/** Keys of intents that the lane makes itself; callers cannot use this character. */
export const OWN_KEY = '~';

/** A filler that is not mined within this time is outbid like everything else. */
const FILLER_LIFE_MS = 3_600_000;

/**
 * Closes holes: chain nonces below ours that no transaction is known to take, so that nothing of
 * ours could ever be mined.
 *
 * They come from transactions that this lane did not send: seen waiting when it started, or mined
 * and then dropped by a reorganisation. Once no endpoint knows of one at two different heads, the
 * next intents take these nonces, and where none can, a transfer of nothing to oneself does.
 */
export async function fillHoles(tenure: Tenure): Promise<void> {
  const hole = firstHole(tenure);
  if (hole === undefined) {
    tenure.holeSeenAt = undefined;
    return;
  }
  const head = tenure.head?.number ?? 0n;
  const pendingCount = await askPendingCount(tenure.stands.pool, tenure.address, {
    atLeastBlock: head,
    endpoints: tenure.options.settings.quorum,
  });
  if (pendingCount === undefined || pendingCount > hole) {
    tenure.holeSeenAt = undefined;
    return;
  }
  tenure.holeSeenAt ??= head;
  if (head === tenure.holeSeenAt) return;
  if (tenure.floor === undefined || tenure.floor > hole) {
    // The next beat lets what waits take it, if anything can.
    tenure.floor = hole;
    return;
  }
  if (!isInUse(tenure) || hasFiller(tenure)) return;
  await insertFiller(tenure, hole);
}

/**
 * The first chain nonce that is surely free: behind ours, and behind whatever else waits under this
 * key when a tenure begins. @returns undefined while no endpoint tells.
 */
export async function findFloor(tenure: Tenure): Promise<number | undefined> {
  const pendingCount = await askPendingCount(tenure.stands.pool, tenure.address, {
    atLeastBlock: tenure.head?.number ?? 0n,
    endpoints: tenure.options.settings.quorum,
  });
  const behindOurs = (tenure.memory.slots().at(-1) ?? -1) + 1;
  if (pendingCount === undefined) return undefined;
  tenure.floor = pendingCount > behindOurs ? pendingCount : 0;
  return tenure.floor;
}

/** The lowest unused chain nonce that has something of ours, or a presumed stranger, above it. */
function firstHole(tenure: Tenure): number | undefined {
  const { memory, minedCount, floor = 0 } = tenure;
  const highest = memory.slots().at(-1) ?? -1;
  const above = Math.max(highest, floor - 1);
  for (let chainNonce = minedCount; chainNonce < above + 1; chainNonce += 1) {
    if (memory.at(chainNonce) === undefined) return chainNonce;
  }
  return undefined;
}

/** Whether anything of ours waits behind the hole; a stranger's does not concern this lane. */
function isInUse({ memory, minedCount }: Tenure): boolean {
  const highest = memory.slots().at(-1);
  return highest !== undefined && highest >= minedCount;
}

function hasFiller({ memory }: Tenure): boolean {
  return [...memory.intents.values()].some(({ life }) => {
    return life.key.startsWith(OWN_KEY) && life.state === 'created';
  });
}

async function insertFiller(tenure: Tenure, chainNonce: number): Promise<void> {
  const nowMs = tenure.nowMs();
  const gasLimit = await selfTransferGas(tenure);
  const request: IntentRequest = {
    key: `${OWN_KEY}fill.${chainNonce}.${nowMs}`,
    to: tenure.address,
    amount: 0n,
    callData: '0x',
    gasLimit,
    urgency: 'urgent',
    deadlineMs: nowMs + FILLER_LIFE_MS,
    finality: { kind: 'confirmations', blocks: 1 },
    feeCap: await fillerCap(tenure, chainNonce, gasLimit),
    route: 'public',
    privateForMs: undefined,
    expects: [],
    after: undefined,
    principal: OWN_KEY,
  };
  const stored = await tenure.log.insert({ request, createdAtMs: nowMs });
  tenure.memory.install({ ...stored, life: newLife(request.key, nowMs) });
}

/** Ten times what the chain asks now, wei: a filler frees everything that waits behind it. */
async function fillerCap(tenure: Tenure, chainNonce: number, gasLimit: bigint): Promise<bigint> {
  const { baseFeePerGas, tip } = await tenure.quote();
  const { gas, dataFee } = await tenure.stands.funds.reservation({
    chainId: tenure.options.chainId,
    chainNonce,
    to: tenure.address,
    amount: 0n,
    callData: '0x',
    gasLimit,
    maxFeePerGas: baseFeePerGas + tip.urgent + 1n,
    maxPriorityFeePerGas: tip.urgent,
  });
  return (gas + dataFee) * 10n;
}
