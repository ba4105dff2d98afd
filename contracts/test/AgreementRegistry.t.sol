// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import "../src/Errors.sol";
import {ILawVerifier} from "../src/ILawVerifier.sol";
import {Circuit} from "../src/Lists.sol";
import {World} from "./World.sol";

/// Goal: agreements, assets, markets and parameters are their operator's to register, once, and
/// hold from a boundary of base epochs on. Method: each entry, its refusals, and time passing.
contract AgreementRegistryTest is World {
    address internal constant NEXT = address(0x4e47);

    function register(uint32 shard, address by) private returns (uint64) {
        vm.deal(by, 1 ether);
        vm.prank(by);
        return registry.registerAgreement{value: 1 ether}(shard, by, "keys", circuits());
    }

    function test_an_agreement_holds_after_the_present_base_epoch() public {
        register(9, NEXT);
        vm.expectRevert(abi.encodeWithSelector(AgreementIsNotActive.selector, uint32(9)));
        registry.activeAgreement(9);
        vm.roll(block.number + EPOCH_BLOCKS - 1);
        vm.expectRevert(abi.encodeWithSelector(AgreementIsNotActive.selector, uint32(9)));
        registry.activeAgreement(9);
        vm.roll(block.number + 1);
        assertEq(2, registry.activeAgreement(9), "active");
        assertEq(2 ether, feeRecipient.balance, "fees went to their recipient");
    }

    function test_an_upgrade_waits_for_twice_an_exit_and_then_for_a_boundary() public {
        vm.deal(operator, 1 ether);
        vm.prank(operator);
        registry.registerAgreement{value: 1 ether}(SHARD, NEXT, "keys", circuits());
        vm.roll(block.number + 2 * EXIT_BLOCKS);
        assertEq(1, registry.activeAgreement(SHARD), "the old one still holds");
        assertTrue(registry.operatorOf(SHARD) == operator, "old operator");
        vm.roll(block.number + EPOCH_BLOCKS);
        assertEq(2, registry.activeAgreement(SHARD), "the new one holds");
        assertTrue(registry.operatorOf(SHARD) == NEXT, "new operator");
        Scene memory s = scene(0);
        expectRefusal(s, abi.encodeWithSelector(CallerIsNotOperator.selector, SHARD, operator));
        register(SHARD, NEXT);
        assertEq(2, registry.activeAgreement(SHARD), "the third waits");
    }

    function test_refuses_agreements_by_strangers_without_fee_or_laws() public {
        vm.deal(address(this), 2 ether);
        vm.expectRevert(abi.encodeWithSelector(CallerIsNotOperator.selector, SHARD, address(this)));
        registry.registerAgreement{value: 1 ether}(SHARD, address(this), "k", circuits());
        vm.expectRevert(abi.encodeWithSelector(ShardIsZero.selector));
        registry.registerAgreement{value: 1 ether}(0, address(this), "k", circuits());
        vm.expectRevert(abi.encodeWithSelector(OperatorIsZero.selector));
        registry.registerAgreement{value: 1 ether}(9, address(0), "k", circuits());
        vm.expectRevert(abi.encodeWithSelector(FeeIsNotExact.selector, 1 ether, 1));
        registry.registerAgreement{value: 1}(9, address(this), "k", circuits());
        Circuit[] memory list = new Circuit[](0);
        vm.expectRevert(abi.encodeWithSelector(CircuitIsMalformed.selector, 0));
        registry.registerAgreement{value: 1 ether}(9, address(this), "k", list);
        list = circuits();
        list[1].verifier = ILawVerifier(address(0x123));
        vm.expectRevert(abi.encodeWithSelector(VerifierHasNoCode.selector, address(0x123)));
        registry.registerAgreement{value: 1 ether}(9, address(this), "k", list);
        list = circuits();
        list[1].vaults = 2;
        vm.expectRevert(abi.encodeWithSelector(CircuitIsMalformed.selector, 1));
        registry.registerAgreement{value: 1 ether}(9, address(this), "k", list);
    }

    function test_only_the_operator_lists_assets_markets_and_parameters() public {
        bytes memory reason =
            abi.encodeWithSelector(CallerIsNotOperator.selector, SHARD, address(this));
        vm.expectRevert(reason);
        registry.listAsset(SHARD, address(tokens[0]), 6);
        vm.expectRevert(reason);
        registry.registerMarket(SHARD, 2, new uint256[](2), 0, 0);
        vm.expectRevert(reason);
        registry.registerParameters(MARKET, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(MarketOfAnotherShard.selector, uint32(5), uint32(0)));
        registry.registerParameters(5, 1, 0);
    }

    function test_refuses_unusable_tokens_and_malformed_markets() public {
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(TokenIsUnusable.selector, address(0x77)));
        registry.listAsset(SHARD, address(0x77), 6);
        vm.expectRevert(abi.encodeWithSelector(TokenIsUnusable.selector, address(tokens[0])));
        registry.listAsset(SHARD, address(tokens[0]), 7);
        uint256[] memory columns = new uint256[](2);
        vm.expectRevert(abi.encodeWithSelector(MarketIsMalformed.selector, uint32(2)));
        registry.registerMarket(SHARD, 2, columns, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(MarketIsMalformed.selector, uint32(2)));
        registry.registerMarket(SHARD, 2, new uint256[](1), 0, 0);
        columns[1] = WIDTH;
        vm.expectRevert(abi.encodeWithSelector(AssetUnknown.selector, WIDTH));
        registry.registerMarket(SHARD, 2, columns, 0, 0);
        columns[1] = 1;
        vm.expectRevert(abi.encodeWithSelector(MarketIsRegistered.selector, MARKET));
        registry.registerMarket(SHARD, MARKET, columns, 0, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ParametersAreRegistered.selector, MARKET, PARAMETERS)
        );
        registry.registerParameters(MARKET, PARAMETERS, 0);
    }

    function test_parameters_hold_at_once_until_a_market_trades_and_later_after_notice() public {
        vm.startPrank(operator);
        uint256[] memory columns = new uint256[](2);
        columns[1] = 3;
        registry.registerMarket(SHARD, 2, columns, 0, 0);
        uint64 next = registry.baseEpoch() + 1;
        registry.registerParameters(2, 7, 0);
        registry.registerParameters(2, 8, 0);
        assertEq(next + 1, registry.parametersFrom(2, 7), "the first");
        assertEq(next + 1, registry.parametersFrom(2, 8), "beside the first");
        assertEq(0, registry.parametersFrom(2, 9), "unknown");
        vm.roll(registry.genesisBlock() + uint256(next) * EPOCH_BLOCKS);
        registry.registerParameters(2, 9, 0);
        assertEq(next + 2 * EXIT_BLOCKS / EPOCH_BLOCKS + 2, registry.parametersFrom(2, 9), "late");
        assertTrue(registry.areActive(2, 8) && !registry.areActive(2, 9), "only the early ones");
    }

    function test_a_market_belongs_to_one_shard_for_good() public {
        register(9, NEXT);
        vm.prank(NEXT);
        vm.expectRevert(abi.encodeWithSelector(MarketIsRegistered.selector, MARKET));
        registry.registerMarket(9, MARKET, new uint256[](2), 0, 0);
    }

    function test_a_market_goes_on_from_where_it_was_elsewhere() public {
        vm.startPrank(operator);
        uint256[] memory columns = new uint256[](2);
        columns[1] = 3;
        registry.registerMarket(SHARD, 2, columns, 41, 300);
        registry.registerParameters(2, PARAMETERS, 0);
        vm.stopPrank();
        vm.roll(block.number + EPOCH_BLOCKS);
        Scene memory s = emptyScene(0, 0);
        s.list.marketId = 2;
        s.list.changes = new uint256[](2 * ASSET_WORDS);
        s.list.epochNumber = 42;
        s.list.batches[0].prices = new uint256[](ASSET_WORDS);
        s.list.batches[0].oracle = abi.encodePacked(uint32(2), new bytes(16), uint64(1), uint32(0));
        settle(s);
        (uint64 epochNumber, uint64 batchNumber,) = base.marketProgress(2);
        assertEq(42, epochNumber, "epoch");
        assertEq(301, batchNumber, "batch");
    }
}
