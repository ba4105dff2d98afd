// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Every refusal of the base layer. An error that states a law has the law's name
// (docs/protocol/README.md); one that states a rule of admission has the rejection's name
// (docs/reference/errors.md). Rows, batches and columns count from zero.

// Laws.

/// L1. A row is void although its order had not expired by the close and no cancel is signed, or
/// the rows are not exactly those that the batches count.
error OrdersAreComplete(uint256 row);
/// L2. Nobody who may authorise it signed this order, cancel or withdrawal.
error SpendsAreAuthorised(uint256 row, address owner);
/// L6. A row pays more than its signed budget, or pays or receives although it is void or halted.
error LimitsAreRespected(uint256 row, uint256 paid, uint256 budget);
/// L7. The changes of a column do not sum to zero.
error AssetsAreConserved(uint256 column, int256 sum);
/// L9. A vault would hold less than nothing.
error VaultsAreSolvent(address owner, uint256 assetId);
/// L10. A vault is debited by more than its orders in this list pay.
error DiffsMatchFills(address owner, uint256 column, int256 change, uint256 paid);
/// L0, L3 to L6, L8, L10. The proof does not show the laws for this list.
error LawsAreProven(bytes reason);

// Orders and withdrawals.

error OrderOfAnotherMarket(uint256 row, uint32 marketId);
error OrderExpired(uint256 row, uint64 expiresAtMs);
error OrderNonceReplayed(address owner, uint64 orderNonce);
error OrderNonceTooOld(address owner, uint64 orderNonce);
error AssetUnknown(uint256 asset);
error VaultOfAnotherOwner(uint256 row, address owner);
error GrantIsNotSigned(uint256 grant, address owner);
error GrantDoesNotCover(uint256 row, uint256 grant);
error ShardOfAnotherDomain(uint256 row, uint32 shard);
error WithdrawalExpired(uint256 row, uint64 expiresAtMs);

// Lists.

error SettlementsArePaused();
error CallerIsNotOperator(uint32 shard, address caller);
error ListNumberIsNotNext(uint64 expected, uint64 actual);
error ListIsNotChained(bytes32 expected, bytes32 actual);
error EpochIsNotNext(uint64 expected, uint64 actual);
error BatchesCloseInOrder(uint256 batch, uint64 closedAtMs);
error BatchClosesInTheFuture(uint256 batch, uint64 closedAtMs);
error MarketOfAnotherShard(uint32 marketId, uint32 shard);
error CircuitUnknown(uint256 circuit);
error CircuitIsTooSmall(uint256 capacity, uint256 count);
error ParametersAreNotActive(uint32 marketId, uint256 commitment);
error OracleIsMalformed(uint256 batch);
error WordsAreMalformed(uint256 place);
error OwnersAreNotAscending(uint256 row);
error OwnerIsReserved(address owner);
error PoolIsOverstated(uint256 column, uint256 stated, uint256 settled);
error CommitmentOutOfField(uint256 commitment);

// Agreements.

error ShardIsZero();
error AgreementIsNotActive(uint32 shard);
error FeeIsNotExact(uint256 expected, uint256 actual);
error FeeWasRefused();
error OperatorIsZero();
error VerifierHasNoCode(address verifier);
error CircuitIsMalformed(uint256 circuit);
error MarketIsRegistered(uint32 marketId);
error MarketIsMalformed(uint32 marketId);
error ParametersAreRegistered(uint32 marketId, uint256 commitment);

// Vaults.

error AmountOutOfRange(uint256 units);
error TokenIsUnusable(address token);
error TransferIsNotExact(address token, uint256 expected, uint256 actual);
error CallerIsNotOwner(address owner, address caller);
error ExitIsNotRequested(uint32 shard, address owner);
error ExitIsRequested(uint32 shard, address owner);
error ExitIsNotDue(uint64 dueBlock);
error VaultIsUnlocked(uint32 shard, address owner);
error NothingIsPending(address token, address account);
error CallerIsNotGuardian(address caller);
error ConstructionIsMalformed();
