// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Says whether a proof shows the laws for given public inputs.
interface ILawVerifier {
    /// @param publicInputs field elements in the order of docs/protocol/binding.md.
    /// @return whether the proof holds. A verifier may also revert on a proof that does not.
    function verify(bytes calldata proof, bytes32[] calldata publicInputs)
        external
        view
        returns (bool);
}
