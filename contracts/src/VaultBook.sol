// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {AgreementRegistry} from "./AgreementRegistry.sol";
import {
    AmountOutOfRange,
    CallerIsNotOwner,
    ExitIsNotDue,
    ExitIsNotRequested,
    ExitIsRequested,
    NothingIsPending,
    OwnerIsReserved,
    TransferIsNotExact,
    VaultIsUnlocked,
    VaultsAreSolvent
} from "./Errors.sol";

/// Tokens in, ledger units by vault, tokens out.
///
/// A vault is an owner's slice of a shard. Its balances are ledger units of at most 63 bits, four
/// to a storage slot, so that a trade between neighbouring assets writes one slot.
///
/// Tokens leave in two ways only: `claim` of what a signed withdrawal set aside, and
/// `completeExit`. Neither asks anyone but the owner, and nothing here can be paused.
abstract contract VaultBook is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 public constant AMOUNT_MAX = (1 << 63) - 1;
    /// A bit of slot 0 that no balance uses: an exit is requested.
    uint256 internal constant EXIT_MARK = 1 << 255;

    /// The first twelve bytes of the venue's own vaults; role and market follow.
    uint256 internal constant SYSTEM_PREFIX = 0x1a3b00000000000000000000;
    uint256 internal constant ROLE_POOL = 2;
    uint256 internal constant ROLE_FEES = 3;

    AgreementRegistry public immutable registry;
    /// Blocks between the request of an exit and the unlocking of the vault.
    uint64 public immutable exitBlocks;

    uint64 public depositCount;
    mapping(uint32 shard => mapping(address owner => mapping(uint256 slot => uint256))) private
        _balances;
    mapping(uint32 shard => mapping(address owner => uint64)) private _exits;
    /// Token units that wait to be claimed.
    mapping(address token => mapping(address account => uint256)) public pending;

    event Deposited(
        uint64 indexed depositNumber,
        uint32 indexed shard,
        address indexed owner,
        uint256 assetId,
        uint64 units
    );
    event ExitRequested(uint32 indexed shard, address indexed owner, uint64 dueBlock);
    event ExitCanceled(uint32 indexed shard, address indexed owner);
    event ExitCompleted(uint32 indexed shard, address indexed owner, uint256 assetId, uint64 units);
    event Claimed(address indexed token, address indexed account, uint256 tokenUnits);

    constructor(AgreementRegistry registry_) {
        registry = registry_;
        exitBlocks = registry_.exitBlocks();
    }

    // Reading.

    /// Ledger units of a vault.
    function balanceOf(uint32 shard, address owner, uint256 assetId) public view returns (uint256) {
        return _balanceIn(_balances[shard][owner][assetId / 4], assetId);
    }

    /// The block at which a requested exit unlocks the vault; zero without a request.
    function exitDueBlock(uint32 shard, address owner) public view returns (uint64) {
        return _exits[shard][owner];
    }

    // Tokens in.

    /// Credits a vault with exactly the tokens that arrive. Anyone may credit any vault.
    /// @dev Reverts AssetUnknown, AmountOutOfRange, OwnerIsReserved, TransferIsNotExact.
    function deposit(uint32 shard, address owner, uint256 assetId, uint64 units)
        external
        nonReentrant
    {
        AgreementRegistry.Asset memory asset = registry.assetOf(shard, assetId);
        if (units == 0) revert AmountOutOfRange(units);
        if (owner == address(0) || (isVenueVault(owner) && !_isPoolOrFees(owner))) {
            revert OwnerIsReserved(owner);
        }
        _credit(shard, owner, assetId, units);
        depositCount += 1;
        emit Deposited(depositCount, shard, owner, assetId, units);
        uint256 expected = uint256(units) * asset.unit;
        uint256 before = IERC20(asset.token).balanceOf(address(this));
        IERC20(asset.token).safeTransferFrom(msg.sender, address(this), expected);
        uint256 actual = IERC20(asset.token).balanceOf(address(this)) - before;
        if (actual != expected) revert TransferIsNotExact(asset.token, expected, actual);
    }

    // Tokens out.

    /// Pays what waits for an account, to that account. Anyone may ask.
    /// @dev Reverts NothingIsPending, TransferIsNotExact.
    function claim(address token, address account) external nonReentrant {
        _pay(token, account);
    }

    /// Announces that the caller leaves. The operator has `exitBlocks` to settle what the owner
    /// has traded; then the shard can no longer debit the vault. For the venue's own vaults the
    /// operator asks.
    /// @dev Reverts CallerIsNotOwner, ExitIsRequested.
    function requestExit(uint32 shard, address owner) external {
        _onlyActingFor(shard, owner);
        if (_exits[shard][owner] != 0) revert ExitIsRequested(shard, owner);
        uint64 due = uint64(block.number) + exitBlocks;
        _exits[shard][owner] = due;
        _balances[shard][owner][0] |= EXIT_MARK;
        emit ExitRequested(shard, owner, due);
    }

    /// Opens the vault to the shard again. @dev Reverts CallerIsNotOwner, ExitIsNotRequested.
    function cancelExit(uint32 shard, address owner) external {
        _onlyActingFor(shard, owner);
        if (_exits[shard][owner] == 0) revert ExitIsNotRequested(shard, owner);
        delete _exits[shard][owner];
        _balances[shard][owner][0] &= ~EXIT_MARK;
        emit ExitCanceled(shard, owner);
    }

    /// Pays the last settled balance of the named assets to the owner, or to the operator for a
    /// vault of the venue. An asset whose token fails is left out and tried another time.
    /// @dev Reverts CallerIsNotOwner, ExitIsNotRequested, ExitIsNotDue, AssetUnknown.
    function completeExit(uint32 shard, address owner, uint256[] calldata assetIds)
        external
        nonReentrant
    {
        _onlyActingFor(shard, owner);
        uint64 due = _exits[shard][owner];
        if (due == 0) revert ExitIsNotRequested(shard, owner);
        if (block.number < due) revert ExitIsNotDue(due);
        for (uint256 k = 0; k < assetIds.length; k++) {
            uint256 assetId = assetIds[k];
            AgreementRegistry.Asset memory asset = registry.assetOf(shard, assetId);
            uint256 units = balanceOf(shard, owner, assetId);
            if (units == 0) continue;
            _debit(shard, owner, assetId, units);
            pending[asset.token][msg.sender] += units * asset.unit;
            emit ExitCompleted(shard, owner, assetId, uint64(units));
            _pay(asset.token, msg.sender);
        }
    }

    // What settlement builds on.

    /// Whether an address belongs to the venue, so that nobody holds its key.
    function isVenueVault(address owner) public pure returns (bool) {
        return uint160(owner) >> 64 == SYSTEM_PREFIX;
    }

    /// The venue's vault of a role in a market. @dev packages/exchange/src/ledger/account.ts.
    function venueVault(uint256 role, uint32 marketId) public pure returns (address) {
        return address(uint160((SYSTEM_PREFIX << 64) | (role << 32) | marketId));
    }

    /// @dev Reverts AmountOutOfRange.
    function _credit(uint32 shard, address owner, uint256 assetId, uint256 units) internal {
        _setBalance(shard, owner, assetId, balanceOf(shard, owner, assetId) + units);
    }

    /// @dev Reverts VaultsAreSolvent.
    function _debit(uint32 shard, address owner, uint256 assetId, uint256 units) internal {
        uint256 balance = balanceOf(shard, owner, assetId);
        if (units > balance) revert VaultsAreSolvent(owner, assetId);
        _setBalance(shard, owner, assetId, balance - units);
    }

    function _setBalance(uint32 shard, address owner, uint256 assetId, uint256 units) private {
        uint256 slot = _balances[shard][owner][assetId / 4];
        _balances[shard][owner][assetId / 4] = _withBalance(slot, assetId, units);
    }

    /// The slots of a vault as settlement reads and writes them.
    function _slotsOf(uint32 shard, address owner)
        internal
        view
        returns (mapping(uint256 slot => uint256) storage)
    {
        return _balances[shard][owner];
    }

    function _balanceIn(uint256 slot, uint256 assetId) internal pure returns (uint256) {
        return (slot >> (64 * (assetId % 4))) & AMOUNT_MAX;
    }

    /// The slot with another balance. @dev Reverts AmountOutOfRange.
    function _withBalance(uint256 slot, uint256 assetId, uint256 units)
        internal
        pure
        returns (uint256)
    {
        if (units > AMOUNT_MAX) revert AmountOutOfRange(units);
        uint256 shift = 64 * (assetId % 4);
        return (slot & ~(AMOUNT_MAX << shift)) | (units << shift);
    }

    /// The slot after a change of 63 bits and a sign. Neither balance takes more than its own bits,
    /// so adding the change in its place leaves the others as they are.
    /// @dev Reverts VaultsAreSolvent, AmountOutOfRange.
    function _changed(uint256 slot, int256 change, uint256 assetId, address owner)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            uint256 units = _balanceIn(slot, assetId) + uint256(change);
            if (units > AMOUNT_MAX) {
                if (change < 0) revert VaultsAreSolvent(owner, assetId);
                revert AmountOutOfRange(units);
            }
            return slot + (uint256(change) << (64 * (assetId % 4)));
        }
    }

    /// Settlement asks this of every debited vault, so the answer lies in a slot that a debit most
    /// often reads anyway. @dev Reverts VaultIsUnlocked once a requested exit is due.
    function _onlyDebitable(uint32 shard, address owner) internal view {
        if (_balances[shard][owner][0] & EXIT_MARK == 0) return;
        if (block.number >= _exits[shard][owner]) revert VaultIsUnlocked(shard, owner);
    }

    function _onlyActingFor(uint32 shard, address owner) private view {
        address acting = isVenueVault(owner) ? registry.operatorOf(shard) : owner;
        if (msg.sender != acting) revert CallerIsNotOwner(owner, msg.sender);
    }

    function _isPoolOrFees(address owner) private pure returns (bool) {
        uint256 role = (uint160(owner) >> 32) & type(uint32).max;
        return role == ROLE_POOL || role == ROLE_FEES;
    }

    function _pay(address token, address account) private {
        uint256 tokenUnits = pending[token][account];
        if (tokenUnits == 0) revert NothingIsPending(token, account);
        delete pending[token][account];
        emit Claimed(token, account, tokenUnits);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransfer(account, tokenUnits);
        uint256 actual = before - IERC20(token).balanceOf(address(this));
        if (actual != tokenUnits) revert TransferIsNotExact(token, tokenUnits, actual);
    }
}
