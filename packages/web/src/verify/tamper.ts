import type { EpochBundle } from '@lawbook/exchange/bundle';
import { decodeBundle, encodeBundle } from '@lawbook/exchange/bundle';
import { mulDivFloor } from '@lawbook/exchange/numbers/mulDiv';
import { price } from '@lawbook/exchange/numbers/price';
import type { BatchTransition } from '@lawbook/exchange/transition';
import {
  decodeSettlementAttachment,
  encodeSettlementAttachment,
  SETTLEMENT_ATTACHMENT,
} from '@lawbook/proofs/statements/epoch/settlementAttachment';
import { WebFault } from '../live/webFault.ts';
import type { Tampering } from './verifySteps.ts';

const SIGNATURE_BYTES = 65;

/**
 * Changes one thing in a bundle the way that a dishonest venue might.
 *
 * @throws WebFault WEB_TAMPERING_IMPOSSIBLE where the bundle has nothing of the kind.
 */
export function tamper(bytes: Uint8Array, tampering: Tampering): Uint8Array {
  const bundle = decodeBundle(bytes);
  switch (tampering) {
    case 'fill':
      return encodeBundle(withBatch(bundle, (batch) => batch.fills.received.some(isPositive), pay));
    case 'signature':
      return encodeBundle(withBatch(bundle, ({ orders }) => orders.count > 0, forgeSignature));
    case 'price':
      return encodeBundle(withBatch(bundle, () => true, movePrice));
    default:
      return encodeBundle(forgeProof(bundle));
  }
}

const isPositive = (units: bigint): boolean => units > 0n;

function withBatch(
  bundle: EpochBundle,
  fits: (batch: BatchTransition) => boolean,
  change: (batch: BatchTransition) => BatchTransition,
): EpochBundle {
  const index = bundle.batches.findIndex(fits);
  if (index < 0) throw impossible('No batch of this epoch has any. Choose another epoch.');
  const batches = bundle.batches.map((batch, k) => (k === index ? change(batch) : batch));
  return { ...bundle, batches };
}

/** One order receives one unit more than the price gives. */
function pay(batch: BatchTransition): BatchTransition {
  const received = batch.fills.received.slice();
  const row = received.findIndex(isPositive);
  received[row] = (received[row] ?? 0n) + 1n;
  return { ...batch, fills: { ...batch.fills, received } };
}

/** The first order carries a signature with one bit changed. */
function forgeSignature(batch: BatchTransition): BatchTransition {
  // The bundle was decoded for this tampering alone, so its columns belong to nobody else.
  const { authorisations } = batch.orders;
  const place = SIGNATURE_BYTES - 2;
  authorisations[place] = (authorisations[place] ?? 0) ^ 1;
  return batch;
}

/** The last asset cleared at a price that is one part in a thousand higher. */
function movePrice(batch: BatchTransition): BatchTransition {
  const { prices } = batch.solution;
  const moved = prices.map((known, k) => {
    return k === prices.length - 1 ? price(mulDivFloor(known, 1001n, 1000n)) : known;
  });
  return { ...batch, solution: { ...batch.solution, prices: moved } };
}

function forgeProof(bundle: EpochBundle): EpochBundle {
  const carried = bundle.attachments.find(({ name }) => name === SETTLEMENT_ATTACHMENT);
  if (carried === undefined) throw impossible('This epoch carries no proof yet.');
  const attachment = decodeSettlementAttachment(carried.bytes);
  const forged = attachment.proof.bytes.slice();
  const place = forged.length - 1;
  forged[place] = (forged[place] ?? 0) ^ 1;
  const proof = { ...attachment.proof, bytes: forged };
  const bytes = encodeSettlementAttachment({ ...attachment, proof });
  const others = bundle.attachments.filter((known) => known !== carried);
  return { ...bundle, attachments: [...others, { name: SETTLEMENT_ATTACHMENT, bytes }] };
}

function impossible(sentence: string): WebFault {
  return new WebFault('WEB_TAMPERING_IMPOSSIBLE', { sentence });
}
