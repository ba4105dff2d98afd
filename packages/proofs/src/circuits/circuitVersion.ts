/**
 * The version of all circuits together. It changes whenever a circuit does: verifying keys, proofs
 * and domain agreements name it. A test compares the digests with the compiled circuits.
 */
export const CIRCUIT_VERSION = 1;

/** SHA-256 of the compiled bytecode, as committed, by circuit. */
export const CIRCUIT_DIGESTS = {
  assetsAreConserved8: 'bfbc62c551b542e68bec1d478bc3c90c909d1bffd50e5a97a687de7efc7c793e',
} as const;
