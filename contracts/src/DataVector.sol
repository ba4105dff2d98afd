// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// The data vector D of a list and its value at a point. docs/protocol/binding.md is the layout
/// and the soundness argument.
library DataVector {
    /// Order of the scalar field of BN254, over which the circuits are written.
    uint256 internal constant FIELD =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// Words of the header before the pool's balances.
    uint256 internal constant HEAD_WORDS = 5;
    /// Words of a batch before its prices and mids.
    uint256 internal constant BATCH_WORDS = 6;
    uint256 internal constant ORDER_WORDS = 2;

    /// Sections of D without their padding: each starts where the circuit's capacity puts it.
    struct Sections {
        uint256[] head;
        uint256[] batches;
        uint256[] orders;
        uint256[] changes;
    }

    /// sum_k D_k r^k, with the zeros between sections skipped by powers of r.
    function evaluate(
        Sections memory sections,
        uint256 batchCapacity,
        uint256 orderCapacity,
        uint256 assetWords,
        uint256 r
    ) internal pure returns (uint256 y) {
        y = horner(sections.changes, r);
        y = mulmod(y, power(r, ORDER_WORDS * orderCapacity), FIELD);
        y = addmod(y, horner(sections.orders, r), FIELD);
        y = mulmod(y, power(r, (BATCH_WORDS + 2 * assetWords) * batchCapacity), FIELD);
        y = addmod(y, horner(sections.batches, r), FIELD);
        y = mulmod(y, power(r, HEAD_WORDS + assetWords), FIELD);
        y = addmod(y, horner(sections.head, r), FIELD);
    }

    /// sum_k words_k r^k.
    function horner(uint256[] memory words, uint256 r) internal pure returns (uint256 y) {
        uint256 field = FIELD;
        assembly ("memory-safe") {
            let at := add(words, mul(32, mload(words)))
            // Two words a turn; of an odd number the last stands alone.
            if and(mload(words), 1) {
                y := mload(at)
                at := sub(at, 32)
            }
            for {} gt(at, words) { at := sub(at, 64) } {
                y := addmod(mulmod(y, r, field), mload(at), field)
                y := addmod(mulmod(y, r, field), mload(sub(at, 32)), field)
            }
        }
    }

    /// r^exponent.
    function power(uint256 r, uint256 exponent) internal pure returns (uint256 y) {
        y = 1;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 != 0) y = mulmod(y, r, FIELD);
            r = mulmod(r, r, FIELD);
        }
    }
}
