// Goal: an attachment has one encoding, and only that is read. Method: round trips of generated
// attachments, and every way of damaging one that a reader must notice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '@lawbook/exchange/codec/byteReader';
import type { Hash } from '@lawbook/exchange/codec/hash';
import { accountId } from '@lawbook/exchange/ledger/account';
import fc from 'fast-check';
import { EPOCH_SHAPES } from '../../circuits/epochCircuit.ts';
import { FIELD_MODULUS } from '../fieldElement.ts';
import { INSECURE_SETUP } from '../proof.ts';
import type { SettlementAttachment } from './settlementAttachment.ts';
import { decodeSettlementAttachment, encodeSettlementAttachment } from './settlementAttachment.ts';

/** Where the public inputs stand behind a circuit's name of twelve letters. */
const INPUTS_AT = 9 + 4 + 8 + 64 + (4 + 12) + 4 + 1 + 32;

const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => `0x${Buffer.from(bytes).toString('hex')}` as Hash);
const elements = fc.bigInt({ min: 0n, max: FIELD_MODULUS - 1n });
const words = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

const attachments: fc.Arbitrary<SettlementAttachment> = fc
  .record({
    shard: fc.nat({ max: 0xffffffff }),
    listNumber: words,
    previousListHash: hashes,
    listHash: hashes,
    inputs: fc.tuple(elements, elements, elements),
    circuit: fc.constantFrom(...EPOCH_SHAPES.map(({ name }) => name)),
    circuitVersion: fc.nat(),
    setup: fc.constantFrom(INSECURE_SETUP, 'ceremony' as const),
    string: hashes,
    bytes: fc.nat({ max: 40 }).map((count) => new Uint8Array(32 * count).fill(count)),
    transaction: fc.option(
      fc.record(
        {
          chainId: words,
          contract: hashes.map((hash) => accountId(hash.slice(0, 42))),
          transactionHash: hashes,
          blockNumber: words,
        },
        { noNullPrototype: true },
      ),
      { nil: undefined },
    ),
  })
  .map(({ inputs, circuit, circuitVersion, setup, string, bytes, transaction, ...place }) => ({
    place: { ...place, dataCommitment: inputs[0] },
    proof: {
      kind: 'validity' as const,
      system: 'ultraHonk' as const,
      circuit,
      circuitVersion,
      setup,
      stringId: string.slice(2),
      publicInputs: inputs,
      bytes,
    },
    ...(transaction === undefined ? {} : { transaction }),
  }));

test('an attachment is read back as it was', () => {
  fc.assert(
    fc.property(attachments, (attachment) => {
      assert.deepEqual(
        decodeSettlementAttachment(encodeSettlementAttachment(attachment)),
        attachment,
      );
    }),
  );
});

test('bytes that decode are the encoding of what they decode to', () => {
  const damaged = fc
    .tuple(attachments.map(encodeSettlementAttachment), fc.nat(), fc.integer({ min: 1, max: 255 }))
    .map(([bytes, place, change]) => {
      const copy = bytes.slice();
      const at = place % copy.length;
      copy[at] = (copy[at] as number) ^ change;
      return copy;
    });
  fc.assert(
    fc.property(damaged, (bytes) => {
      let attachment: SettlementAttachment;
      try {
        attachment = decodeSettlementAttachment(bytes);
      } catch (failure) {
        assert.ok(failure instanceof DecodeError);
        return;
      }
      assert.deepEqual(encodeSettlementAttachment(attachment), bytes);
    }),
  );
});

test('shortened, lengthened and foreign bytes are refused', () => {
  const attachment = fc
    .sample(attachments, { numRuns: 50, seed: 1 })
    .find(({ proof }) => proof.circuit === 'batchEpoch16');
  assert.ok(attachment !== undefined);
  const bytes = encodeSettlementAttachment(attachment);
  const refused = (what: Uint8Array): void =>
    assert.throws(() => decodeSettlementAttachment(what), DecodeError);
  for (let length = 0; length < bytes.length; length += 7) refused(bytes.subarray(0, length));
  refused(Uint8Array.of(...bytes, 0));
  const other = bytes.slice();
  other[8] = 2;
  refused(other);
  const beyond = bytes.slice();
  assert.equal(bytes[INPUTS_AT + 96 + 3], attachment.proof.bytes.length & 0xff);
  beyond.fill(0xff, INPUTS_AT, INPUTS_AT + 32);
  refused(beyond);
  const huge = { ...attachment.proof, bytes: new Uint8Array(1 << 17) };
  refused(encodeSettlementAttachment({ ...attachment, proof: huge }));
  const ragged = { ...attachment.proof, bytes: new Uint8Array(33) };
  refused(encodeSettlementAttachment({ ...attachment, proof: ragged }));
  const foreign = { ...attachment.proof, circuit: 'assetsAreConserved8' as const };
  refused(encodeSettlementAttachment({ ...attachment, proof: foreign }));
});
