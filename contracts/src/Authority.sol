// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {GrantDoesNotCover, GrantIsNotSigned, SpendsAreAuthorised} from "./Errors.sol";
import {Frame, OrderRow, SignedGrant} from "./Lists.sol";
import {NonceRing, OrderNonces} from "./OrderNonces.sol";
import {SessionGrant, SignedTypes} from "./SignedTypes.sol";

/// Who signed what, and whether it was used before.
///
/// The typed data is the exchange's own (packages/exchange/src/orders/signedTypes.ts), with this
/// contract as the venue. A session that rests on a secret of the venue proves nothing here, so
/// orders of such sessions cannot be settled.
abstract contract Authority is EIP712 {
    using OrderNonces for NonceRing;
    using SignedTypes for SessionGrant;

    uint256 internal constant SCOPE_TRADE = 2;
    uint256 internal constant WITHDRAWAL_LANE = 1 << 32;

    /// By owner and lane: a lane is a market, or the withdrawals of a shard.
    mapping(address owner => mapping(uint256 lane => NonceRing)) internal _nonces;

    constructor() EIP712("Lawbook", "1") {}

    /// Separates signatures for this contract on this chain from all others.
    function domainSeparator() public view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// Whether an order nonce of a market could still be settled.
    function isOrderNonceFresh(address owner, uint32 marketId, uint64 orderNonce)
        external
        view
        returns (bool)
    {
        return _nonces[owner][marketId].isFresh(orderNonce);
    }

    /// Whether a nonce of a withdrawal from a shard could still be settled.
    function isWithdrawalNonceFresh(address owner, uint32 shard, uint64 orderNonce)
        external
        view
        returns (bool)
    {
        return _nonces[owner][WITHDRAWAL_LANE | shard].isFresh(orderNonce);
    }

    /// Each grant carries its owner's signature and trades for a delegate's key.
    function _checkGrants(SignedGrant[] calldata grants) internal view {
        for (uint256 k = 0; k < grants.length; k++) {
            SessionGrant calldata grant = grants[k].grant;
            bytes32 digest = _hashTypedDataV4(grant.hash());
            bool counts = grant.delegate != address(0) && grant.scopes & SCOPE_TRADE != 0
                && _isSignedBy(grant.owner, digest, grants[k].signature);
            if (!counts) revert GrantIsNotSigned(k, grant.owner);
        }
    }

    /// The owner's signature, or that of a delegate whom a grant covers.
    function _checkAuthorised(
        Frame memory frame,
        SignedGrant[] calldata grants,
        bytes calldata signature,
        bytes32 digest,
        uint64 lastsUntilMs
    ) internal view {
        OrderRow memory entry = frame.entry;
        address owner = entry.order.owner;
        if (entry.grant == 0) {
            if (!_isSignedBy(owner, digest, signature)) revert SpendsAreAuthorised(frame.row, owner);
            return;
        }
        uint256 place = entry.grant - 1;
        if (place >= grants.length) revert GrantDoesNotCover(frame.row, place);
        SessionGrant calldata grant = grants[place].grant;
        bool covers = grant.owner == owner && grant.expiresAtMs >= lastsUntilMs;
        if (!covers) revert GrantDoesNotCover(frame.row, place);
        if (_signerOf(digest, signature) != grant.delegate) {
            revert SpendsAreAuthorised(frame.row, owner);
        }
    }

    /// The signer by the curve; zero for anything but a valid signature with a low s.
    function _signerOf(bytes32 digest, bytes calldata signature) private pure returns (address) {
        (address signer, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        return fault == ECDSA.RecoverError.NoError ? signer : address(0);
    }

    /// Tries the curve first: it is cheaper than asking whether the owner has code.
    /// @dev ERC-1271 for owners that are contracts.
    function _isSignedBy(address owner, bytes32 digest, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        if (owner != address(0) && _signerOf(digest, signature) == owner) return true;
        if (owner.code.length == 0) return false;
        return SignatureChecker.isValidERC1271SignatureNow(owner, digest, signature);
    }
}
