// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

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
import {Batch, DiffList, Frame, OrderBook, OrderRow} from "./Lists.sol";
import {NonceRing, OrderNonces} from "./OrderNonces.sol";
import {BatchOrder, SignedTypes} from "./SignedTypes.sol";
import {VaultBook} from "./VaultBook.sol";
import {Words} from "./Words.sol";

/// Reads the batches of a list: what their orders authorise, and their words in the data vector.
abstract contract Batches is VaultBook, Authority {
    using OrderNonces for NonceRing;
    using SignedTypes for BatchOrder;

    /// How far ahead of the block's clock a batch may close: what honest clocks differ by.
    uint256 internal constant CLOCK_SLACK_MS = 15 minutes * 1000;

    event BatchSettled(
        uint32 indexed marketId, uint64 indexed batchNumber, bytes32 orderSetRoot, bytes32 oracleHash
    );

    /// Takes every batch in turn: all rows belong to one, and each goes on from the one before.
    function _takeBatches(Frame memory frame, DiffList calldata list, OrderBook calldata book)
        internal
    {
        uint256 rows = book.rows.length;
        if (rows > frame.circuit.orders) revert CircuitIsTooSmall(frame.circuit.orders, rows);
        uint256 stride = DataVector.BATCH_WORDS + 2 * uint256(frame.circuit.assetWords);
        frame.sections.batches = new uint256[](stride * list.batches.length);
        frame.sections.orders = new uint256[](DataVector.ORDER_WORDS * rows);
        for (uint256 k = 0; k < list.batches.length; k++) {
            Batch calldata batch = list.batches[k];
            (frame.batch, frame.isHalted) = (k, batch.isHalted);
            _checkBatch(frame, batch);
            if (frame.row + batch.orderCount > rows) revert OrdersAreComplete(rows);
            bytes32 orderSetRoot = _takeRows(frame, list, book);
            _bindBatch(frame, batch, k * stride, orderSetRoot);
        }
        if (frame.row != rows) revert OrdersAreComplete(frame.row);
    }

    /// A batch closes in order, not in the future, under parameters that hold.
    function _checkBatch(Frame memory frame, Batch calldata batch) private view {
        if (batch.closedAtMs < frame.closedAtMs) {
            revert BatchesCloseInOrder(frame.batch, batch.closedAtMs);
        }
        if (batch.closedAtMs > block.timestamp * 1000 + CLOCK_SLACK_MS) {
            revert BatchClosesInTheFuture(frame.batch, batch.closedAtMs);
        }
        frame.closedAtMs = batch.closedAtMs;
        if (!registry.areActive(frame.marketId, batch.parameters)) {
            revert ParametersAreNotActive(frame.marketId, batch.parameters);
        }
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
        bytes32 oracleHash = Words.taggedHash("lawbook.oracleSnapshot.v1", batch.oracle);
        uint256 observedAtMs = Words.observedAtMs(batch.oracle, frame.width, frame.batch);
        words[offset] = (uint256(batchNumber) << 152) | (uint256(batch.closedAtMs) << 88)
            | (observedAtMs << 24) | (uint256(batch.orderCount) << 8) | (frame.isHalted ? 1 : 0);
        (words[offset + 1], words[offset + 2]) = Words.halves(orderSetRoot);
        (words[offset + 3], words[offset + 4]) = Words.halves(oracleHash);
        words[offset + 5] = batch.parameters;
        _bindPrices(frame, batch, offset + DataVector.BATCH_WORDS);
        emit BatchSettled(frame.marketId, batchNumber, orderSetRoot, oracleHash);
    }

    /// Prices as the list packs them, then the mids of the oracle snapshot in the same way.
    function _bindPrices(Frame memory frame, Batch calldata batch, uint256 offset) private pure {
        uint256[] memory words = frame.sections.batches;
        uint256 assetWords = frame.circuit.assetWords;
        if (batch.prices.length != assetWords) revert WordsAreMalformed(batch.prices.length);
        for (uint256 w = 0; w < assetWords; w++) {
            words[offset + w] = Words.checkedWord(batch.prices[w], w, frame.width);
        }
        offset += assetWords;
        for (uint256 column = 0; column < frame.width; column++) {
            uint256 mid = uint64(bytes8(batch.oracle[4 + 8 * column:12 + 8 * column]));
            words[offset + column / 3] |= mid << (64 * (column % 3));
        }
    }

    /// The rows of one batch. @return the exchange's order-set root over them.
    function _takeRows(Frame memory frame, DiffList calldata list, OrderBook calldata book)
        private
        returns (bytes32)
    {
        uint64 count = list.batches[frame.batch].orderCount;
        bytes32[] memory orderIds = new bytes32[](count);
        for (uint256 k = 0; k < count; k++) {
            orderIds[k] = _takeRow(frame, list, book);
            frame.row++;
        }
        return sha256(abi.encodePacked("lawbook.orderSet.v1", bytes1(0), orderIds, count));
    }

    function _takeRow(Frame memory frame, DiffList calldata list, OrderBook calldata book)
        private
        returns (bytes32 orderId)
    {
        OrderRow calldata entry = book.rows[frame.row];
        BatchOrder calldata order = entry.order;
        if (order.marketId != frame.marketId) {
            revert OrderOfAnotherMarket(frame.row, order.marketId);
        }
        if (order.pay >= frame.width) revert AssetUnknown(order.pay);
        uint256 vault = entry.vault;
        bool owned = vault >= 2 && vault < list.owners.length + 2
            && list.owners[vault - 2] == order.owner;
        if (!owned) revert VaultOfAnotherOwner(frame.row, order.owner);
        orderId = _hashTypedDataV4(order.hash());
        if (entry.isVoid) {
            _takeVoid(frame, book, entry, orderId);
        } else if (entry.paid != 0) {
            if (frame.isHalted) revert LimitsAreRespected(frame.row, entry.paid, 0);
            _takePaying(frame, book, entry, orderId);
        } else if (entry.received != 0) {
            revert LimitsAreRespected(frame.row, 0, order.budget);
        }
        _bindRow(frame, entry);
    }

    /// A void row pays nothing; its order had expired, or its owner signed the cancel.
    function _takeVoid(
        Frame memory frame,
        OrderBook calldata book,
        OrderRow calldata entry,
        bytes32 orderId
    ) private view {
        BatchOrder calldata order = entry.order;
        if (entry.paid != 0 || entry.received != 0) {
            revert LimitsAreRespected(frame.row, entry.paid, 0);
        }
        if (order.expiresAtMs <= frame.closedAtMs) return;
        if (entry.signature.length == 0) revert OrdersAreComplete(frame.row);
        bytes32 digest = _hashTypedDataV4(SignedTypes.hashCancel(order.owner, orderId));
        _checkAuthorised(book, entry, frame.row, digest, 0);
    }

    /// A row that pays: alive at the close, within its budget, signed, and for the first time.
    function _takePaying(
        Frame memory frame,
        OrderBook calldata book,
        OrderRow calldata entry,
        bytes32 orderId
    ) private {
        BatchOrder calldata order = entry.order;
        (address owner, uint256 paid) = (order.owner, entry.paid);
        if (order.expiresAtMs <= frame.closedAtMs) {
            revert OrderExpired(frame.row, order.expiresAtMs);
        }
        if (paid > order.budget) revert LimitsAreRespected(frame.row, paid, order.budget);
        _checkAuthorised(book, entry, frame.row, orderId, order.expiresAtMs);
        _nonces[owner][frame.marketId].use(owner, order.orderNonce);
        frame.paid[uint256(entry.vault) * frame.width + order.pay] += paid;
    }

    /// The two words of an order row in the data vector: what was signed, and what came of it.
    /// @dev Each field is read once and refused beyond its width, as `SignedTypes.hash` relies on.
    function _bindRow(Frame memory frame, OrderRow calldata entry) private pure {
        uint256[] memory words = frame.sections.orders;
        BatchOrder calldata order = entry.order;
        uint256 offset = DataVector.ORDER_WORDS * frame.row;
        uint256 signed = (uint256(order.budget) << 64) | order.limitNumerator;
        signed = (signed << 64) | order.limitDenominator;
        signed = (signed << 32) | order.minFillPpm;
        words[offset] = (((signed << 8) | order.pay) << 16) | order.product;
        uint256 came = (uint256(entry.paid) << 64) | entry.received;
        came = (((came << 16) | entry.vault) << 8) | frame.batch;
        words[offset + 1] = (came << 8) | (entry.isVoid ? 1 : 0);
    }
}
