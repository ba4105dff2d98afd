// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AgreementRegistry} from "./AgreementRegistry.sol";
import {Batches} from "./Batches.sol";
import {DataVector} from "./DataVector.sol";
import {
    AmountOutOfRange,
    AssetsAreConserved,
    CallerIsNotGuardian,
    CallerIsNotOperator,
    CircuitIsTooSmall,
    CommitmentOutOfField,
    DiffsMatchFills,
    EpochIsNotNext,
    LawsAreProven,
    ListIsNotChained,
    ListNumberIsNotNext,
    OwnerIsReserved,
    OwnersAreNotAscending,
    PoolIsOverstated,
    SettlementsArePaused,
    ShardOfAnotherDomain,
    SpendsAreAuthorised,
    VaultsAreSolvent,
    WithdrawalExpired,
    WordsAreMalformed
} from "./Errors.sol";
import {Circuit, DiffList, Frame, LawProof, OrderBook, SignedWithdrawal} from "./Lists.sol";
import {NonceRing, OrderNonces} from "./OrderNonces.sol";
import {SignedTypes, Withdrawal} from "./SignedTypes.sol";
import {VaultBook} from "./VaultBook.sol";
import {Words} from "./Words.sol";

/// The chain's side of an exchange: it keeps the tokens, and refuses an epoch that breaks a law.
///
/// Two kinds of rule. The global laws it checks itself, whatever any proof says: every debit of a
/// user is covered by payments of orders that the user signed, each order pays once and within its
/// budget, changes sum to zero, no vault goes negative, lists follow one another. The venue's own
/// laws are proved: the contract derives the public inputs from the calldata
/// (docs/protocol/binding.md) and asks the verifier of the shard's agreement.
///
/// No key can move a balance. The guardian can stop new settlements and nothing else; there is no
/// upgrade in place.
contract BaseLayer is Batches {
    using OrderNonces for NonceRing;
    using SignedTypes for Withdrawal;
    using Words for uint256[];

    bytes32 internal constant LIST_TYPEHASH = keccak256("lawbook.diffList.v1");

    /// The last list of a shard.
    struct ListChain {
        uint64 number;
        bytes32 listHash;
    }

    /// How far a market is settled.
    struct Progress {
        uint64 epochNumber;
        uint64 batchNumber;
        uint64 closedAtMs;
    }

    address public immutable guardian;
    bool public paused;
    mapping(uint32 shard => ListChain) public listChains;
    mapping(uint32 marketId => Progress) public marketProgress;

    event SettlementsPaused();
    event SettlementsResumed();
    event Settled(
        uint32 indexed shard,
        uint64 indexed number,
        uint32 indexed marketId,
        uint64 epochNumber,
        bytes32 listHash,
        uint256 dataCommitment
    );
    /// Changes of a vault by the market's columns, three to a word; `Settled` names the market.
    event VaultSettled(address indexed owner, uint256[] changes);
    event WithdrawalSettled(
        uint32 indexed shard,
        address indexed owner,
        address indexed to,
        uint256 assetId,
        uint64 units,
        uint64 orderNonce
    );

    constructor(AgreementRegistry registry_, address guardian_) VaultBook(registry_) {
        guardian = guardian_;
    }

    // The guardian.

    /// Stops new settlements. Deposits, claims and exits go on. @dev Reverts CallerIsNotGuardian.
    function pauseSettlements() external {
        if (msg.sender != guardian) revert CallerIsNotGuardian(msg.sender);
        paused = true;
        emit SettlementsPaused();
    }

    /// @dev Reverts CallerIsNotGuardian.
    function resumeSettlements() external {
        if (msg.sender != guardian) revert CallerIsNotGuardian(msg.sender);
        paused = false;
        emit SettlementsResumed();
    }

    // Settling.

    /// Applies a list, or reverts by name with nothing changed.
    function settle(DiffList calldata list, OrderBook calldata book, LawProof calldata proof)
        external
        nonReentrant
    {
        if (paused) revert SettlementsArePaused();
        Frame memory frame = _open(list, proof);
        _checkGrants(book.grants);
        _takeBatches(frame, list, book);
        _takePool(frame, list.poolBefore);
        _applyChanges(frame, list);
        bytes32 withdrawalsHash = _applyWithdrawals(frame, list.withdrawals);
        bytes32 listHash = _bindHead(frame, list, book.count, withdrawalsHash);
        _verify(frame, listHash, proof);
        _close(frame, list, listHash, proof.dataCommitment);
    }

    /// Who may settle what now: agreement, operator, circuit, list number, chain, market, epoch.
    function _open(DiffList calldata list, LawProof calldata proof)
        private
        view
        returns (Frame memory frame)
    {
        frame.shard = list.shard;
        frame.marketId = list.marketId;
        AgreementRegistry.Terms memory terms =
            registry.terms(list.shard, list.marketId, proof.circuit);
        if (msg.sender != terms.operator) revert CallerIsNotOperator(list.shard, msg.sender);
        frame.circuit = terms.circuit;
        (frame.width, frame.columns) = (terms.market.width, terms.market.columns);
        ListChain storage chain = listChains[list.shard];
        if (list.number != chain.number + 1) {
            revert ListNumberIsNotNext(chain.number + 1, list.number);
        }
        if (list.previousListHash != chain.listHash) {
            revert ListIsNotChained(chain.listHash, list.previousListHash);
        }
        Progress storage progress = marketProgress[list.marketId];
        bool isFirst = progress.epochNumber == 0;
        uint64 settled = isFirst ? terms.market.epochNumber : progress.epochNumber;
        if (list.epochNumber != settled + 1) revert EpochIsNotNext(settled + 1, list.epochNumber);
        frame.firstBatch = (isFirst ? terms.market.batchNumber : progress.batchNumber) + 1;
        frame.closedAtMs = progress.closedAtMs;
        frame.domainSeparator = domainSeparator();
        _checkSizes(frame, list);
    }

    function _checkSizes(Frame memory frame, DiffList calldata list) private pure {
        Circuit memory circuit = frame.circuit;
        uint256 vaults = list.owners.length + 2;
        uint256 batches = list.batches.length;
        if (vaults > circuit.vaults) revert CircuitIsTooSmall(circuit.vaults, vaults);
        if (batches == 0 || batches > circuit.batches) {
            revert CircuitIsTooSmall(circuit.batches, batches);
        }
        frame.assetWords = circuit.assetWords;
        if (frame.width > 3 * frame.assetWords) {
            revert CircuitIsTooSmall(3 * frame.assetWords, frame.width);
        }
        if (list.changes.length != vaults * frame.assetWords) {
            revert WordsAreMalformed(list.changes.length);
        }
        frame.spareBits = Words.spareBits(frame.assetWords, frame.width);
        frame.paid = new uint256[](vaults * frame.width);
        frame.sums = new uint256[](frame.width);
    }

    // Changes.

    /// The pool that the laws start from holds no more than the pool that is settled.
    function _takePool(Frame memory frame, uint256[] calldata poolBefore) private view {
        uint256 assetWords = frame.assetWords;
        if (poolBefore.length != assetWords) revert WordsAreMalformed(poolBefore.length);
        uint256[] memory head = new uint256[](DataVector.HEAD_WORDS + assetWords);
        frame.sections.head = head;
        for (uint256 w = 0; w < assetWords; w++) {
            head[DataVector.HEAD_WORDS + w] = Words.checkedWord(poolBefore[w], w, frame.spareBits);
        }
        address pool = venueVault(ROLE_POOL, frame.marketId);
        for (uint256 column = 0; column < frame.width; column++) {
            uint256 stated = Words.limb(head[DataVector.HEAD_WORDS + column / 3], column % 3);
            uint256 settled = balanceOf(frame.shard, pool, Words.assetOfColumn(frame.columns, column));
            if (stated > settled) revert PoolIsOverstated(column, stated, settled);
        }
    }

    /// Applies the changes of every vault row, then asks that each column sums to zero.
    function _applyChanges(Frame memory frame, DiffList calldata list) private {
        frame.sections.changes = list.changes;
        _applyRow(frame, 0, venueVault(ROLE_POOL, frame.marketId));
        _applyRow(frame, 1, venueVault(ROLE_FEES, frame.marketId));
        address[] calldata owners = list.owners;
        address last = address(0);
        for (uint256 k = 0; k < owners.length; k++) {
            address owner = owners[k];
            if (owner <= last) revert OwnersAreNotAscending(k);
            if (isVenueVault(owner)) revert OwnerIsReserved(owner);
            last = owner;
            _applyRow(frame, k + 2, owner);
        }
        for (uint256 column = 0; column < frame.width; column++) {
            int256 sum = int256(frame.sums[column]);
            if (sum != 0) revert AssetsAreConserved(column, sum);
        }
    }

    /// Applies one vault row and says so.
    function _applyRow(Frame memory frame, uint256 row, address owner) private {
        uint256[] memory words = frame.sections.changes;
        uint256 assetWords = frame.assetWords;
        uint256 first;
        uint256 any = 0;
        // `_checkSizes` has seen that every vault row has its words.
        unchecked {
            first = row * assetWords;
            for (uint256 w = 0; w < assetWords; w++) {
                uint256 word = words.wordAt(first + w);
                if (word & frame.spareBits.wordAt(w) != 0) revert WordsAreMalformed(w);
                any |= word;
            }
        }
        if (any == 0) return;
        _moveColumns(frame, row, owner);
        // emit VaultSettled(owner, changes), whose words need no array of their own this way.
        bytes32 topic = VaultSettled.selector;
        assembly ("memory-safe") {
            let free := mload(0x40)
            let size := shl(5, assetWords)
            mstore(free, 0x20)
            mstore(add(free, 0x20), assetWords)
            mcopy(add(free, 0x40), add(add(words, 0x20), shl(5, first)), size)
            log2(free, add(size, 0x40), topic, owner)
        }
    }

    /// Moves the columns of a row. A slot of four balances is read and written once per run of
    /// columns that lie in it.
    function _moveColumns(Frame memory frame, uint256 row, address owner) private {
        mapping(uint256 slot => uint256) storage slots = _slotsOf(frame.shard, owner);
        uint256 open = type(uint256).max;
        uint256 slot = 0;
        bool debits = false;
        // Rows and columns are within the list: no place of its arrays wraps.
        unchecked {
            for (uint256 w = 0; w < frame.assetWords; w++) {
                uint256 word = frame.sections.changes.wordAt(row * frame.assetWords + w);
                for (uint256 column = 3 * w; word != 0; column++) {
                    int256 change = int64(uint64(word));
                    word >>= 64;
                    if (change == 0) continue;
                    uint256 place = uint8(frame.columns >> (8 * column)) / 4;
                    if (place != open) {
                        if (open != type(uint256).max) slots[open] = slot;
                        open = place;
                        slot = slots[open];
                    }
                    slot = _moveColumn(frame, slot, row, column, change, owner);
                    if (change < 0) debits = true;
                }
            }
        }
        slots[open] = slot;
        if (!debits) return;
        uint256 marked = open == 0 ? slot : slots[0];
        if (marked & EXIT_MARK != 0) _onlyDebitable(frame.shard, owner);
    }

    /// The slot after a change of one of its balances, which is added to its column. A debit is
    /// covered by what the orders of the vault pay; the pool moves by the proved laws alone, and
    /// fees are only ever gained.
    function _moveColumn(
        Frame memory frame,
        uint256 slot,
        uint256 row,
        uint256 column,
        int256 change,
        address owner
    ) private pure returns (uint256 moved) {
        // Fewer than 2^17 changes of 64 bits do not wrap; row and column are in the list.
        unchecked {
            moved = _changed(slot, change, uint8(frame.columns >> (8 * column)), owner);
            frame.sums.add(column, uint256(change));
            if (change > 0 || row == 0) return moved;
            uint256 paid = frame.paid.wordAt(row * frame.width + column);
            if (uint256(-change) > paid) revert DiffsMatchFills(owner, column, change, paid);
        }
    }

    // Withdrawals.

    /// Debits vaults by signed withdrawals and sets the tokens aside for `claim`.
    /// @return the hash over their digests.
    function _applyWithdrawals(Frame memory frame, SignedWithdrawal[] calldata withdrawals)
        private
        returns (bytes32)
    {
        bytes32[] memory digests = new bytes32[](withdrawals.length);
        for (uint256 k = 0; k < withdrawals.length; k++) {
            Withdrawal calldata wish = withdrawals[k].withdrawal;
            bytes32 digest = _hashTypedDataV4(wish.hash());
            digests[k] = digest;
            if (wish.shard != frame.shard) revert ShardOfAnotherDomain(k, wish.shard);
            if (wish.expiresAtMs <= frame.closedAtMs) revert WithdrawalExpired(k, wish.expiresAtMs);
            address signer = isVenueVault(wish.owner) ? msg.sender : wish.owner;
            if (!_isSignedBy(signer, digest, withdrawals[k].signature)) {
                revert SpendsAreAuthorised(k, wish.owner);
            }
            if (wish.units == 0 || wish.to == address(0)) revert AmountOutOfRange(wish.units);
            _onlyDebitable(wish.shard, wish.owner);
            _nonces[wish.owner][WITHDRAWAL_LANE | wish.shard].use(wish.owner, wish.orderNonce);
            AgreementRegistry.Asset memory asset = registry.assetOf(wish.shard, wish.assetId);
            _debit(wish.shard, wish.owner, wish.assetId, wish.units);
            pending[asset.token][wish.to] += uint256(wish.units) * asset.unit;
            emit WithdrawalSettled(
                wish.shard, wish.owner, wish.to, wish.assetId, wish.units, wish.orderNonce
            );
        }
        return Words.hash(digests);
    }

    // Binding and closing.

    /// Fills the head of the data vector. @return listHash the hash that the next list names.
    function _bindHead(
        Frame memory frame,
        DiffList calldata list,
        uint256 rows,
        bytes32 withdrawalsHash
    ) private pure returns (bytes32 listHash) {
        uint256[] memory head = frame.sections.head;
        head[0] = (uint256(list.shard) << 208) | (uint256(list.marketId) << 176)
            | (uint256(list.number) << 112) | (uint256(list.epochNumber) << 48)
            | (list.batches.length << 40) | (frame.width << 32) | (rows << 16)
            | (list.owners.length + 2);
        (head[1], head[2]) = Words.halves(list.previousListHash);
        // The halves of the list hash are still zero here: they cannot be part of themselves.
        listHash = keccak256(
            abi.encode(
                LIST_TYPEHASH,
                frame.domainSeparator,
                Words.hash(head),
                Words.hash(frame.sections.batches),
                Words.hash(frame.sections.orders),
                Words.hash(list.owners),
                Words.hash(frame.sections.changes),
                withdrawalsHash
            )
        );
        (head[3], head[4]) = Words.halves(listHash);
    }

    /// Asks the verifier whether the laws hold for [C, r, D(r)].
    function _verify(Frame memory frame, bytes32 listHash, LawProof calldata proof) private view {
        uint256 commitment = proof.dataCommitment;
        if (commitment >= DataVector.FIELD) revert CommitmentOutOfField(commitment);
        uint256 r = uint256(keccak256(abi.encode(listHash, commitment))) % DataVector.FIELD;
        Circuit memory circuit = frame.circuit;
        uint256 y = DataVector.evaluate(
            frame.sections, circuit.batches, circuit.orders, circuit.assetWords, r
        );
        bytes32[] memory publicInputs = new bytes32[](3);
        publicInputs[0] = bytes32(commitment);
        publicInputs[1] = bytes32(r);
        publicInputs[2] = bytes32(y);
        try circuit.verifier.verify(proof.proof, publicInputs) returns (bool holds) {
            if (!holds) revert LawsAreProven("");
        } catch (bytes memory reason) {
            revert LawsAreProven(reason);
        }
    }

    function _close(
        Frame memory frame,
        DiffList calldata list,
        bytes32 listHash,
        uint256 dataCommitment
    ) private {
        listChains[list.shard] = ListChain(list.number, listHash);
        uint64 lastBatch = frame.firstBatch + uint64(list.batches.length) - 1;
        marketProgress[list.marketId] = Progress(list.epochNumber, lastBatch, frame.closedAtMs);
        emit Settled(
            list.shard, list.number, list.marketId, list.epochNumber, listHash, dataCommitment
        );
    }
}
