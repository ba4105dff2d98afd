// Goal: nobody proves with a string that is damaged, too short, or another than was agreed on.
// Method: the development string and the first two points of the public ceremony, in files that
// are then damaged.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bn254 } from '@noble/curves/bn254.js';
import { bytesToNumber } from '../statements/fieldElement.ts';
import { INSECURE_SETUP } from '../statements/proof.ts';
import { CEREMONY_GROUP2_POINT, CEREMONY_SECOND_POINT } from './ceremony.ts';
import { openDevelopmentString } from './developmentString.ts';
import { openCeremonyString } from './referenceString.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lawbook-string-'));
});
after(() => rm(directory, { recursive: true }));

const GENERATOR = `${'1'.padStart(64, '0')}${'2'.padStart(64, '0')}`;

async function writeCeremony(group1: string): Promise<string> {
  const files = [Buffer.from(group1, 'hex'), Buffer.from(CEREMONY_GROUP2_POINT, 'hex')] as const;
  await writeFile(join(directory, 'bn254_g1.dat'), files[0]);
  await writeFile(join(directory, 'bn254_g2.dat'), files[1]);
  return createHash('sha256').update(files[0]).update(files[1]).digest('hex');
}

/** The point of the second group in a file. */
function group2Point(hex: string): InstanceType<typeof bn254.G2.Point> {
  const [c0, c1, d0, d1] = [0, 1, 2, 3].map((k) => BigInt(`0x${hex.slice(64 * k, 64 * (k + 1))}`));
  assert.ok(c0 !== undefined && c1 !== undefined && d0 !== undefined && d1 !== undefined);
  return bn254.G2.Point.fromAffine({ x: { c0, c1 }, y: { c0: d0, c1: d1 } });
}

test('opens the ceremony under its digest only', async () => {
  const digest = await writeCeremony(GENERATOR + CEREMONY_SECOND_POINT);
  const string = await openCeremonyString({ directory, digest });
  assert.equal(string.setup, 'ceremony');
  assert.equal(string.pointCount, 2);
  await assert.rejects(openCeremonyString({ directory, digest: digest.replace(/^./, 'x') }), {
    code: 'PROOF_STRING_INVALID',
  });
});

test('refuses files that do not begin as the ceremony does', async () => {
  for (const group1 of [GENERATOR + GENERATOR, CEREMONY_SECOND_POINT + GENERATOR, GENERATOR]) {
    const digest = await writeCeremony(group1);
    await assert.rejects(openCeremonyString({ directory, digest }), {
      code: 'PROOF_STRING_INVALID',
    });
  }
});

test('makes a development string whose points share one secret across both groups', async () => {
  const string = await openDevelopmentString({ directory, points: 5 });
  assert.equal(string.setup, INSECURE_SETUP);
  assert.equal(string.pointCount, 5);
  const points = await readFile(join(string.directory, 'bn254_g1.dat'));
  const [x, y] = [points.subarray(64, 96), points.subarray(96, 128)].map(bytesToNumber);
  assert.ok(x !== undefined && y !== undefined);
  const left = bn254.pairing(bn254.G1.Point.fromAffine({ x, y }), bn254.G2.Point.BASE);
  const right = bn254.pairing(bn254.G1.Point.BASE, group2Point(string.group2Point));
  assert.ok(bn254.fields.Fp12.eql(left, right));
});

test('has one id for the development string, whatever its length', async () => {
  const short = await openDevelopmentString({ directory, points: 5 });
  const long = await openDevelopmentString({ directory, points: 6 });
  assert.equal(long.pointCount, 9);
  assert.equal(long.stringId, short.stringId);
  assert.notEqual(long.digest, short.digest);
});

test('makes a damaged development string again', async () => {
  const made = await openDevelopmentString({ directory, points: 5 });
  const path = join(made.directory, 'bn254_g1.dat');
  const bytes = await readFile(path);
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  await writeFile(path, bytes);
  assert.deepEqual(await openDevelopmentString({ directory, points: 5 }), made);
});

test('does not take the development string for a ceremony', async () => {
  const string = await openDevelopmentString({ directory, points: 5 });
  const { directory: where, digest } = string;
  await assert.rejects(openCeremonyString({ directory: where, digest }), {
    code: 'PROOF_STRING_INVALID',
  });
});
