// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// An order for one batch, field for field as the exchange signs it
/// (packages/exchange/src/orders/batchOrder.ts). `product` is signed as `receive`, which is a
/// keyword here.
struct BatchOrder {
    address owner;
    uint32 marketId;
    uint16 pay;
    uint16 product;
    uint64 budget;
    uint64 limitNumerator;
    uint64 limitDenominator;
    uint32 minFillPpm;
    uint64 orderNonce;
    uint64 expiresAtMs;
}

/// Permission by an owner for a delegated key.
struct SessionGrant {
    address owner;
    address delegate;
    uint8 scopes;
    uint64 expiresAtMs;
    uint64 orderNonce;
}

/// A wish to take ledger units out of a vault. It names the shard, which an order does by its
/// market.
struct Withdrawal {
    address owner;
    address to;
    uint32 shard;
    uint16 assetId;
    uint64 units;
    uint64 orderNonce;
    uint64 expiresAtMs;
}

/// Struct hashes of what users sign. @dev EIP-712 "Definition of hashStruct".
library SignedTypes {
    bytes32 internal constant BATCH_ORDER_TYPEHASH = keccak256(
        "BatchOrder(address owner,uint32 marketId,uint16 pay,uint16 receive,uint64 budget,uint64 limitNumerator,uint64 limitDenominator,uint32 minFillPpm,uint64 orderNonce,uint64 expiresAtMs)"
    );
    bytes32 internal constant CANCEL_ORDER_TYPEHASH =
        keccak256("CancelOrder(address owner,bytes32 orderId)");
    bytes32 internal constant SESSION_GRANT_TYPEHASH = keccak256(
        "SessionGrant(address owner,address delegate,uint8 scopes,uint64 expiresAtMs,uint64 orderNonce)"
    );
    bytes32 internal constant WITHDRAWAL_TYPEHASH = keccak256(
        "Withdrawal(address owner,address to,uint32 shard,uint16 assetId,uint64 units,uint64 orderNonce,uint64 expiresAtMs)"
    );

    /// A struct in memory is just the words that EIP-712 hashes behind the hash of the type. That one
    /// takes the place of the word before the struct for as long as it is hashed, because this runs
    /// for every order and a copy costs three times as much.
    function hash(BatchOrder memory order) internal pure returns (bytes32 structHash) {
        bytes32 typeHash = BATCH_ORDER_TYPEHASH;
        assembly ("memory-safe") {
            let start := sub(order, 0x20)
            let kept := mload(start)
            mstore(start, typeHash)
            structHash := keccak256(start, 0x160)
            mstore(start, kept)
        }
    }

    function hash(SessionGrant calldata grant) internal pure returns (bytes32) {
        return keccak256(abi.encode(SESSION_GRANT_TYPEHASH, grant));
    }

    function hash(Withdrawal calldata withdrawal) internal pure returns (bytes32) {
        return keccak256(abi.encode(WITHDRAWAL_TYPEHASH, withdrawal));
    }

    function hashCancel(address owner, bytes32 orderId) internal pure returns (bytes32) {
        return keccak256(abi.encode(CANCEL_ORDER_TYPEHASH, owner, orderId));
    }
}
