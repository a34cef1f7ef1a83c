// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title A place where protocols warn each other
/// @notice For any protocol to adopt: a place to publish, an event to listen to, a question to ask.
/// Whoever reads decides by itself whose word counts; the place only says who spoke. ERC-165 tells
/// whether a contract is one.
///
/// A signal is an EIP-712 statement of the domain {name: "SecuritySignal", version: "1"}: neither
/// chain nor contract is part of it, so one signature serves every place and every other carrier.
interface ISecuritySignal is IERC165 {
    /// @param signalId The issuer's name for what it warns of; a later signal may speak of it again.
    /// @param issuer Whose word it is: the account that signed.
    /// @param seq Rises with every signal of the issuer.
    /// @param expiry Until when it counts, in seconds since 1970; at most seven days from now.
    /// @param target What is in danger, or the danger, as CAIP-10.
    /// @param technique MITRE AADAPT id, such as ADT3012.004.
    /// @param severity 1 low, 2 medium, 3 high, 4 critical.
    /// @param confidence In basis points; 0 takes back what was said of `signalId`.
    /// @param evidenceRoot Merkle root or hash of what the issuer has, or 0.
    struct Signal {
        bytes32 signalId;
        address issuer;
        uint64 seq;
        uint64 expiry;
        string target;
        string technique;
        uint8 severity;
        uint16 confidence;
        bytes32 evidenceRoot;
    }

    /// @notice An issuer's newest word on a target; zeros where there is none that counts now.
    struct Warning {
        uint64 seq;
        uint64 expiry;
        uint8 severity;
        uint16 confidence;
        bytes32 signalId;
    }

    /// @notice All of a signal, so that whoever has the log needs nothing else to check it.
    /// @param targetHash Keccak-256 of `target`, to listen to one target alone.
    event SecuritySignal(
        bytes32 indexed signalId,
        address indexed issuer,
        bytes32 indexed targetHash,
        uint64 seq,
        uint64 expiry,
        string target,
        string technique,
        uint8 severity,
        uint16 confidence,
        bytes32 evidenceRoot,
        bytes signature
    );

    /// @notice A field lies outside of what it may hold.
    error OutOfRange();
    /// @notice It has expired, or asks to be believed for too long.
    error OutOfTime();
    /// @notice This issuer has spoken with this sequence, or a higher one, before.
    error OldSequence();
    /// @notice The issuer has not signed this.
    error NotTheIssuer();

    /// @notice Publish a signal. Anyone may bring it: who pays for the transaction has no say.
    /// @param signature 65 bytes, r, s (in the lower half) and v, of the issuer over `hashOf`.
    function publish(Signal calldata signal, bytes calldata signature) external;

    /// @notice The hash that an issuer signs.
    function hashOf(Signal calldata signal) external view returns (bytes32);

    /// @notice The highest sequence of an issuer that was published here; its next is higher.
    function seqOf(address issuer) external view returns (uint64);

    /// @notice What an issuer says of a target now.
    function warningOf(address issuer, string calldata target)
        external
        view
        returns (Warning memory);
}
