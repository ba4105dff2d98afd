// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {BaseLayer} from "../src/BaseLayer.sol";

/// Keeps one token unit of every transfer.
contract FeeToken is ERC20 {
    constructor() ERC20("Fee", "FEE") {}

    function drip(address to, uint256 tokenUnits) external {
        _mint(to, tokenUnits);
    }

    function _update(address from, address to, uint256 units) internal override {
        super._update(from, to, units);
        if (from != address(0) && to != address(0)) super._update(to, address(0), 1);
    }
}

/// Calls back into the base layer in the middle of a transfer.
contract ReenteringToken is ERC20 {
    BaseLayer public target;
    bytes public callData;
    bytes public refusal;

    constructor() ERC20("Reenter", "RE") {}

    function drip(address to, uint256 tokenUnits) external {
        _mint(to, tokenUnits);
    }

    function arm(BaseLayer target_, bytes calldata callData_) external {
        (target, callData) = (target_, callData_);
    }

    function _update(address from, address to, uint256 units) internal override {
        super._update(from, to, units);
        if (callData.length == 0) return;
        bytes memory attempt = callData;
        delete callData;
        (bool passed, bytes memory answer) = address(target).call(attempt);
        if (!passed) refusal = answer;
    }
}
