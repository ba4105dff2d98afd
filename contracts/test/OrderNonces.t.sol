// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NonceRing, OrderNonces} from "../src/OrderNonces.sol";
import {Test} from "./Test.sol";

/// Goal: no nonce passes twice, and none passes too late that the exchange would still admit.
/// Method: random walks of nonces against a set of all that were used, and against the exchange's
/// window of 256 below the highest.
contract OrderNoncesTest is Test {
    using OrderNonces for NonceRing;

    NonceRing private _ring;
    mapping(uint64 orderNonce => bool) private _used;

    function use(uint64 orderNonce) external {
        _ring.use(address(this), orderNonce);
    }

    function testFuzz_a_nonce_passes_once_and_within_the_window_it_passes(uint256 seed) public {
        uint64 highest = uint64(bound(seed, 1, 1 << 40));
        for (uint256 k = 0; k < 120; k++) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint64 step = uint64(bound(seed >> 8, 0, k % 3 == 0 ? 700 : 300));
            bool up = seed & 1 == 0;
            uint64 orderNonce = up ? highest + step : (highest > step ? highest - step : 1);
            bool admitted = !_used[orderNonce] && orderNonce + 256 > highest;
            bool passed = passes(orderNonce);
            if (admitted) assertTrue(passed, "what the exchange admits passes");
            if (orderNonce > highest) highest = orderNonce;
        }
    }

    /// Whether a nonce passes; never one that passed before, and `isFresh` knows it beforehand.
    function passes(uint64 orderNonce) private returns (bool passed) {
        bool expected = _ring.isFresh(orderNonce);
        try this.use(orderNonce) {
            passed = true;
        } catch {}
        assertTrue(passed == expected, "isFresh says what use does");
        if (passed) assertTrue(!_used[orderNonce], "no nonce passes twice");
        if (passed) _used[orderNonce] = true;
    }

    function test_nonces_lie_between_1_and_63_bits() public {
        assertTrue(!_ring.isFresh(0), "zero");
        assertTrue(!_ring.isFresh(1 << 63), "64 bits");
        this.use((1 << 63) - 1);
        assertTrue(!_ring.isFresh((1 << 63) - 1), "used");
    }
}
