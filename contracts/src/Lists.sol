// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DataVector} from "./DataVector.sol";
import {ILawVerifier} from "./ILawVerifier.sol";
import {BatchOrder, SessionGrant, Withdrawal} from "./SignedTypes.sol";

// What an operator hands to `BaseLayer.settle`.

/// One batch of a list.
struct Batch {
    uint64 closedAtMs;
    uint16 orderCount;
    /// A halted batch trades nothing.
    bool isHalted;
    /// The parameters it cleared under, by the commitment that was registered.
    uint256 parameters;
    /// The oracle snapshot in the exchange's canonical encoding.
    bytes oracle;
    /// Clearing prices, three to a word, the first in the lowest 64 bits.
    uint256[] prices;
}

/// What a list pays out of vaults: signed, and no concern of the circuit.
struct SignedWithdrawal {
    Withdrawal withdrawal;
    bytes signature;
}

/// The state diff list of one epoch of one market.
struct DiffList {
    uint32 shard;
    uint64 number;
    bytes32 previousListHash;
    uint32 marketId;
    uint64 epochNumber;
    Batch[] batches;
    /// What the laws took the pool to hold before the epoch, three to a word.
    uint256[] poolBefore;
    /// Users that have a vault row, ascending. Rows 0 and 1 are the market's pool and fees.
    address[] owners;
    /// Signed changes by vault row, three to a word, in two's complement of 64 bits.
    uint256[] changes;
    SignedWithdrawal[] withdrawals;
}

/// A row of the order table: the signed terms and what came of them. `OrderRows` reads it out of
/// the calldata.
struct OrderRow {
    BatchOrder order;
    /// The terms as the data vector packs them.
    uint256 terms;
    /// Paid 64, received 64 and the vault row of the owner 16.
    uint256 outcome;
    /// Zero for a signature of the owner, else one more than the place of the grant.
    uint256 grant;
    /// A void row takes no part: it had expired by the close, or its signature is of a cancel.
    bool isVoid;
    /// Where its signature lies in the packed rows, up to the row behind it. Not read for a row
    /// that pays nothing and is not cancelled.
    uint256 signatureAt;
    uint256 end;
}

struct SignedGrant {
    SessionGrant grant;
    bytes signature;
}

struct OrderBook {
    /// How many rows are packed.
    uint256 count;
    /// One row behind another, packed as `OrderRows` reads them.
    bytes rows;
    SignedGrant[] grants;
}

struct LawProof {
    /// Place of the circuit in the agreement.
    uint256 circuit;
    /// The circuit's own hash of the data vector.
    uint256 dataCommitment;
    bytes proof;
}

/// A size of the laws' circuit: most batches, orders and vault rows of a list, and how many
/// words of three assets each a row of assets takes.
struct Circuit {
    ILawVerifier verifier;
    uint8 batches;
    uint8 assetWords;
    uint16 orders;
    uint16 vaults;
}

/// What a settlement carries from step to step.
struct Frame {
    uint32 shard;
    uint32 marketId;
    uint256 width;
    uint256 columns;
    uint256 assetWords;
    uint64 firstBatch;
    /// Closing time of the last batch that was taken, of this list or of those before.
    uint64 closedAtMs;
    /// The batch and the order row that are being taken.
    uint256 batch;
    bool isHalted;
    uint256 parameters;
    uint256 row;
    OrderRow entry;
    bytes32 domainSeparator;
    Circuit circuit;
    DataVector.Sections sections;
    /// By word of three columns, the bits that lie in no column.
    uint256[] spareBits;
    /// What the rows of each vault and column pay, row-major.
    uint256[] paid;
    /// What every column sums to so far, in two's complement.
    uint256[] sums;
}
