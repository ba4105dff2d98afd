// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Authority} from "./Authority.sol";
import {DataVector} from "./DataVector.sol";
import {
    AssetUnknown,
    BatchClosesInTheFuture,
    BatchesCloseInOrder,
    CircuitIsTooSmall,
    LimitsAreRespected,
    OrderExpired,
    OrderOfAnotherMarket,
    OrdersAreComplete,
    ParametersAreNotActive,
    VaultOfAnotherOwner,
    WordsAreMalformed
} from "./Errors.sol";
import {Batch, DiffList, Frame, OrderBook, OrderRow, SignedGrant} from "./Lists.sol";
import {NonceRing, OrderNonces} from "./OrderNonces.sol";
import {OrderRows} from "./OrderRows.sol";
import {BatchOrder, SignedTypes} from "./SignedTypes.sol";
import {VaultBook} from "./VaultBook.sol";
import {Words} from "./Words.sol";

/// Reads the batches of a list: what their orders authorise, and their words in the data vector.
abstract contract Batches is VaultBook, Authority {
    using OrderNonces for NonceRing;
    using OrderRows for OrderRow;
    using SignedTypes for BatchOrder;
    using Words for bytes;
    using Words for uint256[];

    /// Bytes before the order ids in what an order-set root hashes.
    uint256 internal constant ROOT_TAG_BYTES = 20;

    /// How far ahead of the block's clock a batch may close: what honest clocks differ by.
    uint256 internal constant CLOCK_SLACK_MS = 15 minutes * 1000;

    event BatchSettled(
        uint32 indexed marketId, uint64 indexed batchNumber, bytes32 orderSetRoot, bytes32 oracleHash
    );

    /// Takes every batch in turn: all rows belong to one, and each goes on from the one before.
    function _takeBatches(Frame memory frame, DiffList calldata list, OrderBook calldata book)
        internal
    {
        uint256 count = book.count;
        if (count > frame.circuit.orders) revert CircuitIsTooSmall(frame.circuit.orders, count);
        Batch[] calldata batches = list.batches;
        uint256 stride = DataVector.BATCH_WORDS + 2 * frame.assetWords;
        frame.sections.batches = new uint256[](stride * batches.length);
        frame.sections.orders = new uint256[](DataVector.ORDER_WORDS * count);
        for (uint256 k = 0; k < batches.length; k++) {
            Batch calldata batch = batches[k];
            (frame.batch, frame.isHalted) = (k, batch.isHalted);
            _checkBatch(frame, batch);
            if (frame.row + batch.orderCount > count) revert OrdersAreComplete(count);
            bytes32 orderSetRoot =
                _takeRows(frame, batch.orderCount, list.owners, book.rows, book.grants);
            _bindBatch(frame, batch, k * stride, orderSetRoot);
        }
        if (frame.row != count) revert OrdersAreComplete(frame.row);
        if (frame.entry.end != book.rows.length) revert WordsAreMalformed(count);
    }

    /// A batch closes in order, not in the future, under parameters that hold.
    function _checkBatch(Frame memory frame, Batch calldata batch) private view {
        uint64 closedAtMs = batch.closedAtMs;
        if (closedAtMs < frame.closedAtMs) revert BatchesCloseInOrder(frame.batch, closedAtMs);
        if (closedAtMs > block.timestamp * 1000 + CLOCK_SLACK_MS) {
            revert BatchClosesInTheFuture(frame.batch, closedAtMs);
        }
        frame.closedAtMs = closedAtMs;
        uint256 parameters = batch.parameters;
        // What holds now held a batch ago.
        if (frame.batch != 0 && parameters == frame.parameters) return;
        if (!registry.areActive(frame.marketId, parameters)) {
            revert ParametersAreNotActive(frame.marketId, parameters);
        }
        frame.parameters = parameters;
    }

    /// The words of a batch in the data vector, from `offset` on.
    function _bindBatch(
        Frame memory frame,
        Batch calldata batch,
        uint256 offset,
        bytes32 orderSetRoot
    ) private {
        uint256[] memory words = frame.sections.batches;
        uint64 batchNumber = frame.firstBatch + uint64(frame.batch);
        bytes calldata oracle = batch.oracle;
        bytes32 oracleHash = Words.taggedHash("lawbook.oracleSnapshot.v1", oracle);
        uint256 observedAtMs = Words.observedAtMs(oracle, frame.width, frame.batch);
        uint256 place = (uint256(batchNumber) << 152) | (uint256(frame.closedAtMs) << 88)
            | (observedAtMs << 24) | (uint256(batch.orderCount) << 8) | (frame.isHalted ? 1 : 0);
        // The section has room for all batches.
        words.put(offset, place);
        words.putHalves(offset + 1, orderSetRoot);
        words.putHalves(offset + 3, oracleHash);
        words.put(offset + 5, frame.parameters);
        _bindPrices(frame, batch.prices, oracle, offset + DataVector.BATCH_WORDS);
        emit BatchSettled(frame.marketId, batchNumber, orderSetRoot, oracleHash);
    }

    /// Prices as the list packs them, then the mids of the oracle snapshot in the same way.
    function _bindPrices(
        Frame memory frame,
        uint256[] calldata prices,
        bytes calldata oracle,
        uint256 offset
    ) private pure {
        uint256[] memory words = frame.sections.batches;
        uint256 assetWords = frame.assetWords;
        if (prices.length != assetWords) revert WordsAreMalformed(prices.length);
        for (uint256 w = 0; w < assetWords; w++) {
            words.put(offset + w, Words.checkedWord(prices[w], w, frame.spareBits));
            words.put(offset + assetWords + w, Words.midsOf(oracle, w, frame.width));
        }
    }

    /// The rows of one batch. @return the exchange's order-set root over them.
    function _takeRows(
        Frame memory frame,
        uint256 count,
        address[] calldata owners,
        bytes calldata rows,
        SignedGrant[] calldata grants
    ) private returns (bytes32) {
        bytes memory preimage = abi.encodePacked(
            "lawbook.orderSet.v1", bytes1(0), new bytes(32 * count), uint64(count)
        );
        for (uint256 k = 0; k < count; k++) {
            bytes32 orderId = _takeRow(frame, owners, rows, grants);
            unchecked {
                preimage.put(ROOT_TAG_BYTES + 32 * k, orderId);
            }
        }
        return sha256(preimage);
    }

    /// Takes the next row. @return orderId the digest that its owner signed.
    function _takeRow(
        Frame memory frame,
        address[] calldata owners,
        bytes calldata rows,
        SignedGrant[] calldata grants
    ) private returns (bytes32 orderId) {
        OrderRow memory entry = frame.entry;
        entry.next(rows, frame.row);
        _checkPlace(frame, entry, owners);
        orderId = MessageHashUtils.toTypedDataHash(frame.domainSeparator, entry.order.hash());
        if (entry.isVoid) {
            _takeVoid(frame, grants, rows, orderId);
        } else if (entry.paid() != 0) {
            _takePaying(frame, grants, rows, orderId);
        } else if (entry.received() != 0) {
            revert LimitsAreRespected(frame.row, 0, entry.order.budget);
        }
        _bindRow(frame, entry);
    }

    /// An order is of this market, pays one of its assets, and names the vault row of its owner.
    function _checkPlace(Frame memory frame, OrderRow memory entry, address[] calldata owners)
        private
        pure
    {
        BatchOrder memory order = entry.order;
        if (order.marketId != frame.marketId) {
            revert OrderOfAnotherMarket(frame.row, order.marketId);
        }
        if (order.pay >= frame.width) revert AssetUnknown(order.pay);
        // Rows 0 and 1 wrap to places that no array has.
        unchecked {
            uint256 place = entry.vault() - 2;
            bool owned = place < owners.length && owners[place] == order.owner;
            if (!owned) revert VaultOfAnotherOwner(frame.row, order.owner);
        }
    }

    /// A void row pays nothing; its order had expired, or its owner signed the cancel.
    function _takeVoid(
        Frame memory frame,
        SignedGrant[] calldata grants,
        bytes calldata rows,
        bytes32 orderId
    ) private view {
        OrderRow memory entry = frame.entry;
        BatchOrder memory order = entry.order;
        uint256 paid = entry.paid();
        if (paid != 0 || entry.received() != 0) revert LimitsAreRespected(frame.row, paid, 0);
        if (order.expiresAtMs <= frame.closedAtMs) return;
        bytes calldata signature = entry.signature(rows);
        if (signature.length == 0) revert OrdersAreComplete(frame.row);
        bytes32 digest = _hashTypedDataV4(SignedTypes.hashCancel(order.owner, orderId));
        _checkAuthorised(frame, grants, signature, digest, 0);
    }

    /// A row that pays: alive at the close, within its budget, signed, and for the first time.
    function _takePaying(
        Frame memory frame,
        SignedGrant[] calldata grants,
        bytes calldata rows,
        bytes32 orderId
    ) private {
        OrderRow memory entry = frame.entry;
        BatchOrder memory order = entry.order;
        uint256 paid = entry.paid();
        if (frame.isHalted) revert LimitsAreRespected(frame.row, paid, 0);
        if (order.expiresAtMs <= frame.closedAtMs) {
            revert OrderExpired(frame.row, order.expiresAtMs);
        }
        if (paid > order.budget) revert LimitsAreRespected(frame.row, paid, order.budget);
        _checkAuthorised(frame, grants, entry.signature(rows), orderId, order.expiresAtMs);
        address owner = order.owner;
        _nonces[owner][frame.marketId].use(owner, order.orderNonce);
        // Vault row and column are within the list; 2^16 payments of 64 bits do not wrap.
        unchecked {
            frame.paid.add(entry.vault() * frame.width + order.pay, paid);
        }
    }

    /// The two words of an order row in the data vector: what was signed, and what came of it. Then
    /// the next row is due.
    function _bindRow(Frame memory frame, OrderRow memory entry) private pure {
        uint256[] memory words = frame.sections.orders;
        uint256 came = (entry.outcome << 16) | (frame.batch << 8) | (entry.isVoid ? 1 : 0);
        // The section has room for all rows, of which there are fewer than 2^16.
        unchecked {
            uint256 offset = DataVector.ORDER_WORDS * frame.row;
            words.put(offset, entry.terms);
            words.put(offset + 1, came);
            frame.row += 1;
        }
    }
}
