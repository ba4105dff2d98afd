// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILawVerifier} from "../src/ILawVerifier.sol";

/// Takes anything for a proof: what is left are the laws that the contract judges itself.
contract AcceptingVerifier is ILawVerifier {
    function verify(bytes calldata, bytes32[] calldata) external pure returns (bool) {
        return true;
    }
}

/// Takes nothing for a proof.
contract RefusingVerifier is ILawVerifier {
    function verify(bytes calldata, bytes32[] calldata) external pure returns (bool) {
        return false;
    }
}

/// Fails on any proof, as generated verifiers do on malformed ones.
contract FailingVerifier is ILawVerifier {
    error SumcheckFailed();

    function verify(bytes calldata, bytes32[] calldata) external pure returns (bool) {
        revert SumcheckFailed();
    }
}
