// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OracleIsMalformed, WordsAreMalformed} from "./Errors.sol";

/// Packed words and the exchange's encodings.
library Words {
    uint256 internal constant LIMB = type(uint64).max;

    /// By word of three columns, the bits that lie in no column.
    function spareBits(uint256 assetWords, uint256 width)
        internal
        pure
        returns (uint256[] memory masks)
    {
        masks = new uint256[](assetWords);
        for (uint256 w = 0; w < assetWords; w++) {
            uint256 columns = width > 3 * w ? width - 3 * w : 0;
            masks[w] = type(uint256).max << (64 * (columns < 3 ? columns : 3));
        }
    }

    /// A word holds the limbs of its columns and nothing else. @dev For a place below assetWords.
    function checkedWord(uint256 word, uint256 place, uint256[] memory spare)
        internal
        pure
        returns (uint256)
    {
        if (word & wordAt(spare, place) != 0) revert WordsAreMalformed(place);
        return word;
    }

    // Places of arrays without the compiler's check, which costs more than the access and would run
    // some dozens of times an order. Who uses them says why the place is within the array.

    function wordAt(uint256[] memory words, uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(words, 32), shl(5, place)))
        }
    }

    function put(uint256[] memory words, uint256 place, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(words, 32), shl(5, place)), word)
        }
    }

    function putHalves(uint256[] memory words, uint256 place, bytes32 digest) internal pure {
        (uint256 high, uint256 low) = halves(digest);
        put(words, place, high);
        put(words, place + 1, low);
    }

    function add(uint256[] memory words, uint256 place, uint256 term) internal pure {
        assembly ("memory-safe") {
            let spot := add(add(words, 32), shl(5, place))
            mstore(spot, add(mload(spot), term))
        }
    }

    function limb(uint256 word, uint256 place) internal pure returns (uint256) {
        return (word >> (64 * place)) & LIMB;
    }

    function assetOfColumn(uint256 columns, uint256 column) internal pure returns (uint256) {
        return (columns >> (8 * column)) & 0xff;
    }

    function halves(bytes32 digest) internal pure returns (uint256 high, uint256 low) {
        return (uint256(digest) >> 128, uint128(uint256(digest)));
    }

    /// keccak256 of an array's words. @dev What encodePacked would copy first.
    function hash(uint256[] memory words) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            digest := keccak256(add(words, 0x20), shl(5, mload(words)))
        }
    }

    /// keccak256 of an array's words.
    function hash(bytes32[] memory words) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            digest := keccak256(add(words, 0x20), shl(5, mload(words)))
        }
    }

    /// keccak256 of an array of addresses, a word each. The caller has read every one of them.
    function hash(address[] calldata owners) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            let size := shl(5, owners.length)
            calldatacopy(free, owners.offset, size)
            digest := keccak256(free, size)
        }
    }

    /// Puts a hash among bytes.
    function put(bytes memory packed, uint256 offset, bytes32 digest) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(packed, 32), offset), digest)
        }
    }

    /// SHA-256 of a tag, a zero byte and bytes. @dev packages/exchange/src/codec/hash.ts.
    function taggedHash(string memory tag, bytes calldata body) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(tag, bytes1(0), body));
    }

    /// When the oldest quote of a snapshot was observed; checks the snapshot's shape on the way.
    /// @dev packages/exchange/src/markets/batch/oracleSnapshot.ts.
    function observedAtMs(bytes calldata oracle, uint256 width, uint256 batch)
        internal
        pure
        returns (uint256)
    {
        uint256 offset = 4 + 8 * width;
        if (oracle.length < offset + 12) revert OracleIsMalformed(batch);
        bool shaped = uint32(bytes4(oracle[0:4])) == width
            && oracle.length == offset + 12 + uint32(bytes4(oracle[offset + 8:offset + 12]));
        if (!shaped) revert OracleIsMalformed(batch);
        return uint64(bytes8(oracle[offset:offset + 8]));
    }

    /// The mids of the columns of a word. @dev After `observedAtMs` has checked the shape.
    function midsOf(bytes calldata oracle, uint256 place, uint256 width)
        internal
        pure
        returns (uint256 word)
    {
        assembly ("memory-safe") {
            let lowest := mul(3, place)
            let column := add(lowest, 3)
            if gt(column, width) { column := width }
            // From the highest column of the word down to the lowest; mids stand behind a count.
            for {} gt(column, lowest) {} {
                column := sub(column, 1)
                let mid := shr(192, calldataload(add(oracle.offset, add(4, shl(3, column)))))
                word := or(shl(64, word), mid)
            }
        }
    }
}
