// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BrakeGate} from "./BrakeGate.sol";

/// @title k of n independent operators before a broad brake
/// @notice The only responder of a `BrakeGate`. It passes a brake on when k of its n operators have
/// signed that they want it, each with a node and detectors of its own. More than one is needed, and
/// never all: no single operator can brake, and none can keep the others from it.
///
/// What an operator signs names the brake, the round and a time of expiry, and nothing that two who
/// watch by themselves could see differently: no alert, no incident. A round is used up by its brake,
/// so signatures work once. Anyone may send them: who pays for the transaction has no say.
///
/// @dev Nothing is left to the sender to choose. The action id follows from brake and round, and the
/// epoch is the gate's latest: a sender's epoch could jump and fence off everybody else.
///
/// Give narrow brakes (T1), which one operator may pull, a gate of their own. Behind one gate they
/// would share its budget, and one operator could spend what the quorum needs.
contract OperatorQuorum is Ownable2Step, EIP712 {
    /// @notice One operator's word.
    struct Consent {
        /// @dev Until when it is valid, in seconds since 1970.
        uint64 expires;
        /// @dev 65 bytes, over the EIP-712 hash of target, data, round and expiry.
        bytes signature;
    }

    /// @notice The longest that a signature may be valid, in seconds.
    uint64 public constant MAX_VALIDITY = 1 hours;

    /// @notice The most operators there may be.
    uint256 public constant MAX_OPERATORS = 32;

    bytes32 private constant _CONSENT =
        keccak256("Consent(address target,bytes data,uint256 round,uint64 expires)");

    /// @notice The gate that is braked through.
    BrakeGate public immutable gate;

    /// @notice How many operators have to sign.
    uint256 public threshold;

    /// @notice How often a call was made, by the gate's `brakeId`; the next brake is of this round.
    mapping(bytes32 id => uint256) public rounds;

    mapping(address account => bool) public isOperator;

    address[] private _operators;

    event OperatorsSet(address[] operators, uint256 threshold);

    /// @notice Fewer than the threshold have signed.
    error TooFewOperators();
    /// @notice A signature is not one of an operator's for this brake, this round and this time, or
    /// they are not in the rising order of the operators' addresses.
    error NotAnOperator();
    /// @notice A signature has expired, or would be valid for too long.
    error OutOfTime();
    /// @notice One operator must never be enough, nor all be needed; all must differ.
    error OutOfRange();
    /// @notice Without an owner nobody could replace an operator.
    error OwnerRequired();

    /// @param safe The Safe that names the operators.
    constructor(address safe, BrakeGate gate_, address[] memory operators_, uint256 threshold_)
        Ownable(safe)
        EIP712("Firebreak OperatorQuorum", "1")
    {
        gate = gate_;
        _set(operators_, threshold_);
    }

    /// @notice Make one of the gate's allow-listed calls, on the word of k operators.
    /// @param target The contract to brake.
    /// @param data The whole calldata, exactly as allow-listed.
    /// @param consents The operators' words, in the rising order of their addresses.
    function brake(address target, bytes calldata data, Consent[] calldata consents) external {
        if (consents.length < threshold) revert TooFewOperators();
        bytes32 id = gate.brakeId(target, data);
        uint256 round = rounds[id];
        _check(target, data, round, consents);
        rounds[id] = round + 1;
        gate.brake(actionOf(id, round), gate.latestEpoch(), target, data);
    }

    /// @notice The gate's name for a brake's action in a round.
    function actionOf(bytes32 id, uint256 round) public view returns (bytes32) {
        return keccak256(abi.encode(address(this), id, round));
    }

    /// @notice Who the operators are.
    function operators() external view returns (address[] memory) {
        return _operators;
    }

    /// @notice Name other operators. Signatures of those who are gone are worth nothing at once.
    function setOperators(address[] calldata operators_, uint256 threshold_) external onlyOwner {
        for (uint256 i = 0; i < _operators.length; ++i) isOperator[_operators[i]] = false;
        _set(operators_, threshold_);
    }

    /// @notice Ownership is handed over in two steps and never given up.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    function _set(address[] memory operators_, uint256 threshold_) private {
        uint256 count = operators_.length;
        if (threshold_ < 2 || threshold_ >= count || count > MAX_OPERATORS) revert OutOfRange();
        for (uint256 i = 0; i < count; ++i) {
            if (operators_[i] == address(0) || isOperator[operators_[i]]) revert OutOfRange();
            isOperator[operators_[i]] = true;
        }
        (_operators, threshold) = (operators_, threshold_);
        emit OperatorsSet(operators_, threshold_);
    }

    /// @dev The rising order makes them differ. Each has a time of its own: operators need not agree
    /// on a clock.
    function _check(address target, bytes calldata data, uint256 round, Consent[] calldata consents)
        private
        view
    {
        bytes32 hashed = keccak256(data);
        address last = address(0);
        for (uint256 i = 0; i < consents.length; ++i) {
            uint64 expires = consents[i].expires;
            if (block.timestamp >= expires || expires > block.timestamp + MAX_VALIDITY) {
                revert OutOfTime();
            }
            bytes32 digest = _hashTypedDataV4(
                keccak256(abi.encode(_CONSENT, target, hashed, round, expires))
            );
            (address signer,,) = ECDSA.tryRecover(digest, consents[i].signature);
            if (signer <= last || !isOperator[signer]) revert NotAnOperator();
            last = signer;
        }
    }
}
