import { ZERO_HASH } from '@lawbook/exchange/codec/hash';
import { at } from '@lawbook/exchange/failures/invariant';
import { accountId } from '@lawbook/exchange/ledger/account';
import type { HexHash } from '@lawbook/proofs/statements/epoch/diffList';
import { FIELD_MODULUS } from '@lawbook/proofs/statements/fieldElement';
import type { Address } from 'viem';
import { flipped } from './alterBatch.ts';
import type { Attack } from './attack.ts';
import { unseen } from './attack.ts';
import { forgeCall, forgeEpoch, forgeList, forgeProof, unforged, wordOf } from './forgery.ts';

const SOMEBODY: Address = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';
const OTHER_HASH: HexHash = `0x${'22'.repeat(32)}` as HexHash;

/** Attacks on proof, key, caller and contract. */
export const PROOF_ATTACKS: readonly Attack[] = [
  {
    name: 'a bit in the middle of the proof is turned',
    part: 'proof',
    apply: (honest) => {
      const { bytes } = honest.epoch.proof;
      return forgeProof(honest, { bytes: flipped(bytes, bytes.length >> 1) });
    },
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the last bit of the proof is turned',
    part: 'proof',
    apply: (honest) => {
      const { bytes } = honest.epoch.proof;
      return forgeProof(honest, { bytes: flipped(bytes, bytes.length - 1) });
    },
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the first bit of the proof is turned',
    part: 'proof',
    apply: (honest) => forgeProof(honest, { bytes: flipped(honest.epoch.proof.bytes, 31) }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the proof is an element shorter',
    part: 'proof',
    apply: (honest) => forgeProof(honest, { bytes: honest.epoch.proof.bytes.slice(0, -32) }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the proof is an element longer',
    part: 'proof',
    apply: (honest) => {
      const { bytes } = honest.epoch.proof;
      const longer = new Uint8Array(bytes.length + 32);
      longer.set(bytes, 0);
      return forgeProof(honest, { bytes: longer });
    },
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the proof is a byte shorter',
    part: 'proof',
    apply: (honest) => forgeProof(honest, { bytes: honest.epoch.proof.bytes.slice(0, -1) }),
    refusedOffline: 'the proof does not read',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'there is no proof',
    part: 'proof',
    apply: (honest) => forgeProof(honest, { bytes: new Uint8Array(0) }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the proof is that of the next epoch',
    part: 'proof',
    apply: (honest) => forgeProof(honest, { bytes: honest.next.proof.bytes }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the proof is that of the same epoch in another shard',
    part: 'proof',
    apply: (honest) => forgeProof(honest, { bytes: honest.elsewhere.proof.bytes }),
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'proof and commitment are those of the same epoch in another shard',
    part: 'proof',
    apply: (honest) => {
      const { proof, claim } = honest.elsewhere;
      const forged = forgeProof(honest, {
        bytes: proof.bytes,
        dataCommitment: claim.dataCommitment,
      });
      const { publicInputs } = proof;
      const attachment = { ...forged.attachment, proof: { ...proof, publicInputs } };
      return { ...forged, attachment };
    },
    refusedOffline: 'publicInputs',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the data commitment is that of the next epoch',
    part: 'proof',
    apply: (honest) => forgeProof(honest, { dataCommitment: honest.next.claim.dataCommitment }),
    refusedOffline: 'publicInputs',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the data commitment is one more',
    part: 'proof',
    apply: (honest) =>
      forgeProof(honest, { dataCommitment: honest.epoch.claim.dataCommitment + 1n }),
    refusedOffline: 'publicInputs',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the data commitment is the same one modulo the field',
    part: 'proof',
    apply: (honest) => {
      const { dataCommitment: reduced } = honest.epoch.claim;
      const dataCommitment = reduced + FIELD_MODULUS;
      const base = unforged(honest, honest.epoch);
      const proof = { ...base.call.proof, dataCommitment };
      const spoil = (attachment: Uint8Array): Uint8Array => {
        const text = Buffer.from(attachment).toString('hex');
        return Buffer.from(text.replaceAll(wordOf(reduced), wordOf(dataCommitment)), 'hex');
      };
      return { ...base, spoil, call: { ...base.call, proof } };
    },
    refusedOffline: 'the proof does not read',
    refusedOnChain: 'CommitmentOutOfField',
  },
  {
    name: 'the published value of the data vector is one more',
    part: 'proof',
    apply: (honest) => {
      const base = unforged(honest, honest.epoch);
      const { proof } = base.attachment;
      const publicInputs = proof.publicInputs.map((input, k) => (k === 2 ? input + 1n : input));
      return { ...base, attachment: { ...base.attachment, proof: { ...proof, publicInputs } } };
    },
    refusedOffline: 'publicInputs',
    refusedOnChain: unseen('the contract works the public inputs out itself'),
  },
  {
    name: 'the proof is passed off as one of the larger circuit',
    part: 'verifying key',
    apply: (honest) => {
      const base = forgeProof(honest, {});
      const { attachment, call } = base;
      return {
        ...base,
        attachment: { ...attachment, proof: { ...attachment.proof, circuit: 'batchEpoch64' } },
        call: { ...call, proof: { ...call.proof, circuit: 1 } },
      };
    },
    refusedOffline: 'publicInputs',
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'the proof is of a circuit that the agreement does not name',
    part: 'verifying key',
    apply: (honest) => {
      const base = forgeProof(honest, {});
      const { attachment, call } = base;
      const circuit = 'assetsAreConserved8';
      return {
        ...base,
        attachment: { ...attachment, proof: { ...attachment.proof, circuit } },
        call: { ...call, proof: { ...call.proof, circuit: 3 } },
      };
    },
    refusedOffline: 'the proof does not read',
    refusedOnChain: 'CircuitUnknown',
  },
  {
    name: 'the proof is said to be under another reference string',
    part: 'verifying key',
    apply: (honest) => {
      const base = unforged(honest, honest.epoch);
      const proof = { ...base.attachment.proof, stringId: '11'.repeat(32) };
      return { ...base, attachment: { ...base.attachment, proof } };
    },
    refusedOffline: 'not proven',
    refusedOnChain: unseen('the string is in the code of the agreed verifier'),
  },
  {
    name: 'the agreement names the verifier of another circuit',
    part: 'verifying key',
    apply: (honest) => ({
      ...unforged(honest, honest.epoch),
      prepare: () => honest.chain.swapVerifiers(),
    }),
    refusedOffline: unseen('a reader without an endpoint has the key of the circuit itself'),
    refusedOnChain: 'LawsAreProven',
  },
  {
    name: 'somebody else than the operator settles',
    part: 'operator',
    apply: (honest) => forgeCall(honest, { from: SOMEBODY }),
    refusedOffline: unseen('who sent a list is no part of a bundle'),
    refusedOnChain: 'CallerIsNotOperator',
  },
  {
    name: 'the agreement does not hold yet',
    part: 'operator',
    apply: (honest) => forgeCall(honest, { blockNumber: honest.chain.lastInactiveBlock }),
    refusedOffline: unseen('when a list was sent is no part of a bundle'),
    refusedOnChain: 'AgreementIsNotActive',
  },
  {
    name: 'the list is sent to another contract of the same registry',
    part: 'chain',
    apply: (honest) => {
      const forged = forgeCall(honest, { to: honest.chain.otherContract });
      const { chainId } = honest.chain.domain;
      const contract = accountId(honest.chain.otherContract);
      const transaction = { chainId, contract, transactionHash: OTHER_HASH, blockNumber: 1n };
      return { ...forged, attachment: { ...forged.attachment, transaction } };
    },
    refusedOffline: 'transaction',
    refusedOnChain: 'GrantIsNotSigned',
  },
  {
    name: 'the epoch was signed for another chain',
    part: 'chain',
    apply: (honest) => forgeEpoch(honest, honest.abroad),
    refusedOffline: 'proof',
    refusedOnChain: 'GrantIsNotSigned',
  },
];

/** Attacks that are tried when the honest epoch was settled. */
export const LATE_ATTACKS: readonly Attack[] = [
  {
    name: 'a settled list is settled again',
    part: 'nonce',
    isLate: true,
    apply: (honest) => unforged(honest, honest.epoch),
    refusedOffline: unseen('it is the epoch that was settled, and proven'),
    refusedOnChain: 'ListNumberIsNotNext',
  },
  {
    name: 'a settled list is settled again under the next numbers',
    part: 'nonce',
    isLate: true,
    apply: (honest) => {
      const previousListHash = honest.epoch.claim.listHash as HexHash;
      return forgeList(honest, ({ list }) => {
        const { closedAtMs } = at(list.batches, list.batches.length - 1);
        const batches = list.batches.map((batch) => ({ ...batch, closedAtMs }));
        const epochNumber = list.epochNumber + 1n;
        return { list: { number: 2n, previousListHash, epochNumber, batches } };
      });
    },
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'OrderNonceReplayed',
  },
  {
    name: 'the next list starts the chain anew',
    part: 'previous hash',
    isLate: true,
    apply: (honest) => {
      const base = unforged(honest, honest.next);
      const previousListHash = ZERO_HASH as HexHash;
      const { attachment, call } = base;
      return {
        ...base,
        attachment: { ...attachment, place: { ...attachment.place, previousListHash } },
        call: { ...call, list: { ...call.list, previousListHash } },
      };
    },
    refusedOffline: 'listHash, publicInputs',
    refusedOnChain: 'ListIsNotChained',
  },
  {
    name: 'the next list carries the proof of the list before',
    part: 'proof',
    isLate: true,
    apply: (honest) => {
      const base = unforged(honest, honest.next);
      const { bytes } = honest.epoch.proof;
      const { attachment, call } = base;
      return {
        ...base,
        attachment: { ...attachment, proof: { ...attachment.proof, bytes } },
        call: { ...call, proof: { ...call.proof, bytes } },
      };
    },
    refusedOffline: 'proof',
    refusedOnChain: 'LawsAreProven',
  },
];
