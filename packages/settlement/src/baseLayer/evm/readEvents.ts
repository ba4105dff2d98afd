import type { BlockReference, FinalityTarget } from '@lawbook/chains/tracker/chainTracker';
import type { LogBatch } from '@lawbook/chains/tracker/logCursor';
import { createLogCursor } from '@lawbook/chains/tracker/logCursor';
import type { ChainLog } from '@lawbook/chains/tracker/logReader';
import { accountId } from '@lawbook/exchange/ledger/account';
import { toEventSelector } from 'viem';
import { SettlementFault } from '../../settlementFault.ts';
import type { BaseLayerEvent, EventCursor } from '../baseLayerEvent.ts';
import type { EvmStands } from './chainReader.ts';
import { decodeLog } from './decodeLog.ts';
import type { Deployment } from './deployment.ts';

/** Which events, and from where on. */
export interface EventQuestion {
  readonly deployment: Deployment;
  readonly shard: number;
  readonly finality: FinalityTarget;
  readonly after: EventCursor | undefined;
  readonly signal: AbortSignal;
}

/** Signatures of the events that others cause. */
const TOPICS = [
  'Deposited(uint64,uint32,address,uint256,uint64)',
  'ExitRequested(uint32,address,uint64)',
  'ExitCanceled(uint32,address)',
  'ExitCompleted(uint32,address,uint256,uint64)',
].map((signature) => toEventSelector(signature));

/**
 * The events of one shard, each once, in the order of the chain, once their block is final.
 *
 * Blocks are followed by a log cursor as they come, and what is not final yet waits here: a
 * reorganisation takes it back from the waiting ones, and nobody has heard of it.
 *
 * @throws SettlementFault SETTLEMENT_DIVERGED when a block leaves the chain that was final;
 *   SETTLEMENT_UNAVAILABLE when endpoints left a deposit out, or show what the contract does not
 *   write: read again from the last event.
 */
export async function* readEvents(
  question: EventQuestion,
  { engine, environment }: EvmStands,
): AsyncGenerator<BaseLayerEvent, void, undefined> {
  const { deployment, after } = question;
  const { pool, tracker } = engine;
  const ending = new AbortController();
  const signal = AbortSignal.any([question.signal, ending.signal]);
  const from = after?.blockNumber ?? deployment.deployedAtBlock;
  const filter = { address: deployment.baseLayer, topics: [TOPICS] };
  const cursor = createLogCursor({ filter, from }, { pool, tracker, environment });
  const waiting = new WaitingLogs(question);
  const deposits = new DepositCount(after === undefined ? 0n : undefined);
  let coming: Promise<LogBatch> | undefined;
  try {
    for (;;) {
      const changed = tracker.changed(signal);
      changed.catch(() => undefined);
      for (const log of waiting.takeFinal((block) => tracker.isFinal(block, question.finality))) {
        const event = eventOf(log, question, deposits);
        if (event !== undefined) yield event;
      }
      coming ??= cursor.next(signal);
      const batch = await Promise.race([coming, changed]);
      if (batch === undefined) continue;
      coming = undefined;
      waiting.take(batch);
    }
  } finally {
    ending.abort(new SettlementFault('SETTLEMENT_CLOSED', 'Nobody reads the events any more.'));
    // Its failure, if that is not the end itself, has nobody left to hear of it.
    await coming?.catch(() => undefined);
  }
}

/** Logs that wait for their block to be final. As many as the chain makes until then. */
class WaitingLogs {
  readonly #finality: FinalityTarget;
  #blocks: { readonly block: BlockReference; readonly logs: readonly ChainLog[] }[] = [];
  /** The last log that was handed on, or that the reader knew before. */
  #told: EventCursor | undefined;

  constructor({ after, finality }: EventQuestion) {
    this.#told = after;
    this.#finality = finality;
  }

