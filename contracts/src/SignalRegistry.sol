// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ISecuritySignal} from "./ISecuritySignal.sol";

/// @title A registry of security signals
/// @notice Open to every issuer, owned by nobody, with nothing to configure: it says who spoke, and
/// never who is right. What is cheap to check is checked before the signature.
///
/// Of an issuer's signals about one target the newest counts, whatever its severity.
/// @dev Strings are bounded by what CAIP-10 and AADAPT allow, so a signal's cost is bounded too.
contract SignalRegistry is ISecuritySignal {
    /// @notice The longest that a signal may ask to be believed, in seconds.
    uint64 public constant MAX_LIFETIME = 7 days;

    bytes32 private constant _DOMAIN = keccak256(
        abi.encode(
            keccak256("EIP712Domain(string name,string version)"),
            keccak256("SecuritySignal"),
            keccak256("1")
        )
    );

    bytes32 private constant _SIGNAL = keccak256(
        "SecuritySignal(bytes32 signalId,address issuer,uint64 seq,uint64 expiry,string target,"
        "string technique,uint8 severity,uint16 confidence,bytes32 evidenceRoot)"
    );

    uint256 private constant _SHORTEST_TARGET = 48;
    uint256 private constant _LONGEST_TARGET = 84;
    uint256 private constant _SHORTEST_TECHNIQUE = 7;
    uint256 private constant _LONGEST_TECHNIQUE = 11;
    uint8 private constant _CRITICAL = 4;
    uint16 private constant _WHOLE = 10_000;

    /// @inheritdoc ISecuritySignal
    mapping(address issuer => uint64) public seqOf;

    mapping(address issuer => mapping(bytes32 target => Warning)) private _newest;

    /// @inheritdoc ISecuritySignal
    function publish(Signal calldata signal, bytes calldata signature) external {
        if (
            bytes(signal.target).length < _SHORTEST_TARGET
                || bytes(signal.target).length > _LONGEST_TARGET
                || bytes(signal.technique).length < _SHORTEST_TECHNIQUE
                || bytes(signal.technique).length > _LONGEST_TECHNIQUE || signal.severity == 0
                || signal.severity > _CRITICAL || signal.confidence > _WHOLE
        ) revert OutOfRange();
        if (signal.expiry <= block.timestamp || signal.expiry > block.timestamp + MAX_LIFETIME) {
            revert OutOfTime();
        }
        if (signal.seq <= seqOf[signal.issuer]) revert OldSequence();
        (address signer, ECDSA.RecoverError trouble,) =
            ECDSA.tryRecover(hashOf(signal), signature);
        if (trouble != ECDSA.RecoverError.NoError || signer != signal.issuer) revert NotTheIssuer();

        seqOf[signal.issuer] = signal.seq;
        bytes32 target = keccak256(bytes(signal.target));
        _newest[signal.issuer][target] = Warning({
            seq: signal.seq,
            expiry: signal.expiry,
            severity: signal.severity,
            confidence: signal.confidence,
            signalId: signal.signalId
        });
        _tell(signal, target, signature);
    }

    /// @inheritdoc ISecuritySignal
    function warningOf(address issuer, string calldata target)
        external
        view
        returns (Warning memory its)
    {
        its = _newest[issuer][keccak256(bytes(target))];
        if (its.expiry <= block.timestamp || its.confidence == 0) delete its;
    }

    /// @inheritdoc ISecuritySignal
    function hashOf(Signal calldata signal) public pure returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(
            _DOMAIN,
            keccak256(
                abi.encode(
                    _SIGNAL,
                    signal.signalId,
                    signal.issuer,
                    signal.seq,
                    signal.expiry,
                    keccak256(bytes(signal.target)),
                    keccak256(bytes(signal.technique)),
                    signal.severity,
                    signal.confidence,
                    signal.evidenceRoot
                )
            )
        );
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(ISecuritySignal).interfaceId
            || interfaceId == type(IERC165).interfaceId;
    }

    function _tell(Signal calldata signal, bytes32 target, bytes calldata signature) private {
        emit SecuritySignal(
            signal.signalId,
            signal.issuer,
            target,
            signal.seq,
            signal.expiry,
            signal.target,
            signal.technique,
            signal.severity,
            signal.confidence,
            signal.evidenceRoot,
            signature
        );
    }
}
