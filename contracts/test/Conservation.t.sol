// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Withdrawal} from "../src/SignedTypes.sol";
import {World} from "./World.sol";

/// What anyone may do to a base layer, at random: the invariant runner calls it.
contract Actors is World {
    uint256 internal constant CROWD = 6;

    /// Lists that settled.
    uint256 public settled;
    uint64 private _withdrawals;

    constructor() {
        setUp();
    }

    function deposits(uint256 who, uint256 asset, uint64 units) external {
        fund(trader(who % CROWD), asset % WIDTH, uint64(bound(units, 1, 1e9)));
    }

    /// Settles an epoch in which some traders of the crowd trade and one withdraws.
    function settles(uint256 mask, uint256 units) external {
        Scene memory s = emptyScene(CROWD, CROWD);
        for (uint256 k = 0; k < CROWD; k++) {
            addOrder(s, k, k);
            bool trades = (mask >> k) & 1 == 1 && mayTrade(k);
            if (!trades) silence(s, k);
        }
        finish(s);
        address owner = trader(mask % CROWD);
        uint256 balance = base.balanceOf(SHARD, owner, 2);
        if (!isUnlocked(owner) && balance > 0) {
            uint64 some = uint64(bound(units, 1, balance));
            _withdrawals++;
            withdraw(
                s,
                Withdrawal(owner, owner, SHARD, 2, some, _withdrawals, START_MS * 2),
                keys[mask % CROWD]
            );
        }
        settle(s);
        settled++;
    }

    function claims(uint256 who, uint256 asset) external {
        address token = address(tokens[asset % WIDTH]);
        address owner = trader(who % CROWD);
        if (base.pending(token, owner) > 0) base.claim(token, owner);
    }

    function asksToLeave(uint256 who) external {
        address owner = trader(who % CROWD);
        if (base.exitDueBlock(SHARD, owner) != 0) return;
        vm.prank(owner);
        base.requestExit(SHARD, owner);
    }

    function stays(uint256 who) external {
        address owner = trader(who % CROWD);
        if (base.exitDueBlock(SHARD, owner) == 0) return;
        vm.prank(owner);
        base.cancelExit(SHARD, owner);
    }

    function leaves(uint256 who, uint256 asset) external {
        address owner = trader(who % CROWD);
        if (!isUnlocked(owner)) return;
        uint256[] memory assets = new uint256[](2);
        (assets[0], assets[1]) = (asset % WIDTH, (asset + 1) % WIDTH);
        vm.prank(owner);
        base.completeExit(SHARD, owner, assets);
    }

    function waits(uint256 blocks) external {
        vm.roll(block.number + bound(blocks, 1, 2 * EXIT_BLOCKS));
        vm.warp(block.timestamp + 12);
    }

    // What must hold.

    /// Tokens held less all vaults and all that is pending, token units.
    function surplusOf(uint256 asset) external view returns (int256) {
        uint256 units = base.balanceOf(SHARD, poolOf(MARKET), asset)
            + base.balanceOf(SHARD, feesOf(MARKET), asset);
        uint256 waiting = 0;
        for (uint256 k = 0; k < TRADERS; k++) {
            units += base.balanceOf(SHARD, trader(k), asset);
            waiting += base.pending(address(tokens[asset]), trader(k));
        }
        uint256 held = tokens[asset].balanceOf(address(base));
        return int256(held) - int256(units * unitOf(asset) + waiting);
    }

    function listNumber() external view returns (uint64 number) {
        (number,) = base.listChains(SHARD);
    }

    function epochNumber() external view returns (uint64 number) {
        (number,,) = base.marketProgress(MARKET);
    }

    function mayTrade(uint256 k) private view returns (bool) {
        return !isUnlocked(trader(k)) && base.balanceOf(SHARD, trader(k), k % 2) >= 100;
    }

    function isUnlocked(address owner) private view returns (bool) {
        uint64 due = base.exitDueBlock(SHARD, owner);
        return due != 0 && block.number >= due;
    }

    /// Takes the effect of row k back: it was not filled.
    function silence(Scene memory s, uint256 k) private pure {
        uint256 pay = k % 2;
        (s.book.rows[k].paid, s.book.rows[k].received) = (0, 0);
        move(s, k + 2, pay, 100);
        move(s, k + 2, 1 - pay, -99);
        move(s, 1, 1 - pay, -1);
        move(s, 0, pay, -100);
        move(s, 0, 1 - pay, 100);
    }
}

/// Goal: whatever is done in whatever order, tokens are conserved exactly and lists follow one
/// another without a gap. Method: forge calls the actors at random, and a call that reverts fails.
/// No vault can be negative unnoticed: balances are unsigned, so the sum would not match.
contract ConservationTest is World {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Actors internal actors;

    function setUp() public override {
        actors = new Actors();
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(actors);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        bytes4[] memory selectors = new bytes4[](7);
        selectors[0] = Actors.deposits.selector;
        selectors[1] = Actors.settles.selector;
        selectors[2] = Actors.claims.selector;
        selectors[3] = Actors.asksToLeave.selector;
        selectors[4] = Actors.stays.selector;
        selectors[5] = Actors.leaves.selector;
        selectors[6] = Actors.waits.selector;
        list[0] = FuzzSelector(address(actors), selectors);
    }

    function invariant_tokens_are_vaults_and_pending_withdrawals() public view {
        for (uint256 asset = 0; asset < WIDTH; asset++) {
            assertTrue(actors.surplusOf(asset) == 0, "tokens are conserved");
        }
    }

    function invariant_lists_and_epochs_are_contiguous() public view {
        assertEq(actors.settled(), actors.listNumber(), "list number");
        assertEq(actors.settled(), actors.epochNumber(), "epoch number");
    }
}