  take(batch: LogBatch): void {
    if (batch.kind === 'adopted') {
      this.#blocks.push({ block: batch.block, logs: batch.logs });
      return;
    }
    const above = batch.kind === 'dropped' ? batch.block.number - 1n : batch.cursor.number;
    this.#blocks = this.#blocks.filter(({ block }) => block.number <= above);
    // What is only looked up again comes again, and is known by its place.
    if (batch.kind !== 'dropped' || this.#told === undefined) return;
    if (batch.block.number <= this.#told.blockNumber) throw this.#diverged(batch.block);
  }

  takeFinal(isFinal: (block: BlockReference) => boolean): readonly ChainLog[] {
    const ready: ChainLog[] = [];
    for (let next = this.#blocks[0]; next !== undefined; next = this.#blocks[0]) {
      if (!isFinal(next.block)) break;
      this.#blocks.shift();
      for (const log of next.logs) {
        if (!isAfter(log, this.#told)) continue;
        this.#told = { blockNumber: log.blockNumber, logIndex: log.logIndex };
        ready.push(log);
      }
    }
    return ready;
  }

  #diverged(block: BlockReference): SettlementFault {
    return new SettlementFault(
      'SETTLEMENT_DIVERGED',
      `Block ${block.number}, whose events were final (${this.#finality.kind}), left the chain: ` +
        'compare the ledger with the chain before trading goes on.',
      { fields: { blockNumber: String(block.number), blockHash: block.hash } },
    );
  }
}

function isAfter(log: ChainLog, cursor: EventCursor | undefined): boolean {
  if (cursor === undefined || log.blockNumber > cursor.blockNumber) return true;
  return log.blockNumber === cursor.blockNumber && log.logIndex > cursor.logIndex;
}

/** The contract counts deposits without gaps, so a log that an endpoint left out is noticed. */
class DepositCount {
  #last: bigint | undefined;

  /** @param last the number before the first; undefined takes the first one as it comes. */
  constructor(last: bigint | undefined) {
    this.#last = last;
  }

  note(depositNumber: bigint): void {
    const expected = this.#last === undefined ? depositNumber : this.#last + 1n;
    if (depositNumber !== expected) {
      throw new SettlementFault(
        'SETTLEMENT_UNAVAILABLE',
        `The endpoints do not show deposit ${expected}, which comes before ${depositNumber}; ` +
          'they are asked again.',
        { fields: { expected: String(expected), actual: String(depositNumber) } },
      );
    }
    this.#last = depositNumber;
  }
}

/** The event that a log states; undefined for those of other shards. */
function eventOf(
  log: ChainLog,
  { deployment, shard }: EventQuestion,
  deposits: DepositCount,
): BaseLayerEvent | undefined {
  const decoded = decodeLog(log, deployment.baseLayer);
  const cursor = { blockNumber: log.blockNumber, logIndex: log.logIndex };
  switch (decoded.eventName) {
    case 'Deposited': {
      const { depositNumber, owner, assetId, units } = decoded.args;
      deposits.note(depositNumber);
      if (decoded.args.shard !== shard) return undefined;
      const place = { owner: accountId(owner), assetId: Number(assetId), units };
      return { kind: 'deposited', cursor, depositNumber, shard, ...place };
    }
    case 'ExitRequested': {
      const { owner, dueBlock } = decoded.args;
      if (decoded.args.shard !== shard) return undefined;
      return { kind: 'exitRequested', cursor, owner: accountId(owner), dueBlock };
    }
    case 'ExitCanceled':
      if (decoded.args.shard !== shard) return undefined;
      return { kind: 'exitCanceled', cursor, owner: accountId(decoded.args.owner) };
    case 'ExitCompleted': {
      const { owner, assetId, units } = decoded.args;
      if (decoded.args.shard !== shard) return undefined;
      const place = { owner: accountId(owner), assetId: Number(assetId), units };
      return { kind: 'exitCompleted', cursor, ...place };
    }
    default:
      return undefined;
  }
}
