/**
 * The version of all circuits together. It changes whenever a circuit does: verifying keys, proofs
 * and domain agreements name it. A test compares the digests with the compiled circuits.
 */
export const CIRCUIT_VERSION = 2;

/** SHA-256 of the compiled bytecode, as committed, by circuit. */
export const CIRCUIT_DIGESTS = {
  assetsAreConserved8: 'e9f43174b3af919b3488d605909cc96b7dac11dc40a3b9012ad87c2729e50e5c',
} as const;
