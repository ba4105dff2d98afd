// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import "../src/Errors.sol";
import {BaseLayer} from "../src/BaseLayer.sol";
import {ILawVerifier} from "../src/ILawVerifier.sol";
import {Batch, Circuit, OrderBook, SignedGrant} from "../src/Lists.sol";
import {BatchOrder, SignedTypes} from "../src/SignedTypes.sol";
import {TestWallet} from "./TestWallet.sol";
import {FailingVerifier, RefusingVerifier} from "./TestVerifiers.sol";
import {World} from "./World.sol";

/// Goal: a lawful list settles, and one altered in any place is refused by the name of what it
/// breaks, with nothing changed. Method: lists of a small market, one mutation each; the verifier
/// accepts everything, so what is refused is refused by the contract itself.
contract SettleTest is World {
    function test_a_lawful_list_moves_balances_and_the_chain_of_lists() public {
        Scene memory s = scene(4);
        settle(s);
        assertEq(FUNDS - 100, base.balanceOf(SHARD, trader(0), 0), "paid");
        assertEq(FUNDS + 99, base.balanceOf(SHARD, trader(0), 1), "received");
        assertEq(2, base.balanceOf(SHARD, feesOf(MARKET), 1), "fees");
        (uint64 number, bytes32 listHash) = base.listChains(SHARD);
        assertEq(1, number, "list number");
        assertTrue(listHash != 0, "list hash");
        settle(scene(5));
        (number,) = base.listChains(SHARD);
        (uint64 epochNumber, uint64 batchNumber,) = base.marketProgress(MARKET);
        assertEq(2, number, "list number");
        assertEq(2, epochNumber, "epoch number");
        assertEq(2, batchNumber, "batch number");
    }

    function test_an_epoch_of_several_batches_settles_as_one_list() public {
        Scene memory s = emptyScene(3, 3);
        Batch[] memory batches = new Batch[](3);
        for (uint256 k = 0; k < 3; k++) {
            batches[k] = batch(k == 1 ? 0 : uint16(k == 0 ? 1 : 2), START_MS + uint64(k));
            addOrder(s, k, k);
        }
        s.list.batches = batches;
        finish(s);
        settle(s);
        (, uint64 batchNumber, uint64 closedAtMs) = base.marketProgress(MARKET);
        assertEq(3, batchNumber, "batch number");
        assertEq(START_MS + 2, closedAtMs, "closing time");
    }

    // Who, and what follows what.

    function test_refuses_a_caller_who_is_not_the_operator() public {
        Scene memory s = scene(1);
        OrderBook memory book = packed(s.book);
        vm.expectRevert(abi.encodeWithSelector(CallerIsNotOperator.selector, SHARD, address(this)));
        base.settle(s.list, book, s.proof);
    }

    function test_refuses_a_shard_without_agreement() public {
        Scene memory s = scene(1);
        s.list.shard = 8;
        expectRefusal(s, abi.encodeWithSelector(AgreementIsNotActive.selector, uint32(8)));
    }

    function test_refuses_lists_out_of_order() public {
        Scene memory s = scene(1);
        s.list.number = 2;
        expectRefusal(s, abi.encodeWithSelector(ListNumberIsNotNext.selector, uint64(1), uint64(2)));
        s.list.number = 0;
        expectRefusal(s, abi.encodeWithSelector(ListNumberIsNotNext.selector, uint64(1), uint64(0)));
        s.list.number = 1;
        s.list.previousListHash = bytes32("x");
        expectRefusal(
            s, abi.encodeWithSelector(ListIsNotChained.selector, bytes32(0), bytes32("x"))
        );
    }

    function test_refuses_the_same_list_twice() public {
        Scene memory s = scene(1);
        settle(s);
        expectRefusal(s, abi.encodeWithSelector(ListNumberIsNotNext.selector, uint64(2), uint64(1)));
    }

    function test_refuses_epochs_and_batches_out_of_order() public {
        Scene memory s = scene(1);
        s.list.epochNumber = 2;
        expectRefusal(s, abi.encodeWithSelector(EpochIsNotNext.selector, uint64(1), uint64(2)));
        settle(scene(1));
        s = scene(1);
        s.list.batches[0].closedAtMs = START_MS - 1;
        expectRefusal(
            s, abi.encodeWithSelector(BatchesCloseInOrder.selector, 0, s.list.batches[0].closedAtMs)
        );
        s.list.batches[0].closedAtMs = START_MS + 901_000;
        expectRefusal(
            s,
            abi.encodeWithSelector(
                BatchClosesInTheFuture.selector, 0, s.list.batches[0].closedAtMs
            )
        );
    }

    function test_refuses_a_market_of_another_shard() public {
        Scene memory s = scene(1);
        s.list.marketId = 2;
        expectRefusal(
            s, abi.encodeWithSelector(MarketOfAnotherShard.selector, uint32(2), SHARD)
        );
    }

    function test_refuses_parameters_that_do_not_hold() public {
        Scene memory s = scene(1);
        s.list.batches[0].parameters = PARAMETERS + 1;
        bytes memory reason =
            abi.encodeWithSelector(ParametersAreNotActive.selector, MARKET, PARAMETERS + 1);
        expectRefusal(s, reason);
        vm.prank(operator);
        registry.registerParameters(MARKET, PARAMETERS + 1, 0);
        expectRefusal(s, reason);
        uint64 from = registry.parametersFrom(MARKET, PARAMETERS + 1) - 1;
        uint256 first = registry.genesisBlock() + uint256(from) * EPOCH_BLOCKS;
        assertTrue(first > block.number + 2 * EXIT_BLOCKS, "who leaves now is gone before");
        vm.roll(first - 1);
        expectRefusal(s, reason);
        vm.roll(first);
        settle(s);
    }

    function test_refuses_circuits_that_are_unknown_or_too_small() public {
        Scene memory s = scene(3);
        s.proof.circuit = 2;
        expectRefusal(s, abi.encodeWithSelector(CircuitUnknown.selector, 2));
        s.proof.circuit = 1;
        expectRefusal(s, abi.encodeWithSelector(CircuitIsTooSmall.selector, 4, 5));
        s = emptyScene(2, 3);
        addOrder(s, 0, 0);
        addOrder(s, 1, 1);
        addOrder(s, 2, 0);
        finish(s);
        s.proof.circuit = 1;
        expectRefusal(s, abi.encodeWithSelector(CircuitIsTooSmall.selector, 2, 3));
        s.list.batches = new Batch[](2);
        expectRefusal(s, abi.encodeWithSelector(CircuitIsTooSmall.selector, 1, 2));
        s.list.batches = new Batch[](0);
        expectRefusal(s, abi.encodeWithSelector(CircuitIsTooSmall.selector, 1, 0));
    }

    // Orders.

    function test_refuses_an_order_that_is_altered_in_any_field() public {
        for (uint256 field = 0; field < 8; field++) {
            Scene memory s = scene(1);
            BatchOrder memory order = s.book.rows[0].order;
            if (field == 0) order.budget += 1;
            if (field == 1) order.limitNumerator += 1;
            if (field == 2) order.limitDenominator += 1;
            if (field == 3) order.minFillPpm += 1;
            if (field == 4) order.orderNonce += 1;
            if (field == 5) order.expiresAtMs += 1;
            if (field == 6) order.product = 2;
            if (field == 7) order.pay = 2;
            expectRefusal(
                s, abi.encodeWithSelector(SpendsAreAuthorised.selector, 0, order.owner)
            );
        }
    }

    function test_refuses_bits_beyond_the_width_of_a_field() public {
        Scene memory s = scene(1);
        bytes memory lawful = abi.encodeCall(base.settle, (s.list, packed(s.book), s.proof));
        bytes32 owner = bytes32(uint256(uint160(trader(0))));
        bytes32 closedAtMs = bytes32(uint256(START_MS));
        uint256 changed = 0;
        for (uint256 place = 4; place + 32 <= lawful.length; place += 32) {
            bytes32 word;
            assembly {
                word := mload(add(add(lawful, 32), place))
            }
            if (word != owner && word != closedAtMs) continue;
            bytes memory dirty = bytes.concat(lawful);
            dirty[place] = 0x01;
            vm.prank(operator);
            (bool passed,) = address(base).call(dirty);
            assertTrue(!passed, "a dirty word is refused");
            changed++;
        }
        assertTrue(changed >= 2, "owner and closing time were tried");
    }

    function test_refuses_a_forged_signature_and_a_malleated_one() public {
        Scene memory s = scene(1);
        Row memory entry = s.book.rows[0];
        bytes memory reason =
            abi.encodeWithSelector(SpendsAreAuthorised.selector, 0, entry.order.owner);
        bytes memory good = entry.signature;
        entry.signature = sign(keys[1], orderHash(entry.order));
        expectRefusal(s, reason);
        entry.signature = "";
        expectRefusal(s, reason);
        (uint8 v, bytes32 r, bytes32 low) = vm.sign(keys[0], digestOf(orderHash(entry.order)));
        uint256 n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        entry.signature = abi.encodePacked(r, bytes32(n - uint256(low)), v == 27 ? 28 : 27);
        expectRefusal(s, reason);
        entry.signature = good;
        settle(s);
    }

    function test_refuses_an_order_of_another_market_or_owner_or_asset() public {
        Scene memory s = scene(2);
        s.book.rows[1].order.marketId = 2;
        expectRefusal(s, abi.encodeWithSelector(OrderOfAnotherMarket.selector, 1, uint32(2)));
        s = scene(2);
        s.book.rows[1].vault = 2;
        expectRefusal(s, abi.encodeWithSelector(VaultOfAnotherOwner.selector, 1, trader(1)));
        s.book.rows[1].vault = 0;
        expectRefusal(s, abi.encodeWithSelector(VaultOfAnotherOwner.selector, 1, trader(1)));
        s.book.rows[1].vault = 4;
        expectRefusal(s, abi.encodeWithSelector(VaultOfAnotherOwner.selector, 1, trader(1)));
        s = scene(2);
        s.book.rows[0].order.pay = uint16(WIDTH);
        expectRefusal(s, abi.encodeWithSelector(AssetUnknown.selector, WIDTH));
    }

    function test_refuses_an_expired_order_and_more_than_the_budget() public {
        Scene memory s = scene(1);
        BatchOrder memory order = s.book.rows[0].order;
        order.expiresAtMs = s.list.batches[0].closedAtMs;
        expectRefusal(s, abi.encodeWithSelector(OrderExpired.selector, 0, order.expiresAtMs));
        s = scene(1);
        s.book.rows[0].paid = 101;
        expectRefusal(s, abi.encodeWithSelector(LimitsAreRespected.selector, 0, 101, 100));
        s = scene(1);
        s.book.rows[0].paid = 0;
        expectRefusal(s, abi.encodeWithSelector(LimitsAreRespected.selector, 0, 0, 100));
    }

    function test_a_halted_batch_pays_nothing() public {
        Scene memory s = scene(1);
        s.list.batches[0].isHalted = true;
        expectRefusal(s, abi.encodeWithSelector(LimitsAreRespected.selector, 0, 100, 0));
    }

    function test_an_order_nonce_pays_once() public {
        Scene memory s = scene(1);
        BatchOrder memory order = s.book.rows[0].order;
        settle(s);
        s = scene(1);
        s.book.rows[0].order = order;
        s.book.rows[0].signature = sign(keys[0], orderHash(order));
        expectRefusal(
            s,
            abi.encodeWithSelector(OrderNonceReplayed.selector, order.owner, order.orderNonce)
        );
        order.orderNonce = 5;
        s.book.rows[0].signature = sign(keys[0], orderHash(order));
        settle(s);
        s = scene(1);
        s.book.rows[0].order.orderNonce = 5 + 3 * 192;
        s.book.rows[0].signature = sign(keys[0], orderHash(s.book.rows[0].order));
        settle(s);
        s = scene(1);
        s.book.rows[0].order.orderNonce = 6;
        s.book.rows[0].signature = sign(keys[0], orderHash(s.book.rows[0].order));
        expectRefusal(s, abi.encodeWithSelector(OrderNonceTooOld.selector, trader(0), uint64(6)));
        assertTrue(!base.isOrderNonceFresh(trader(0), MARKET, 6), "too old");
        assertTrue(!base.isOrderNonceFresh(trader(0), MARKET, 5 + 3 * 192), "used");
        assertTrue(base.isOrderNonceFresh(trader(0), MARKET, 6 + 3 * 192), "fresh");
    }

    function test_rows_and_counts_agree() public {
        Scene memory s = scene(2);
        s.list.batches[0].orderCount = 1;
        expectRefusal(s, abi.encodeWithSelector(OrdersAreComplete.selector, 1));
        s.list.batches[0].orderCount = 3;
        expectRefusal(s, abi.encodeWithSelector(OrdersAreComplete.selector, 2));
    }

    function test_refuses_packed_rows_that_end_early_late_or_within_a_row() public {
        Scene memory s = scene(2);
        OrderBook memory whole = packed(s.book);
        bytes memory rows = whole.rows;
        OrderBook memory cut = OrderBook(2, slice(rows, rows.length - 1), whole.grants);
        expectMalformed(s, cut, 1);
        // A head alone, without the signature that it announces.
        cut.rows = slice(rows, rows.length - 65);
        expectMalformed(s, cut, 1);
        cut.rows = slice(rows, 94);
        expectMalformed(s, cut, 0);
        cut.rows = "";
        expectMalformed(s, cut, 0);
        cut.rows = bytes.concat(rows, hex"00");
        expectMalformed(s, cut, 2);
        // The mark of a void row, 19 bytes behind the terms, is zero or one.
        cut.rows = slice(rows, rows.length);
        cut.rows[31 + 18] = 0x02;
        expectMalformed(s, cut, 0);
        settle(s);
    }

    function expectMalformed(Scene memory s, OrderBook memory book, uint256 row) private {
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(WordsAreMalformed.selector, row));
        base.settle(s.list, book, s.proof);
    }

    function slice(bytes memory whole, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 k = 0; k < length; k++) {
            part[k] = whole[k];
        }
    }

    function test_an_order_without_fill_needs_no_signature_and_keeps_its_nonce() public {
        Scene memory s = emptyScene(1, 1);
        addOrder(s, 0, 0);
        s.changes = new int256[](s.changes.length);
        (s.book.rows[0].paid, s.book.rows[0].received) = (0, 0);
        s.book.rows[0].signature = "";
        finish(s);
        settle(s);
        uint64 orderNonce = s.book.rows[0].order.orderNonce;
        assertTrue(base.isOrderNonceFresh(trader(0), MARKET, orderNonce), "fresh");
    }

    function test_a_void_row_needs_a_signed_cancel_or_its_expiry() public {
        Scene memory s = emptyScene(1, 1);
        addOrder(s, 0, 0);
        s.changes = new int256[](s.changes.length);
        Row memory entry = s.book.rows[0];
        entry.isVoid = true;
        finish(s);
        expectRefusal(s, abi.encodeWithSelector(LimitsAreRespected.selector, 0, 100, 0));
        (entry.paid, entry.received) = (0, 0);
        expectRefusal(s, abi.encodeWithSelector(SpendsAreAuthorised.selector, 0, trader(0)));
        entry.signature = "";
        expectRefusal(s, abi.encodeWithSelector(OrdersAreComplete.selector, 0));
        bytes32 orderId = digestOf(orderHash(entry.order));
        bytes32 cancel =
            keccak256(abi.encode(SignedTypes.CANCEL_ORDER_TYPEHASH, trader(0), orderId));
        entry.signature = sign(keys[0], cancel);
        settle(s);
        s = emptyScene(1, 1);
        addOrder(s, 0, 0);
        s.changes = new int256[](s.changes.length);
        s.book.rows[0].order.expiresAtMs = s.list.batches[0].closedAtMs;
        s.book.rows[0].isVoid = true;
        (s.book.rows[0].paid, s.book.rows[0].received) = (0, 0);
        s.book.rows[0].signature = "";
        finish(s);
        settle(s);
    }

    // Delegates and contract wallets.

    function test_a_delegate_trades_within_its_grant_only() public {
        uint256 delegateKey = 0xde1e;
        Scene memory s = scene(1);
        Row memory entry = s.book.rows[0];
        entry.signature = sign(delegateKey, orderHash(entry.order));
        entry.grant = 1;
        s.book.grants = new SignedGrant[](1);
        uint64 until = entry.order.expiresAtMs;
        address delegate = vm.addr(delegateKey);
        bytes memory unsigned =
            abi.encodeWithSelector(GrantIsNotSigned.selector, 0, trader(0));
        bytes memory uncovered = abi.encodeWithSelector(GrantDoesNotCover.selector, 0, 0);
        s.book.grants[0] = grantTo(keys[0], delegate, 1, until);
        expectRefusal(s, unsigned);
        s.book.grants[0] = grantTo(keys[0], address(0), 2, until);
        expectRefusal(s, unsigned);
        s.book.grants[0] = grantTo(keys[0], delegate, 2, until);
        s.book.grants[0].grant.expiresAtMs += 1;
        expectRefusal(s, unsigned);
        s.book.grants[0] = grantTo(keys[0], delegate, 2, until - 1);
        expectRefusal(s, uncovered);
        s.book.grants[0] = grantTo(keys[1], delegate, 2, until);
        expectRefusal(s, uncovered);
        s.book.grants[0] = grantTo(keys[0], vm.addr(0x0dd), 2, until);
        expectRefusal(s, abi.encodeWithSelector(SpendsAreAuthorised.selector, 0, trader(0)));
        s.book.grants[0] = grantTo(keys[0], delegate, 2, until);
        entry.grant = 2;
        expectRefusal(s, abi.encodeWithSelector(GrantDoesNotCover.selector, 0, 1));
        entry.grant = 1;
        settle(s);
    }

    function test_a_contract_wallet_signs_by_erc_1271() public {
        TestWallet wallet = new TestWallet(vm.addr(0x1271));
        fund(address(wallet), 0, FUNDS);
        Scene memory s = scene(1);
        Row memory entry = s.book.rows[0];
        entry.order.owner = address(wallet);
        s.list.owners[0] = address(wallet);
        entry.signature = sign(0xbad, orderHash(entry.order));
        expectRefusal(
            s, abi.encodeWithSelector(SpendsAreAuthorised.selector, 0, address(wallet))
        );
        entry.signature = sign(0x1271, orderHash(entry.order));
        settle(s);
        assertEq(FUNDS - 100, base.balanceOf(SHARD, address(wallet), 0), "paid");
    }

    // Diffs.

    function test_refuses_changes_that_do_not_sum_to_zero() public {
        Scene memory s = emptyScene(2, 2);
        addOrder(s, 0, 0);
        addOrder(s, 1, 1);
        move(s, 3, 2, 1);
        finish(s);
        expectRefusal(s, abi.encodeWithSelector(AssetsAreConserved.selector, 2, int256(1)));
    }

    function test_refuses_a_debit_beyond_what_the_orders_pay() public {
        Scene memory s = emptyScene(2, 2);
        addOrder(s, 0, 0);
        addOrder(s, 1, 1);
        move(s, 2, 0, -1);
        move(s, 0, 0, 1);
        finish(s);
        // Trader 0 paid 100 of column 0, and its row says 101.
        bytes memory reason = abi.encodeWithSelector(
            DiffsMatchFills.selector, trader(0), 0, int256(-101), uint256(100)
        );
        expectRefusal(s, reason);
    }

    function test_refuses_a_debit_of_a_stranger_and_of_the_fees() public {
        settle(scene(4));
        Scene memory s = emptyScene(1, 0);
        move(s, 2, 0, -1);
        move(s, 0, 0, 1);
        finish(s);
        expectRefusal(
            s,
            abi.encodeWithSelector(DiffsMatchFills.selector, trader(0), 0, int256(-1), uint256(0))
        );
        s = emptyScene(1, 0);
        move(s, 1, 0, -1);
        move(s, 0, 0, 1);
        finish(s);
        expectRefusal(
            s,
            abi.encodeWithSelector(
                DiffsMatchFills.selector, feesOf(MARKET), 0, int256(-1), uint256(0)
            )
        );
    }

    function test_refuses_to_overdraw_a_user_or_the_pool() public {
        Scene memory s = emptyScene(1, 1);
        addOrder(s, 0, 0);
        BatchOrder memory order = s.book.rows[0].order;
        order.budget = FUNDS + 1;
        s.book.rows[0].paid = FUNDS + 1;
        s.book.rows[0].signature = sign(keys[0], orderHash(order));
        move(s, 2, 0, 100 - int256(uint256(FUNDS + 1)));
        move(s, 0, 0, int256(uint256(FUNDS + 1)) - 100);
        finish(s);
        expectRefusal(s, abi.encodeWithSelector(VaultsAreSolvent.selector, trader(0), 0));
        s = emptyScene(1, 0);
        int256 all = int256(uint256(FUNDS)) * 1000 + 1;
        move(s, 0, 5, -all);
        move(s, 2, 5, all);
        finish(s);
        expectRefusal(s, abi.encodeWithSelector(VaultsAreSolvent.selector, poolOf(MARKET), 5));
    }

    function test_refuses_a_pool_that_is_overstated() public {
        Scene memory s = scene(1);
        s.list.poolBefore[0] = uint256(FUNDS) * 1000 + 1;
        expectRefusal(
            s,
            abi.encodeWithSelector(
                PoolIsOverstated.selector, 0, uint256(FUNDS) * 1000 + 1, uint256(FUNDS) * 1000
            )
        );
        s.list.poolBefore[0] = uint256(FUNDS) * 1000;
        settle(s);
    }

    function test_refuses_owners_that_are_repeated_unsorted_or_reserved() public {
        Scene memory s = emptyScene(2, 0);
        finish(s);
        s.list.owners[1] = trader(0);
        expectRefusal(s, abi.encodeWithSelector(OwnersAreNotAscending.selector, 1));
        (s.list.owners[0], s.list.owners[1]) = (trader(1), trader(0));
        expectRefusal(s, abi.encodeWithSelector(OwnersAreNotAscending.selector, 1));
        s = emptyScene(1, 0);
        finish(s);
        s.list.owners[0] = poolOf(2);
        expectRefusal(s, abi.encodeWithSelector(OwnerIsReserved.selector, poolOf(2)));
    }

    function test_refuses_words_of_another_shape() public {
        Scene memory s = scene(1);
        s.list.changes = new uint256[](5);
        expectRefusal(s, abi.encodeWithSelector(WordsAreMalformed.selector, 5));
        s = scene(1);
        s.list.changes[4] |= 1 << 192;
        expectRefusal(s, abi.encodeWithSelector(WordsAreMalformed.selector, 0));
        s = scene(1);
        s.list.batches[0].prices = new uint256[](3);
        expectRefusal(s, abi.encodeWithSelector(WordsAreMalformed.selector, 3));
        s = scene(1);
        s.list.poolBefore = new uint256[](1);
        expectRefusal(s, abi.encodeWithSelector(WordsAreMalformed.selector, 1));
        s = scene(1);
        s.list.batches[0].prices[1] |= 1 << 255;
        expectRefusal(s, abi.encodeWithSelector(WordsAreMalformed.selector, 1));
    }

    function test_refuses_an_oracle_snapshot_of_another_shape() public {
        Scene memory s = scene(1);
        bytes memory reason = abi.encodeWithSelector(OracleIsMalformed.selector, 0);
        s.list.batches[0].oracle = bytes.concat(s.list.batches[0].oracle, hex"00");
        expectRefusal(s, reason);
        s.list.batches[0].oracle = hex"00000006";
        expectRefusal(s, reason);
        s.list.batches[0].oracle = oracle(START_MS);
        s.list.batches[0].oracle[3] = 0x05;
        expectRefusal(s, reason);
    }

    // The proof.

    function test_refuses_what_the_verifier_refuses_and_says_why() public {
        Circuit[] memory list = new Circuit[](2);
        list[0] = Circuit(new RefusingVerifier(), 1, uint8(ASSET_WORDS), 8, 10);
        list[1] = Circuit(new FailingVerifier(), 1, uint8(ASSET_WORDS), 8, 10);
        vm.prank(operator);
        registry.registerAgreement{value: 1 ether}(SHARD, operator, "other keys", list);
        vm.roll(block.number + 2 * EXIT_BLOCKS + EPOCH_BLOCKS);
        Scene memory s = scene(1);
        expectRefusal(s, abi.encodeWithSelector(LawsAreProven.selector, bytes("")));
        s.proof.circuit = 1;
        bytes memory reason = abi.encodeWithSelector(FailingVerifier.SumcheckFailed.selector);
        expectRefusal(s, abi.encodeWithSelector(LawsAreProven.selector, reason));
        (uint64 number,) = base.listChains(SHARD);
        assertEq(0, number, "nothing settled");
    }

    function test_refuses_a_commitment_outside_the_field() public {
        Scene memory s = scene(1);
        s.proof.dataCommitment = type(uint256).max;
        expectRefusal(
            s, abi.encodeWithSelector(CommitmentOutOfField.selector, type(uint256).max)
        );
    }

    // The pause.

    function test_a_pause_stops_settlements_and_nothing_else() public {
        Scene memory s = scene(1);
        vm.expectRevert(abi.encodeWithSelector(CallerIsNotGuardian.selector, address(this)));
        base.pauseSettlements();
        vm.prank(guardian);
        base.pauseSettlements();
        expectRefusal(s, abi.encodeWithSelector(SettlementsArePaused.selector));
        fund(trader(0), 0, 1);
        vm.prank(trader(0));
        base.requestExit(SHARD, trader(0));
        vm.roll(block.number + EXIT_BLOCKS);
        uint256[] memory assets = new uint256[](1);
        vm.prank(trader(0));
        base.completeExit(SHARD, trader(0), assets);
        assertEq((FUNDS + 1) * unitOf(0), tokens[0].balanceOf(trader(0)), "paid out");
        vm.expectRevert(abi.encodeWithSelector(CallerIsNotGuardian.selector, address(this)));
        base.resumeSettlements();
        vm.prank(guardian);
        base.resumeSettlements();
        s = emptyScene(0, 0);
        finish(s);
        settle(s);
    }

    /// A debit of any size between nothing and what is paid is covered; none beyond is.
    function testFuzz_a_debit_is_covered_by_payments(uint256 x, uint256 y) public {
        uint64 paid = uint64(bound(x, 1, 100));
        int256 debit = int256(bound(y, 1, 120));
        Scene memory s = emptyScene(1, 1);
        addOrder(s, 0, 0);
        s.book.rows[0].paid = paid;
        s.changes = new int256[](s.changes.length);
        move(s, 2, 0, -debit);
        move(s, 0, 0, debit);
        finish(s);
        if (uint256(debit) <= paid) {
            settle(s);
            return;
        }
        expectRefusal(
            s,
            abi.encodeWithSelector(
                DiffsMatchFills.selector, trader(0), 0, -debit, uint256(paid)
            )
        );
    }
}
