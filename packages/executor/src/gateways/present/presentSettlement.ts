import type {
  AgreementReply,
  EpochSettlementReply,
  ProofReply,
  SettlementReply,
} from '@lawbook/api/schema/settlementViews';
import { bytesToHex } from '@lawbook/exchange/codec/hex';
import { isActive } from '@lawbook/settlement/baseLayer/domainAgreement';
import type { AgreementState, EpochJourney, SettlementStatus } from '../../venueTypes.ts';
import { isoTime } from './moments.ts';

/** Names an epoch of a market on the wire. */
interface EpochName {
  readonly marketId: string;
  readonly epochNumber: number;
}

/** Where the venue settles and how far behind trading that is. */
export function presentStatus(status: SettlementStatus): Omit<SettlementReply, 'asOf'> {
  const { phase, detail, pausedBecause, lag, exposure, layer } = status;
  return {
    phase,
    detail,
    ...(pausedBecause !== undefined && { pausedBecause }),
    ...(lag !== undefined && {
      lag: {
        sealed: String(lag.sealed),
        proven: String(lag.proven),
        settled: String(lag.settled),
        finalized: String(lag.finalized),
        unsettled: lag.unsettled,
        oldestUnsettledMs: Math.round(lag.oldestUnsettledMs),
        oldestUnprovenMs: Math.round(lag.oldestUnprovenMs),
      },
    }),
    ...(exposure !== undefined && { exposure }),
    ...(layer !== undefined && {
      layer: {
        kind: layer.kind,
        chainId: String(layer.chainId),
        contract: layer.contract,
        registry: layer.registry,
        shard: layer.shard,
        ...(layer.rpcUrl !== undefined && { rpcUrl: layer.rpcUrl }),
        tokens: [...layer.tokens],
        setup: layer.setup,
      },
    }),
  };
}

/** The proof of an epoch, or what it waits for. */
export function presentProof(
  name: EpochName,
  journey: EpochJourney | undefined,
  setup: string | undefined,
): ProofReply {
  if (journey === undefined) return { ...name, state: 'notConfigured', detail: NO_PROVER };
  const { record, prove } = journey;
  if (record?.attachment === undefined) {
    const said = prove.kind === 'waiting' ? prove.detail : undefined;
    return { ...name, state: 'waiting', detail: said ?? 'The epoch is checked; its proof is due.' };
  }
  const { provenAtMs, provedBy, attachment } = record;
  return {
    ...name,
    state: 'done',
    detail: 'A validity proof: the laws hold for this epoch.',
    ...(provenAtMs !== undefined && { provenAt: isoTime(provenAtMs) }),
    ...(provedBy !== undefined && { circuit: provedBy.circuit, backend: provedBy.backend }),
    ...(setup !== undefined && { setup }),
    attachment: bytesToHex(attachment),
  };
}

/** The settlement of an epoch, or what it waits for. */
export function presentEpochSettlement(
  name: EpochName,
  journey: EpochJourney | undefined,
): EpochSettlementReply {
  if (journey === undefined) return { ...name, state: 'notConfigured', detail: NO_BASE_LAYER };
  const { record, settle } = journey;
  if (record === undefined) return { ...name, state: 'waiting', detail: 'Its proof is due first.' };
  const { settledAtMs, finalizedAtMs, blockNumber, gasUsed, transaction } = record;
  const said = 'detail' in settle ? settle.detail : undefined;
  return {
    ...name,
    state: settlementState(record.stage),
    detail: SETTLEMENT_SENTENCES[record.stage] ?? said ?? 'It waits for the base layer.',
    listNumber: String(record.listNumber),
    listHash: record.listHash,
    previousListHash: record.previousListHash,
    ...(transaction !== undefined && { transaction }),
    ...(blockNumber !== undefined && { blockNumber: String(blockNumber) }),
    ...(gasUsed !== undefined && { gasUsed: String(gasUsed) }),
    ...(settledAtMs !== undefined && { settledAt: isoTime(settledAtMs) }),
    ...(finalizedAtMs !== undefined && { finalizedAt: isoTime(finalizedAtMs) }),
  };
}

/** The agreement with the base layer, or why there is none to show. */
export function presentAgreement({ phase, agreement }: AgreementState): AgreementReply {
  if (phase === 'notConfigured') return { state: 'notConfigured', detail: NO_BASE_LAYER };
  if (phase === 'starting') return { state: 'starting', detail: 'The base layer is starting.' };
  if (agreement === undefined) {
    return { state: 'absent', detail: 'No agreement is registered for the shard.' };
  }
  const { circuits, activeFrom, baseEpoch, exitBlocks } = agreement;
  const active = isActive(agreement);
  return {
    state: active ? 'active' : 'waiting',
    detail: active ? 'The agreement holds.' : `It holds from base epoch ${activeFrom}.`,
    agreementId: String(agreement.agreementId),
    operator: agreement.operator,
    verifyingKeyHash: agreement.verifyingKeyHash,
    circuits: circuits.map(({ verifier, batches, orders, vaults }) => {
      return { verifier, batches, orders, vaults };
    }),
    activeFrom: String(activeFrom),
    baseEpoch: String(baseEpoch),
    exitBlocks: String(exitBlocks),
  };
}

const SETTLEMENT_SENTENCES: Readonly<Record<string, string>> = {
  settled: 'The base layer applied it; a reorganisation could still take it back.',
  finalized: 'The base layer applied it for good.',
};

function settlementState(stage: string): EpochSettlementReply['state'] {
  return stage === 'settled' || stage === 'finalized' || stage === 'refused' ? stage : 'waiting';
}

const NO_PROVER = 'This venue has no prover: epochs are checked, not proven.';
const NO_BASE_LAYER = 'This venue has no base layer: epochs are not settled anywhere.';
