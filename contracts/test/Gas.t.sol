// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {World} from "./World.sol";

/// Goal: what an epoch costs by its number of orders, proof verification excluded. Method: each
/// settlement is a transaction of its own (`isolate`), with its intrinsic cost and calldata; first
/// an epoch of traders whose nonces were never used, then the next epoch of the same traders. The
/// figures are printed by the events' log lines.
/// forge-config: default.isolate = true
contract GasTest is World {
    event GasPerEpoch(uint256 orders, uint256 first, uint256 steady, uint256 steadyPerOrder);

    function test_gas_of_an_epoch_of_1_order() public {
        measure(1);
    }

    function test_gas_of_an_epoch_of_8_orders() public {
        measure(8);
    }

    function test_gas_of_an_epoch_of_32_orders() public {
        measure(32);
    }

    function test_gas_of_an_epoch_of_64_orders() public {
        measure(64);
    }

    function measure(uint256 count) private {
        settle(scene(count));
        uint256 first = vm.lastCallGas().gasTotalUsed;
        settle(scene(count));
        uint256 steady = vm.lastCallGas().gasTotalUsed;
        emit GasPerEpoch(count, first, steady, steady / count);
    }
}
