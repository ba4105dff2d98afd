// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {WordsAreMalformed} from "./Errors.sol";
import {OrderRow} from "./Lists.sol";
import {BatchOrder} from "./SignedTypes.sol";

/// Rows of the order table as the calldata packs them: 94 bytes and a signature each.
///
/// | Bytes | Fields, from the first on |
/// |---|---|
/// | 0 to 30 | budget 8, limit numerator 8, limit denominator 8, minimum fill 4, pay 1, product 2 |
/// | 31 to 61 | paid 8, received 8, vault row 2, void 1, order nonce 8, market 4 |
/// | 62 to 93 | owner 20, expiry 8, grant 2, bytes of the signature 2 |
///
/// The ABI would write 704 bytes, most of them zeros that cost gas and room in a transaction. The
/// first 31 bytes are the element of the data vector that holds the terms.
library OrderRows {
    uint256 internal constant HEAD_BYTES = 94;

    /// Reads the row that starts where the one before ended, in its place.
    /// @dev Reverts WordsAreMalformed for rows that end within it and a void mark beyond one.
    function next(OrderRow memory entry, bytes calldata rows, uint256 row) internal pure {
        uint256 start = entry.end;
        BatchOrder memory order = entry.order;
        uint256 terms;
        uint256 came;
        uint256 who;
        // What lies beyond the rows is read as well, and refused below. Fields are cut to size.
        assembly ("memory-safe") {
            let place := add(rows.offset, start)
            terms := shr(8, calldataload(place))
            came := shr(8, calldataload(add(place, 31)))
            who := calldataload(add(place, 62))
            let mask := 0xffffffffffffffff
            mstore(order, shr(96, who)) // owner
            mstore(add(order, 0x20), and(came, 0xffffffff)) // marketId
            mstore(add(order, 0x40), and(shr(16, terms), 0xff)) // pay
            mstore(add(order, 0x60), and(terms, 0xffff)) // product
            mstore(add(order, 0x80), shr(184, terms)) // budget
            mstore(add(order, 0xa0), and(shr(120, terms), mask)) // limitNumerator
            mstore(add(order, 0xc0), and(shr(56, terms), mask)) // limitDenominator
            mstore(add(order, 0xe0), and(shr(24, terms), 0xffffffff)) // minFillPpm
            mstore(add(order, 0x100), and(shr(32, came), mask)) // orderNonce
            mstore(add(order, 0x120), and(shr(32, who), mask)) // expiresAtMs
        }
        uint256 void = uint8(came >> 96);
        // No sum of lengths of calldata comes near 2^256.
        unchecked {
            uint256 end = start + HEAD_BYTES + uint16(who);
            if (end > rows.length || void > 1) revert WordsAreMalformed(row);
            (entry.signatureAt, entry.end) = (start + HEAD_BYTES, end);
        }
        (entry.terms, entry.outcome) = (terms, came >> 104);
        (entry.isVoid, entry.grant) = (void != 0, uint16(who >> 16));
    }

    function paid(OrderRow memory entry) internal pure returns (uint256) {
        return uint64(entry.outcome >> 80);
    }

    function received(OrderRow memory entry) internal pure returns (uint256) {
        return uint64(entry.outcome >> 16);
    }

    /// Vault row of the owner.
    function vault(OrderRow memory entry) internal pure returns (uint256) {
        return uint16(entry.outcome);
    }

    /// The signature of the row that was read last.
    function signature(OrderRow memory entry, bytes calldata rows)
        internal
        pure
        returns (bytes calldata part)
    {
        // `next` has seen that it lies within the rows.
        (uint256 from, uint256 to) = (entry.signatureAt, entry.end);
        assembly ("memory-safe") {
            part.offset := add(rows.offset, from)
            part.length := sub(to, from)
        }
    }
}
