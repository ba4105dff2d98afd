/**
 * The version of all circuits together. It changes whenever a circuit does: verifying keys, proofs
 * and domain agreements name it. A test compares the digests with the compiled circuits.
 */
export const CIRCUIT_VERSION = 3;

/** SHA-256 of the compiled bytecode, as committed, by circuit. */
export const CIRCUIT_DIGESTS = {
  assetsAreConserved8: 'e9f43174b3af919b3488d605909cc96b7dac11dc40a3b9012ad87c2729e50e5c',
  batchEpoch16: '1b959230c20f3c7ba7bf4dfc0d4d08ebf0f5f038cd93db9fd80017127f7f91ad',
  batchEpoch256: '1462c66643e65a85056a0197861a0ae0b566467ed9603c83a98956b85f5b3669',
  batchEpoch64: 'ebadeca487280bb677ff2a1fd10a27586db741f191d012fb70b0d19287ba59e2',
} as const;
