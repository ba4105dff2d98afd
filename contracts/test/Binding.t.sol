// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DataVector} from "../src/DataVector.sol";
import {ILawVerifier} from "../src/ILawVerifier.sol";
import {World} from "./World.sol";

/// Goal: the public inputs are those of docs/protocol/binding.md. Method: the page's data vector
/// written out in full, zeros included, evaluated term by term, and expected at the verifier.
contract BindingTest is World {
    uint256 private constant P = DataVector.FIELD;

    function test_the_public_inputs_are_the_commitment_the_point_and_the_value() public {
        checkInputs(3, 0);
        checkInputs(2, 1);
    }

    /// Every word of the data moves the value.
    function test_the_value_depends_on_every_section() public {
        Scene memory s = scene(2);
        (uint256[] memory d,) = dataVector(s, 8, 64, 66);
        uint256 r = uint256(keccak256("point")) % P;
        uint256 value = naive(d, r);
        for (uint256 k = 0; k < d.length; k++) {
            d[k] += 1;
            assertTrue(naive(d, r) != value, "the value moves");
            d[k] -= 1;
        }
    }

    function checkInputs(uint256 count, uint256 circuit) private {
        Scene memory s = scene(count);
        s.proof.circuit = circuit;
        s.list.poolBefore[1] = 77 << 64;
        (uint256[] memory d, bytes32 listHash) =
            circuit == 0 ? dataVector(s, 8, 64, 66) : dataVector(s, 1, 2, 4);
        uint256 r = uint256(keccak256(abi.encode(listHash, s.proof.dataCommitment))) % P;
        bytes32[] memory inputs = new bytes32[](3);
        inputs[0] = bytes32(s.proof.dataCommitment);
        inputs[1] = bytes32(r);
        inputs[2] = bytes32(naive(d, r));
        vm.expectCall(address(verifier), abi.encodeCall(ILawVerifier.verify, (hex"c0de", inputs)));
        settle(s);
        (, bytes32 settled) = base.listChains(SHARD);
        assertTrue(settled == listHash, "the list hash is the page's");
    }

    function naive(uint256[] memory d, uint256 r) private pure returns (uint256 y) {
        uint256 x = 1;
        for (uint256 k = 0; k < d.length; k++) {
            assertTrue(d[k] < P, "an element lies in the field");
            y = addmod(y, mulmod(d[k], x, P), P);
            x = mulmod(x, r, P);
        }
    }

    /// D of the page for a list of one batch.
    function dataVector(Scene memory s, uint256 batchMax, uint256 orderMax, uint256 vaultMax)
        private
        view
        returns (uint256[] memory d, bytes32 listHash)
    {
        uint256 w = ASSET_WORDS;
        uint256 ordersAt = 5 + w + batchMax * (6 + 2 * w);
        uint256 changesAt = ordersAt + 2 * orderMax;
        d = new uint256[](changesAt + vaultMax * w);
        uint256 rows = s.book.rows.length;
        (, uint64 lastBatch,) = base.marketProgress(MARKET);
        d[0] = pack(uint32(SHARD), uint32(MARKET), s.list.number, s.list.epochNumber);
        d[0] = d[0] * 2 ** 48 + 2 ** 40 + WIDTH * 2 ** 32 + rows * 2 ** 16 + s.list.owners.length + 2;
        (d[1], d[2]) = halves(s.list.previousListHash);
        (d[5], d[6]) = (s.list.poolBefore[0], s.list.poolBefore[1]);
        fillBatch(d, s, 5 + w, lastBatch + 1);
        for (uint256 k = 0; k < rows; k++) {
            (d[ordersAt + 2 * k], d[ordersAt + 2 * k + 1]) = orderWords(s.book.rows[k]);
        }
        for (uint256 k = 0; k < s.list.changes.length; k++) {
            d[changesAt + k] = s.list.changes[k];
        }
        listHash = listHashOf(d, s, 5 + w, ordersAt);
        (d[3], d[4]) = halves(listHash);
    }

    /// The halves of the list hash are still zero in D.
    function listHashOf(
        uint256[] memory d,
        Scene memory s,
        uint256 batchesAt,
        uint256 ordersAt
    ) private view returns (bytes32) {
        bytes32[8] memory parts;
        parts[0] = keccak256("lawbook.diffList.v1");
        parts[1] = base.domainSeparator();
        parts[2] = keccak256(abi.encodePacked(slice(d, 0, batchesAt)));
        parts[3] = keccak256(abi.encodePacked(slice(d, batchesAt, 6 + 2 * ASSET_WORDS)));
        parts[4] = keccak256(abi.encodePacked(slice(d, ordersAt, 2 * s.book.rows.length)));
        parts[5] = keccak256(abi.encodePacked(s.list.owners));
        parts[6] = keccak256(abi.encodePacked(s.list.changes));
        parts[7] = keccak256("");
        return keccak256(abi.encode(parts));
    }

    function fillBatch(uint256[] memory d, Scene memory s, uint256 offset, uint256 number)
        private
        view
    {
        uint256 closedAtMs = s.list.batches[0].closedAtMs;
        uint256 rows = s.book.rows.length;
        d[offset] = ((number * 2 ** 64 + closedAtMs) * 2 ** 64 + closedAtMs - 10) * 2 ** 24;
        d[offset] += rows * 2 ** 8;
        bytes memory ids = "lawbook.orderSet.v1\x00";
        for (uint256 k = 0; k < rows; k++) {
            ids = bytes.concat(ids, digestOf(orderHash(s.book.rows[k].order)));
        }
        (d[offset + 1], d[offset + 2]) = halves(sha256(bytes.concat(ids, bytes8(uint64(rows)))));
        bytes memory oracle = bytes.concat("lawbook.oracleSnapshot.v1\x00", s.list.batches[0].oracle);
        (d[offset + 3], d[offset + 4]) = halves(sha256(oracle));
        d[offset + 5] = PARAMETERS;
        for (uint256 k = 0; k < WIDTH; k++) {
            d[offset + 6 + k / 3] += (10 ** 12 + k) * 2 ** (64 * (k % 3));
            d[offset + 8 + k / 3] += (10 ** 12 - k) * 2 ** (64 * (k % 3));
        }
    }

    function orderWords(Row memory row) private pure returns (uint256 terms, uint256 came) {
        terms = pack(0, 0, row.order.budget, row.order.limitNumerator);
        terms = terms * 2 ** 64 + row.order.limitDenominator;
        terms = terms * 2 ** 32 + row.order.minFillPpm;
        terms = terms * 2 ** 8 + row.order.pay;
        terms = terms * 2 ** 16 + row.order.product;
        came = pack(0, 0, row.paid, row.received) * 2 ** 32 + uint256(row.vault) * 2 ** 16;
    }

    function pack(uint32 a, uint32 b, uint64 c, uint64 d) private pure returns (uint256) {
        return ((uint256(a) * 2 ** 32 + b) * 2 ** 64 + c) * 2 ** 64 + d;
    }

    function halves(bytes32 digest) private pure returns (uint256, uint256) {
        return (uint256(digest) / 2 ** 128, uint256(digest) % 2 ** 128);
    }

    function slice(uint256[] memory d, uint256 from, uint256 count)
        private
        pure
        returns (uint256[] memory part)
    {
        part = new uint256[](count);
        for (uint256 k = 0; k < count; k++) {
            part[k] = d[from + k];
        }
    }
}
