/**
 * The version of all circuits together. It changes whenever a circuit does: verifying keys, proofs
 * and domain agreements name it. A test compares the digests with the compiled circuits.
 */
export const CIRCUIT_VERSION = 4;

/** SHA-256 of the compiled bytecode, as committed, by circuit. */
export const CIRCUIT_DIGESTS = {
  assetsAreConserved8: 'e9f43174b3af919b3488d605909cc96b7dac11dc40a3b9012ad87c2729e50e5c',
  batchEpoch16: 'b72e2f3f4307c3d471e13e691929b1b3c3c9d953ae40aa8b7b3ff41bbbd40d5f',
  batchEpoch256: '87c642512eeac3a2f4e06b9a9be510949e27d47b3f3e7002997427d416b77722',
  batchEpoch64: '1c2ab127196b6b6660a41c29898aea2bf770f09d237dad01175b3517f7f3283a',
} as const;
