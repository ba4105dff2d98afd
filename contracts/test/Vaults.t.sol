// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import "../src/Errors.sol";
import {FaucetToken} from "../demo/FaucetToken.sol";
import {SignedWithdrawal} from "../src/Lists.sol";
import {Withdrawal} from "../src/SignedTypes.sol";
import {FeeToken, ReenteringToken} from "./TestTokens.sol";
import {World} from "./World.sol";

/// Goal: tokens come in and go out exactly, and only as their owners wish. Method: deposits,
/// withdrawals, claims and exits, each with its refusals, and tokens that misbehave.
contract VaultsTest is World {
    function test_a_deposit_credits_ledger_units_and_takes_token_units() public {
        uint256 before = tokens[2].balanceOf(address(base));
        fund(trader(0), 2, 5);
        assertEq(5, base.balanceOf(SHARD, trader(0), 2), "ledger units");
        assertEq(5e12, tokens[2].balanceOf(address(base)) - before, "token units");
    }

    function test_refuses_deposits_of_nothing_too_much_or_to_nobody() public {
        vm.expectRevert(abi.encodeWithSelector(AmountOutOfRange.selector, 0));
        base.deposit(SHARD, trader(0), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(AssetUnknown.selector, WIDTH));
        base.deposit(SHARD, trader(0), WIDTH, 1);
        vm.expectRevert(abi.encodeWithSelector(OwnerIsReserved.selector, address(0)));
        base.deposit(SHARD, address(0), 0, 1);
        address custody = base.venueVault(1, 0);
        vm.expectRevert(abi.encodeWithSelector(OwnerIsReserved.selector, custody));
        base.deposit(SHARD, custody, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(AmountOutOfRange.selector, FUNDS + (1 << 63) - 1));
        base.deposit(SHARD, trader(0), 0, (1 << 63) - 1);
    }

    function test_refuses_a_token_that_takes_a_fee() public {
        FeeToken token = new FeeToken();
        vm.prank(operator);
        uint256 assetId = registry.listAsset(SHARD, address(token), 6);
        token.drip(address(this), 1e18);
        token.approve(address(base), 1e18);
        vm.expectRevert(
            abi.encodeWithSelector(TransferIsNotExact.selector, address(token), 1e12, 1e12 - 1)
        );
        base.deposit(SHARD, trader(0), assetId, 1);
    }

    function test_a_token_that_calls_back_gets_nowhere() public {
        ReenteringToken token = new ReenteringToken();
        vm.prank(operator);
        uint256 assetId = registry.listAsset(SHARD, address(token), 6);
        token.drip(address(this), 1e18);
        token.approve(address(base), 1e18);
        token.arm(base, abi.encodeCall(base.deposit, (SHARD, trader(0), assetId, 1)));
        base.deposit(SHARD, address(this), assetId, 100);
        assertRefused(token);
        Scene memory s = scene(0);
        token.arm(base, abi.encodeCall(base.settle, (s.list, packed(s.book), s.proof)));
        base.deposit(SHARD, address(this), assetId, 1);
        assertRefused(token);
        base.requestExit(SHARD, address(this));
        vm.roll(block.number + EXIT_BLOCKS);
        uint256[] memory assets = new uint256[](1);
        assets[0] = assetId;
        token.arm(base, abi.encodeCall(base.claim, (address(token), address(this))));
        base.completeExit(SHARD, address(this), assets);
        assertRefused(token);
        assertEq(1e18, token.balanceOf(address(this)), "paid once");
        assertEq(0, base.balanceOf(SHARD, address(this), assetId), "nothing left");
    }

    function assertRefused(ReenteringToken token) private view {
        bytes4 expected = bytes4(keccak256("ReentrancyGuardReentrantCall()"));
        assertTrue(bytes4(token.refusal()) == expected, "the call back was refused");
    }

    function test_a_signed_withdrawal_is_debited_in_an_epoch_and_claimed() public {
        address to = address(0x70);
        Scene memory s = scene(1);
        withdraw(s, Withdrawal(trader(3), to, SHARD, 1, 40, 9, START_MS * 2), keys[3]);
        settle(s);
        assertEq(FUNDS - 40, base.balanceOf(SHARD, trader(3), 1), "debited");
        assertEq(40 * unitOf(1), base.pending(address(tokens[1]), to), "pending");
        base.claim(address(tokens[1]), to);
        assertEq(40 * unitOf(1), tokens[1].balanceOf(to), "paid");
        vm.expectRevert(
            abi.encodeWithSelector(NothingIsPending.selector, address(tokens[1]), to)
        );
        base.claim(address(tokens[1]), to);
    }

    function test_refuses_withdrawals_that_are_forged_replayed_late_or_too_large() public {
        address to = address(0x70);
        Withdrawal memory wish = Withdrawal(trader(3), to, SHARD, 1, 40, 9, START_MS * 2);
        Scene memory s = scene(0);
        withdraw(s, wish, keys[2]);
        expectRefusal(s, abi.encodeWithSelector(SpendsAreAuthorised.selector, 0, trader(3)));
        s = scene(0);
        withdraw(s, wish, keys[3]);
        s.list.withdrawals[0].withdrawal.to = address(this);
        expectRefusal(s, abi.encodeWithSelector(SpendsAreAuthorised.selector, 0, trader(3)));
        s = scene(0);
        withdraw(s, wish, keys[3]);
        withdraw(s, wish, keys[3]);
        expectRefusal(s, abi.encodeWithSelector(OrderNonceReplayed.selector, trader(3), uint64(9)));
        s = scene(0);
        wish.expiresAtMs = s.list.batches[0].closedAtMs;
        withdraw(s, wish, keys[3]);
        expectRefusal(s, abi.encodeWithSelector(WithdrawalExpired.selector, 0, wish.expiresAtMs));
        (wish.expiresAtMs, wish.units) = (START_MS * 2, FUNDS + 1);
        s = scene(0);
        withdraw(s, wish, keys[3]);
        expectRefusal(s, abi.encodeWithSelector(VaultsAreSolvent.selector, trader(3), 1));
        (wish.units, wish.shard) = (1, 8);
        s = scene(0);
        withdraw(s, wish, keys[3]);
        expectRefusal(s, abi.encodeWithSelector(ShardOfAnotherDomain.selector, 0, uint32(8)));
        (wish.units, wish.shard) = (0, SHARD);
        s = scene(0);
        withdraw(s, wish, keys[3]);
        expectRefusal(s, abi.encodeWithSelector(AmountOutOfRange.selector, 0));
    }

    function test_the_operator_withdraws_for_the_vaults_of_the_venue() public {
        Scene memory s = scene(0);
        Withdrawal memory wish =
            Withdrawal(poolOf(MARKET), operator, SHARD, 0, 7, 1, START_MS * 2);
        withdraw(s, wish, keys[0]);
        expectRefusal(s, abi.encodeWithSelector(SpendsAreAuthorised.selector, 0, poolOf(MARKET)));
        s = scene(0);
        withdraw(s, wish, 0xbeef);
        settle(s);
        assertEq(7 * unitOf(0), base.pending(address(tokens[0]), operator), "pending");
    }

    // Exits.

    function test_an_exit_unlocks_the_last_settled_balance_after_its_deadline() public {
        settle(scene(2));
        address owner = trader(0);
        uint256[] memory assets = new uint256[](2);
        assets[1] = 1;
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(ExitIsNotRequested.selector, SHARD, owner));
        base.completeExit(SHARD, owner, assets);
        vm.expectRevert(
            abi.encodeWithSelector(CallerIsNotOwner.selector, owner, address(this))
        );
        base.requestExit(SHARD, owner);
        vm.startPrank(owner);
        base.requestExit(SHARD, owner);
        vm.expectRevert(abi.encodeWithSelector(ExitIsRequested.selector, SHARD, owner));
        base.requestExit(SHARD, owner);
        uint64 due = base.exitDueBlock(SHARD, owner);
        assertEq(block.number + EXIT_BLOCKS, due, "deadline");
        vm.expectRevert(abi.encodeWithSelector(ExitIsNotDue.selector, due));
        base.completeExit(SHARD, owner, assets);
        vm.stopPrank();
        settle(scene(1));
        assertEq(FUNDS - 200, base.balanceOf(SHARD, owner, 0), "pending trades settle in time");
        vm.roll(due);
        Scene memory late = scene(1);
        expectRefusal(late, abi.encodeWithSelector(VaultIsUnlocked.selector, SHARD, owner));
        vm.prank(owner);
        base.completeExit(SHARD, owner, assets);
        assertEq((FUNDS - 200) * unitOf(0), tokens[0].balanceOf(owner), "paid");
        assertEq((FUNDS + 198) * unitOf(1), tokens[1].balanceOf(owner), "paid");
        assertEq(0, base.balanceOf(SHARD, owner, 0), "empty");
    }

    function test_an_unlocked_vault_is_debited_by_no_withdrawal_and_still_credited() public {
        vm.prank(trader(0));
        base.requestExit(SHARD, trader(0));
        vm.roll(block.number + EXIT_BLOCKS);
        Scene memory s = scene(0);
        withdraw(s, Withdrawal(trader(0), address(1), SHARD, 0, 1, 1, START_MS * 2), keys[0]);
        expectRefusal(s, abi.encodeWithSelector(VaultIsUnlocked.selector, SHARD, trader(0)));
        s = emptyScene(1, 0);
        move(s, 2, 5, 3);
        move(s, 0, 5, -3);
        finish(s);
        settle(s);
        assertEq(3, base.balanceOf(SHARD, trader(0), 5), "credited");
        fund(trader(0), 0, 1);
        vm.prank(trader(0));
        base.cancelExit(SHARD, trader(0));
        settle(scene(1));
        assertEq(FUNDS + 1 - 100, base.balanceOf(SHARD, trader(0), 0), "open again");
    }

    function test_an_exit_of_assets_beyond_the_first_slot_is_honoured_too() public {
        fund(trader(0), 5, 1000);
        Scene memory s = emptyScene(1, 1);
        addOrder(s, 0, 0);
        s.book.rows[0].order.pay = 5;
        s.book.rows[0].signature = sign(keys[0], orderHash(s.book.rows[0].order));
        s.changes = new int256[](s.changes.length);
        move(s, 2, 5, -100);
        move(s, 0, 5, 100);
        finish(s);
        vm.prank(trader(0));
        base.requestExit(SHARD, trader(0));
        vm.roll(block.number + EXIT_BLOCKS);
        expectRefusal(s, abi.encodeWithSelector(VaultIsUnlocked.selector, SHARD, trader(0)));
    }

    function test_the_operator_exits_with_the_pool_and_nobody_else_does() public {
        address pool = poolOf(MARKET);
        vm.expectRevert(abi.encodeWithSelector(CallerIsNotOwner.selector, pool, address(this)));
        base.requestExit(SHARD, pool);
        vm.startPrank(operator);
        base.requestExit(SHARD, pool);
        vm.roll(block.number + EXIT_BLOCKS);
        base.completeExit(SHARD, pool, new uint256[](1));
        assertEq(uint256(FUNDS) * 1000 * unitOf(0), tokens[0].balanceOf(operator), "paid");
    }

    function test_the_faucet_stays_on_embedded_chains() public {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(FaucetToken.NotOnThisChain.selector, 1));
        new FaucetToken("Test", "TEST", 6);
    }

    function testFuzz_a_deposit_leaves_again_by_an_exit(uint64 units, uint8 asset) public {
        uint256 assetId = bound(asset, 0, WIDTH - 1);
        uint64 some = uint64(bound(units, 1, 1 << 62));
        fund(address(this), assetId, some);
        base.requestExit(SHARD, address(this));
        vm.roll(block.number + EXIT_BLOCKS);
        uint256[] memory assets = new uint256[](1);
        assets[0] = assetId;
        base.completeExit(SHARD, address(this), assets);
        assertEq(some * unitOf(assetId), tokens[assetId].balanceOf(address(this)), "paid out");
    }
}
