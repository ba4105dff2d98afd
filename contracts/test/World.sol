// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FaucetToken} from "../demo/FaucetToken.sol";
import {AgreementRegistry} from "../src/AgreementRegistry.sol";
import {BaseLayer} from "../src/BaseLayer.sol";
import {ILawVerifier} from "../src/ILawVerifier.sol";
import {
    Batch,
    Circuit,
    DiffList,
    LawProof,
    OrderBook,
    SignedGrant,
    SignedWithdrawal
} from "../src/Lists.sol";
import {BatchOrder, SessionGrant, SignedTypes, Withdrawal} from "../src/SignedTypes.sol";
import {Test} from "./Test.sol";
import {AcceptingVerifier} from "./TestVerifiers.sol";

/// A venue with a market of six assets, traders with balances, and lists that settle.
abstract contract World is Test {
    /// A row of the order table before it is packed.
    struct Row {
        BatchOrder order;
        uint16 vault;
        uint16 grant;
        bool isVoid;
        uint64 paid;
        uint64 received;
        bytes signature;
    }

    struct Book {
        Row[] rows;
        SignedGrant[] grants;
    }

    /// A list in the making. `changes` is row-major by vault row and column.
    struct Scene {
        DiffList list;
        Book book;
        LawProof proof;
        int256[] changes;
    }

    uint32 internal constant SHARD = 7;
    uint32 internal constant MARKET = 1;
    uint256 internal constant WIDTH = 6;
    uint256 internal constant ASSET_WORDS = 2;
    uint256 internal constant PARAMETERS = 0xabcdef;
    uint64 internal constant FUNDS = 1_000_000;
    uint64 internal constant EXIT_BLOCKS = 20;
    uint64 internal constant EPOCH_BLOCKS = 10;
    uint256 internal constant TRADERS = 64;
    uint64 internal constant START_MS = 1_800_000_000_000;

    AgreementRegistry internal registry;
    BaseLayer internal base;
    FaucetToken[] internal tokens;
    ILawVerifier internal verifier;
    address internal operator = vm.addr(0xbeef);
    address internal guardian = vm.addr(0x9a);
    address payable internal feeRecipient = payable(address(0xfee));
    /// Keys of traders, ascending by their addresses, as vault rows are.
    uint256[] internal keys;
    address[] private _traders;
    uint64 internal nextNonce = 1000;

    function setUp() public virtual {
        vm.chainId(31337);
        vm.warp(START_MS / 1000);
        vm.roll(100);
        registry = AgreementRegistry(
            deploy("AgreementRegistry", abi.encode(EPOCH_BLOCKS, EXIT_BLOCKS, 1 ether, feeRecipient))
        );
        base = BaseLayer(deploy("BaseLayer", abi.encode(registry, guardian)));
        verifier = new AcceptingVerifier();
        vm.deal(operator, 100 ether);
        vm.startPrank(operator);
        registry.registerAgreement{value: 1 ether}(SHARD, operator, bytes32("keys"), circuits());
        uint256[] memory columns = new uint256[](WIDTH);
        for (uint256 k = 0; k < WIDTH; k++) {
            tokens.push(new FaucetToken("Test", "TEST", k == 0 ? 6 : 18));
            registry.listAsset(SHARD, address(tokens[k]), 6);
            columns[k] = k;
        }
        registry.registerMarket(SHARD, MARKET, columns, 0, 0);
        registry.registerParameters(MARKET, PARAMETERS, keccak256("parameters"));
        vm.stopPrank();
        vm.roll(100 + EPOCH_BLOCKS);
        addTraders();
        for (uint256 k = 0; k < WIDTH; k++) {
            fund(poolOf(MARKET), k, FUNDS * 1000);
        }
    }

    /// Deploys a committed artifact, and fails as its constructor does.
    function deploy(string memory name, bytes memory arguments) internal returns (address made) {
        string memory path = string.concat("contracts/generated/", name, ".json");
        bytes memory code = bytes.concat(vm.getCode(path), arguments);
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
            if iszero(made) {
                returndatacopy(code, 0, returndatasize())
                revert(code, returndatasize())
            }
        }
    }

    function circuits() internal view returns (Circuit[] memory list) {
        list = new Circuit[](2);
        list[0] = Circuit(verifier, 8, uint8(ASSET_WORDS), 64, 66);
        list[1] = Circuit(verifier, 1, uint8(ASSET_WORDS), 2, 4);
    }

    function addTraders() internal {
        for (uint256 k = 0; k < TRADERS; k++) {
            uint256 key = 1 + uint256(keccak256(abi.encode("trader", k))) % 2 ** 250;
            uint256 place = keys.length;
            keys.push(key);
            while (place > 0 && vm.addr(keys[place - 1]) > vm.addr(key)) {
                keys[place] = keys[place - 1];
                place--;
            }
            keys[place] = key;
        }
        for (uint256 k = 0; k < TRADERS; k++) {
            _traders.push(vm.addr(keys[k]));
            fund(trader(k), 0, FUNDS);
            fund(trader(k), 1, FUNDS);
        }
    }

    function trader(uint256 k) internal view returns (address) {
        return _traders[k];
    }

    function poolOf(uint32 marketId) internal view returns (address) {
        return base.venueVault(2, marketId);
    }

    function feesOf(uint32 marketId) internal view returns (address) {
        return base.venueVault(3, marketId);
    }

    function unitOf(uint256 asset) internal view returns (uint256) {
        return registry.assetOf(SHARD, asset).unit;
    }

    /// Deposits ledger units out of thin air.
    function fund(address owner, uint256 asset, uint64 units) internal {
        uint256 tokenUnits = units * unitOf(asset);
        tokens[asset].drip(address(this), tokenUnits);
        tokens[asset].approve(address(base), tokenUnits);
        base.deposit(SHARD, owner, asset, units);
    }

    // Scenes.

    /// `count` traders pay 100 each, of assets 0 and 1 in turn, for 99 of the other; the fee vault
    /// gains one unit of each order's product.
    function scene(uint256 count) internal returns (Scene memory s) {
        s = emptyScene(count, count);
        for (uint256 k = 0; k < count; k++) {
            addOrder(s, k, k);
        }
        finish(s);
    }

    /// A list without orders for the first `owners` traders.
    function emptyScene(uint256 owners, uint256 rows) internal view returns (Scene memory s) {
        s.list.shard = SHARD;
        s.list.marketId = MARKET;
        (uint64 number, bytes32 listHash) = base.listChains(SHARD);
        (s.list.number, s.list.previousListHash) = (number + 1, listHash);
        (uint64 epochNumber,, uint64 closedAtMs) = base.marketProgress(MARKET);
        s.list.epochNumber = epochNumber + 1;
        s.list.batches = new Batch[](1);
        s.list.batches[0] = batch(uint16(rows), closedAtMs < START_MS ? START_MS : closedAtMs + 1);
        s.list.poolBefore = new uint256[](ASSET_WORDS);
        s.list.owners = new address[](owners);
        for (uint256 k = 0; k < owners; k++) {
            s.list.owners[k] = trader(k);
        }
        s.changes = new int256[]((owners + 2) * WIDTH);
        s.book.rows = new Row[](rows);
        s.proof = LawProof(0, 12345, hex"c0de");
    }

    function batch(uint16 rows, uint64 closedAtMs) internal pure returns (Batch memory b) {
        b.closedAtMs = closedAtMs;
        b.orderCount = rows;
        b.parameters = PARAMETERS;
        b.oracle = oracle(closedAtMs - 10);
        b.prices = new uint256[](ASSET_WORDS);
        for (uint256 k = 0; k < WIDTH; k++) {
            b.prices[k / 3] |= (10 ** 12 + k) << (64 * (k % 3));
        }
    }

    function oracle(uint64 observedAtMs) internal pure returns (bytes memory encoded) {
        encoded = abi.encodePacked(uint32(WIDTH));
        for (uint256 k = 0; k < WIDTH; k++) {
            encoded = bytes.concat(encoded, abi.encodePacked(uint64(10 ** 12 - k)));
        }
        return bytes.concat(encoded, abi.encodePacked(observedAtMs, uint32(4), "test"));
    }

    /// Row `row`: trader `k` pays 100 of one asset for 99 of the other.
    function addOrder(Scene memory s, uint256 row, uint256 k) internal {
        uint16 pay = uint16(k % 2);
        BatchOrder memory order = BatchOrder(
            trader(k), MARKET, pay, 1 - pay, 100, 9, 10, 0, nextNonce++, START_MS + 86_400_000
        );
        Row memory entry;
        entry.order = order;
        entry.vault = uint16(k + 2);
        (entry.paid, entry.received) = (100, 99);
        entry.signature = sign(keys[k], orderHash(order));
        s.book.rows[row] = entry;
        move(s, k + 2, pay, -100);
        move(s, k + 2, 1 - pay, 99);
        move(s, 1, 1 - pay, 1);
        move(s, 0, pay, 100);
        move(s, 0, 1 - pay, -100);
    }

    function move(Scene memory s, uint256 row, uint256 column, int256 change) internal pure {
        s.changes[row * WIDTH + column] += change;
    }

    /// Packs the changes into words.
    function finish(Scene memory s) internal pure {
        uint256 rows = s.changes.length / WIDTH;
        s.list.changes = new uint256[](rows * ASSET_WORDS);
        for (uint256 k = 0; k < s.changes.length; k++) {
            uint256 word = (k / WIDTH) * ASSET_WORDS + (k % WIDTH) / 3;
            s.list.changes[word] |= uint256(uint64(int64(s.changes[k]))) << (64 * (k % WIDTH % 3));
        }
    }

    /// The rows as the contract takes them, written field after field.
    function packed(Book memory book) internal pure returns (OrderBook memory) {
        bytes memory rows;
        for (uint256 k = 0; k < book.rows.length; k++) {
            rows = bytes.concat(rows, packedRow(book.rows[k]));
        }
        return OrderBook(book.rows.length, rows, book.grants);
    }

    function packedRow(Row memory entry) internal pure returns (bytes memory) {
        BatchOrder memory order = entry.order;
        bytes memory terms = abi.encodePacked(
            order.budget, order.limitNumerator, order.limitDenominator, order.minFillPpm
        );
        terms = abi.encodePacked(terms, uint8(order.pay), order.product);
        bytes memory outcome = abi.encodePacked(
            entry.paid, entry.received, entry.vault, entry.isVoid, order.orderNonce, order.marketId
        );
        bytes memory authority = abi.encodePacked(
            order.owner, order.expiresAtMs, entry.grant, uint16(entry.signature.length)
        );
        return bytes.concat(terms, outcome, authority, entry.signature);
    }

    function settle(Scene memory s) internal {
        OrderBook memory book = packed(s.book);
        vm.prank(operator);
        base.settle(s.list, book, s.proof);
    }

    function expectRefusal(Scene memory s, bytes memory reason) internal {
        OrderBook memory book = packed(s.book);
        vm.prank(operator);
        vm.expectRevert(reason);
        base.settle(s.list, book, s.proof);
    }

    // Signing.

    function sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return signDigest(key, digestOf(structHash));
    }

    function signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", base.domainSeparator(), structHash));
    }

    function orderHash(BatchOrder memory order) internal pure returns (bytes32) {
        return keccak256(abi.encode(SignedTypes.BATCH_ORDER_TYPEHASH, order));
    }

    function withdraw(Scene memory s, Withdrawal memory wish, uint256 key) internal view {
        SignedWithdrawal[] memory longer = new SignedWithdrawal[](s.list.withdrawals.length + 1);
        for (uint256 k = 0; k + 1 < longer.length; k++) {
            longer[k] = s.list.withdrawals[k];
        }
        bytes32 hash = keccak256(abi.encode(SignedTypes.WITHDRAWAL_TYPEHASH, wish));
        longer[longer.length - 1] = SignedWithdrawal(wish, sign(key, hash));
        s.list.withdrawals = longer;
    }

    function grantTo(uint256 ownerKey, address delegate, uint8 scopes, uint64 expiresAtMs)
        internal
        view
        returns (SignedGrant memory)
    {
        SessionGrant memory grant =
            SessionGrant(vm.addr(ownerKey), delegate, scopes, expiresAtMs, 1);
        bytes32 hash = keccak256(abi.encode(SignedTypes.SESSION_GRANT_TYPEHASH, grant));
        return SignedGrant(grant, sign(ownerKey, hash));
    }
}
