// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderNonceReplayed, OrderNonceTooOld} from "./Errors.sol";

/// The used order nonces of one lane.
struct NonceRing {
    uint256[3] words;
}

/// Which order nonces of one lane were used: a ring of three words in the manner of RFC 6479.
///
/// Word w covers the nonces 192 w .. 192 w + 191 and lives in place w mod 3 as
/// `w << 192 | used bits`. A later word takes the place of an earlier one, which is then forgotten.
///
/// Sound: a place only ever moves to later words, so a used nonce finds its own bit set, or its
/// place taken by a later word; both are refused.
/// Complete: a nonce is refused as too old only after one of its lane at least 385 above it. The
/// exchange refuses at 256 below the highest, and a lane sees a market's orders in the order of
/// admission, so what the exchange admitted can be settled.
/// Cheap: one slot per order whatever the nonces are, counted or read from a clock.
library OrderNonces {
    uint256 internal constant PLACES = 3;
    uint256 internal constant WORD_BITS = 192;
    uint64 internal constant ORDER_NONCE_MAX = (1 << 63) - 1;

    /// Uses a nonce. @dev Reverts OrderNonceReplayed, OrderNonceTooOld.
    function use(NonceRing storage ring, address owner, uint64 orderNonce) internal {
        if (orderNonce == 0 || orderNonce > ORDER_NONCE_MAX) {
            revert OrderNonceTooOld(owner, orderNonce);
        }
        uint256 word = orderNonce / WORD_BITS;
        uint256 bit = 1 << (orderNonce % WORD_BITS);
        uint256 index = word % PLACES;
        uint256 place = ring.words[index];
        uint256 current = place >> WORD_BITS;
        if (current > word) revert OrderNonceTooOld(owner, orderNonce);
        if (current < word) place = word << WORD_BITS;
        else if (place & bit != 0) revert OrderNonceReplayed(owner, orderNonce);
        ring.words[index] = place | bit;
    }

    /// Whether `use` would accept a nonce.
    function isFresh(NonceRing storage ring, uint64 orderNonce) internal view returns (bool) {
        if (orderNonce == 0 || orderNonce > ORDER_NONCE_MAX) return false;
        uint256 word = orderNonce / WORD_BITS;
        uint256 place = ring.words[word % PLACES];
        uint256 current = place >> WORD_BITS;
        return current < word || (current == word && (place >> (orderNonce % WORD_BITS)) & 1 == 0);
    }
}
