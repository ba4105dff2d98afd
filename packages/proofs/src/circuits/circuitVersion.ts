/**
 * The version of all circuits together. It changes whenever a circuit does: verifying keys, proofs
 * and domain agreements name it. A test compares the digests with the compiled circuits.
 */
export const CIRCUIT_VERSION = 5;

/** SHA-256 of the compiled bytecode, as committed, by circuit. */
export const CIRCUIT_DIGESTS = {
  assetsAreConserved8: 'e9f43174b3af919b3488d605909cc96b7dac11dc40a3b9012ad87c2729e50e5c',
  batchEpoch16: '9decded5f7b4dbd382ff213aa1136c46cd693cbbeb95de4bc0df38af016fc927',
  batchEpoch256: '9a9d66e3d3e8bdcd5915ade95ada0474218f116edbf427ba0b970c369855b2f5',
  batchEpoch64: '43115b7120c9793678684321ffc4590fa11224555143cf677c295326b7d38433',
} as const;
