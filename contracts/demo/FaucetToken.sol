// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token that gives itself away: for embedded chains and tests, worth nothing anywhere.
contract FaucetToken is ERC20 {
    /// The faucet is for chains that live inside one machine.
    error NotOnThisChain(uint256 chainId);

    uint256 internal constant EMBEDDED_CHAIN = 31337;
    uint8 private immutable _decimals;

    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) {
        if (block.chainid != EMBEDDED_CHAIN) revert NotOnThisChain(block.chainid);
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    /// Mints token units to anyone who asks.
    function drip(address to, uint256 tokenUnits) external {
        _mint(to, tokenUnits);
    }
}
