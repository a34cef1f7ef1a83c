// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title The forensic log's newest root, where nobody can take it back
/// @notice One account writes the size and root of a transparency log (RFC 6962, SHA-256). Each must
/// come with a proof that the longer tree only adds to the one before, so this contract is a witness
/// too: the log cannot be rewritten, forked or rolled back behind what stands here, not even by
/// whoever holds both its keys. It can do nothing else: it calls nobody, and no brake knows it.
/// @dev Sizes only grow. The proof is checked as in RFC 9162, section 2.1.4.2. Every root is in an
/// event; storage holds the newest.
contract RecordAnchor {
    /// @notice The one account that writes. For another, deploy another contract.
    address public immutable writer;

    /// @notice SHA-256 of the log's origin line: which log this is.
    bytes32 public immutable log;

    /// @notice The root of the first `size` leaves.
    bytes32 public root;

    /// @notice How many leaves the newest root covers.
    uint64 public size;

    /// @notice When it was written, in seconds since 1970.
    uint64 public time;

    event Anchored(uint64 indexed size, bytes32 root);

    /// @notice The caller does not write here.
    error NotTheWriter();
    /// @notice A log only grows.
    error NotLonger();
    /// @notice The tree is not shown to continue the one that stands here.
    error NotAContinuation();

    constructor(address writer_, bytes32 log_) {
        (writer, log) = (writer_, log_);
    }

    /// @notice Write a longer tree's root.
    /// @param size_ How many leaves it covers.
    /// @param proof The consistency proof from the size that stands here; empty for the first root.
    function anchor(uint64 size_, bytes32 root_, bytes32[] calldata proof) external {
        if (msg.sender != writer) revert NotTheWriter();
        if (size_ <= size) revert NotLonger();
        if (!continues(size, root, size_, root_, proof)) revert NotAContinuation();
        (root, size, time) = (root_, size_, uint64(block.timestamp));
        emit Anchored(size_, root_);
    }

    /// @notice Whether a tree of `new_` leaves continues one of `old` leaves.
    function continues(
        uint64 old,
        bytes32 oldRoot,
        uint64 new_,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) public pure returns (bool) {
        if (old == 0) return proof.length == 0;
        if (old >= new_) return old == new_ && oldRoot == newRoot && proof.length == 0;
        // A perfect tree is itself the first node of the proof.
        bool perfect = old & (old - 1) == 0;
        if (!perfect && proof.length == 0) return false;
        bytes32 before = perfect ? oldRoot : proof[0];
        bytes32 whole = before;
        (uint64 place, uint64 last) = (old - 1, new_ - 1);
        while (place & 1 == 1) (place, last) = (place >> 1, last >> 1);
        for (uint256 i = perfect ? 0 : 1; i < proof.length; ++i) {
            if (last == 0) return false;
            if (place & 1 == 1 || place == last) {
                before = _node(proof[i], before);
                whole = _node(proof[i], whole);
                while (place & 1 == 0 && place != 0) (place, last) = (place >> 1, last >> 1);
            } else {
                whole = _node(whole, proof[i]);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        return last == 0 && before == oldRoot && whole == newRoot;
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(hex"01", left, right));
    }
}
