// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {DataVector} from "./DataVector.sol";
import {
    AgreementIsNotActive,
    AssetUnknown,
    CallerIsNotOperator,
    CircuitIsMalformed,
    CircuitUnknown,
    ConstructionIsMalformed,
    FeeIsNotExact,
    FeeWasRefused,
    MarketIsMalformed,
    MarketIsRegistered,
    MarketOfAnotherShard,
    OperatorIsZero,
    ParametersAreRegistered,
    ShardIsZero,
    TokenIsUnusable,
    VerifierHasNoCode
} from "./Errors.sol";
import {Circuit} from "./Lists.sol";

/// Domain agreements: who operates a shard, by which laws, with which assets and markets.
///
/// Everything that changes what a shard may do takes effect at a boundary of base epochs, so that
/// all settlements of one base epoch are judged alike. An agreement that replaces another waits for
/// twice the time of an exit, and so do parameters of a market that trades: who does not like the
/// new laws, or the new limits, can leave before they hold.
contract AgreementRegistry is ReentrancyGuardTransient {
    struct Agreement {
        address operator;
        /// First base epoch in which it holds.
        uint64 activeFrom;
        /// Hash over the verifying keys of the circuits, for readers; the verifiers hold the keys.
        bytes32 verifyingKeyHash;
        Circuit[] circuits;
    }

    /// An asset of a shard. `unit` is how many token units one ledger unit is.
    struct Asset {
        address token;
        uint64 unit;
    }

    /// A market: its columns, and the last epoch and batch before those that settle here.
    struct Market {
        uint32 shard;
        uint8 width;
        uint64 epochNumber;
        uint64 batchNumber;
        /// Byte k, from the least significant, is the asset of column k.
        uint256 columns;
    }

    struct Shard {
        uint64 current;
        uint64 next;
    }

    /// What a settlement has to know.
    struct Terms {
        address operator;
        Circuit circuit;
        Market market;
    }

    uint256 public constant ASSET_COUNT_MAX = 64;
    uint8 internal constant LEDGER_DECIMALS_MAX = 9;
    uint256 internal constant COLUMNS_MAX = 30;
    uint256 internal constant CIRCUITS_MAX = 16;

    uint64 public immutable genesisBlock;
    uint64 public immutable baseEpochBlocks;
    /// Blocks between the request of an exit and the unlocking of the vault.
    uint64 public immutable exitBlocks;
    uint256 public immutable agreementFee;
    address payable public immutable feeRecipient;

    uint64 public agreementCount;
    mapping(uint64 agreementId => Agreement) private _agreements;
    mapping(uint32 shard => Shard) private _shards;
    mapping(uint32 shard => Asset[]) private _assets;
    mapping(uint32 marketId => Market) private _markets;
    /// First base epoch in which a parameter set holds, plus one; zero for none.
    mapping(uint32 marketId => mapping(uint256 commitment => uint64)) private _parameters;
    /// First base epoch in which any parameter set of a market holds, plus one; zero for none.
    mapping(uint32 marketId => uint64) private _parametersFrom;

    event AssetListed(
        uint32 indexed shard, uint256 indexed assetId, address indexed token, uint64 unit
    );
    event AgreementRegistered(
        uint64 indexed agreementId,
        uint32 indexed shard,
        address indexed operator,
        uint64 activeFrom,
        bytes32 verifyingKeyHash,
        Circuit[] circuits
    );
    event MarketRegistered(
        uint32 indexed marketId, uint32 indexed shard, uint256[] assetIds, uint64 epochNumber
    );
    event ParametersRegistered(
        uint32 indexed marketId, uint256 commitment, bytes32 parameterHash, uint64 activeFrom
    );

    constructor(
        uint64 baseEpochBlocks_,
        uint64 exitBlocks_,
        uint256 agreementFee_,
        address payable feeRecipient_
    ) {
        bool isSound = baseEpochBlocks_ != 0 && exitBlocks_ != 0 && feeRecipient_ != address(0);
        if (!isSound) revert ConstructionIsMalformed();
        exitBlocks = exitBlocks_;
        genesisBlock = uint64(block.number);
        baseEpochBlocks = baseEpochBlocks_;
        agreementFee = agreementFee_;
        feeRecipient = feeRecipient_;
    }

    // Reading.

    /// Number of the chain's period that the present block lies in.
    function baseEpoch() public view returns (uint64) {
        return (uint64(block.number) - genesisBlock) / baseEpochBlocks;
    }

    /// The agreement that holds now. @dev Reverts AgreementIsNotActive.
    function activeAgreement(uint32 shard) public view returns (uint64 agreementId) {
        Shard storage record = _shards[shard];
        agreementId = _isActive(record.next) ? record.next : record.current;
        if (!_isActive(agreementId)) revert AgreementIsNotActive(shard);
    }

    function agreement(uint64 agreementId) external view returns (Agreement memory) {
        return _agreements[agreementId];
    }

    function market(uint32 marketId) external view returns (Market memory) {
        return _markets[marketId];
    }

    function shardAgreements(uint32 shard) external view returns (Shard memory) {
        return _shards[shard];
    }

    function assetCount(uint32 shard) external view returns (uint256) {
        return _assets[shard].length;
    }

    /// @dev Reverts AssetUnknown.
    function assetOf(uint32 shard, uint256 assetId) public view returns (Asset memory) {
        if (assetId >= _assets[shard].length) revert AssetUnknown(assetId);
        return _assets[shard][assetId];
    }

    /// What holds now for a list of a market that is proved by one of the agreement's circuits.
    /// @dev Reverts AgreementIsNotActive, CircuitUnknown, MarketOfAnotherShard.
    function terms(uint32 shard, uint32 marketId, uint256 circuit)
        external
        view
        returns (Terms memory)
    {
        Agreement storage entry = _agreements[activeAgreement(shard)];
        if (circuit >= entry.circuits.length) revert CircuitUnknown(circuit);
        if (_markets[marketId].shard != shard) revert MarketOfAnotherShard(marketId, shard);
        return Terms(entry.operator, entry.circuits[circuit], _markets[marketId]);
    }

    /// Whether a parameter set holds now.
    function areActive(uint32 marketId, uint256 commitment) external view returns (bool) {
        uint64 entry = _parameters[marketId][commitment];
        return entry != 0 && entry - 1 <= baseEpoch();
    }

    /// First base epoch in which a parameter set holds, plus one; zero for one that nobody registered.
    function parametersFrom(uint32 marketId, uint256 commitment) external view returns (uint64) {
        return _parameters[marketId][commitment];
    }

    /// The operator of the agreement that holds, or of the first one while it waits; zero for none.
    function operatorOf(uint32 shard) public view returns (address) {
        Shard storage record = _shards[shard];
        bool nextCounts = record.current == 0 || _isActive(record.next);
        return _agreements[nextCounts ? record.next : record.current].operator;
    }

    // Changing.

    /// Registers the agreement of a new shard, or the one that follows the present one.
    /// @dev Reverts ShardIsZero, OperatorIsZero, CallerIsNotOperator, FeeIsNotExact,
    ///   CircuitIsMalformed, VerifierHasNoCode, FeeWasRefused.
    function registerAgreement(
        uint32 shard,
        address operator,
        bytes32 verifyingKeyHash,
        Circuit[] calldata circuits
    ) external payable nonReentrant returns (uint64 agreementId) {
        if (shard == 0) revert ShardIsZero();
        if (operator == address(0)) revert OperatorIsZero();
        if (msg.value != agreementFee) revert FeeIsNotExact(agreementFee, msg.value);
        _checkCircuits(circuits);
        Shard storage record = _shards[shard];
        bool isFirst = record.current == 0 && record.next == 0;
        if (!isFirst) _onlyOperator(shard);
        if (_isActive(record.next)) record.current = record.next;
        agreementCount += 1;
        agreementId = agreementCount;
        record.next = agreementId;
        uint64 notice = record.current == 0 ? 0 : 2 * exitBlocks;
        uint64 activeFrom = _boundaryAfter(uint64(block.number) + notice);
        Agreement storage entry = _agreements[agreementId];
        (entry.operator, entry.activeFrom) = (operator, activeFrom);
        entry.verifyingKeyHash = verifyingKeyHash;
        for (uint256 k = 0; k < circuits.length; k++) {
            entry.circuits.push(circuits[k]);
        }
        emit AgreementRegistered(
            agreementId, shard, operator, activeFrom, verifyingKeyHash, circuits
        );
        if (agreementFee == 0) return agreementId;
        (bool paid,) = feeRecipient.call{value: agreementFee}("");
        if (!paid) revert FeeWasRefused();
    }

    /// Lists the next asset of a shard; an asset is never changed or removed. Tokens that take a
    /// fee of transfers or change balances by themselves must not be listed.
    /// @dev Reverts CallerIsNotOperator, TokenIsUnusable, AssetUnknown.
    function listAsset(uint32 shard, address token, uint8 ledgerDecimals)
        external
        returns (uint256 assetId)
    {
        _onlyOperator(shard);
        if (token.code.length == 0) revert TokenIsUnusable(token);
        uint8 decimals = IERC20Metadata(token).decimals();
        bool fits = ledgerDecimals <= LEDGER_DECIMALS_MAX && decimals >= ledgerDecimals
            && decimals - ledgerDecimals <= 18;
        if (!fits) revert TokenIsUnusable(token);
        assetId = _assets[shard].length;
        if (assetId >= ASSET_COUNT_MAX) revert AssetUnknown(assetId);
        uint64 unit = uint64(10 ** (decimals - ledgerDecimals));
        _assets[shard].push(Asset(token, unit));
        emit AssetListed(shard, assetId, token, unit);
    }

    /// Registers a market: its assets by column, and the last epoch and batch before the first that
    /// will be settled. A market belongs to one shard for good: an order names its market, so it
    /// cannot be settled in another shard.
    /// @dev Reverts CallerIsNotOperator, MarketIsRegistered, MarketIsMalformed, AssetUnknown.
    function registerMarket(
        uint32 shard,
        uint32 marketId,
        uint256[] calldata assetIds,
        uint64 epochNumber,
        uint64 batchNumber
    ) external {
        _onlyOperator(shard);
        if (_markets[marketId].shard != 0) revert MarketIsRegistered(marketId);
        uint256 width = assetIds.length;
        if (width < 2 || width > COLUMNS_MAX) revert MarketIsMalformed(marketId);
        uint256 columns;
        uint256 seen;
        for (uint256 k = 0; k < width; k++) {
            uint256 assetId = assetIds[k];
            assetOf(shard, assetId);
            if ((seen >> assetId) & 1 != 0) revert MarketIsMalformed(marketId);
            seen |= 1 << assetId;
            columns |= assetId << (8 * k);
        }
        _markets[marketId] = Market(shard, uint8(width), epochNumber, batchNumber, columns);
        emit MarketRegistered(marketId, shard, assetIds, epochNumber);
    }

    /// Registers a parameter set by the commitment that the circuit opens. `parameterHash` is the
    /// exchange's own hash of the same set; the chain cannot compare the two, readers do. Sets that
    /// are registered before any of their market holds need no notice: nobody has traded there.
    /// @dev Reverts MarketOfAnotherShard, CallerIsNotOperator, ParametersAreRegistered.
    function registerParameters(uint32 marketId, uint256 commitment, bytes32 parameterHash)
        external
    {
        uint32 shard = _markets[marketId].shard;
        if (shard == 0) revert MarketOfAnotherShard(marketId, 0);
        _onlyOperator(shard);
        if (commitment >= DataVector.FIELD) revert CircuitIsMalformed(commitment);
        if (_parameters[marketId][commitment] != 0) {
            revert ParametersAreRegistered(marketId, commitment);
        }
        uint64 first = _parametersFrom[marketId];
        bool trades = first != 0 && first - 1 <= baseEpoch();
        uint64 activeFrom = _boundaryAfter(uint64(block.number) + (trades ? 2 * exitBlocks : 0));
        if (first == 0) _parametersFrom[marketId] = activeFrom + 1;
        _parameters[marketId][commitment] = activeFrom + 1;
        emit ParametersRegistered(marketId, commitment, parameterHash, activeFrom);
    }

    // Checks.

    function _onlyOperator(uint32 shard) private view {
        if (msg.sender != operatorOf(shard)) revert CallerIsNotOperator(shard, msg.sender);
    }

    function _isActive(uint64 agreementId) private view returns (bool) {
        return agreementId != 0 && _agreements[agreementId].activeFrom <= baseEpoch();
    }

    /// The first base epoch that begins after a block.
    function _boundaryAfter(uint64 blockNumber) private view returns (uint64) {
        return (blockNumber - genesisBlock) / baseEpochBlocks + 1;
    }

    function _checkCircuits(Circuit[] calldata circuits) private view {
        if (circuits.length == 0 || circuits.length > CIRCUITS_MAX) {
            revert CircuitIsMalformed(circuits.length);
        }
        for (uint256 k = 0; k < circuits.length; k++) {
            Circuit calldata circuit = circuits[k];
            address verifier = address(circuit.verifier);
            if (verifier.code.length == 0) revert VerifierHasNoCode(verifier);
            bool sized = circuit.batches > 0 && circuit.orders > 0 && circuit.vaults > 2
                && circuit.assetWords > 0 && circuit.assetWords * 3 <= COLUMNS_MAX;
            if (!sized) revert CircuitIsMalformed(k);
        }
    }
}
