// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {AggregatorV3Interface} from "./interfaces/AggregatorV3Interface.sol";
import {IRiskReport} from "./interfaces/IRiskReport.sol";

/// @title A protocol's risk as an oracle with Chainlink's interface, and a richer view
/// @notice The answer is the probability of an incident within the report's horizon, with 8
/// decimals: 1e8 is certainty. Reports are signed off chain (EIP-712) by a key that can do nothing
/// else, and handed in by anyone.
///
/// What a report cannot do, whoever signed it: go back in rounds or in time, come from the future,
/// come later than `maxDelay` after what it is about, say more than certainty, or be about another
/// protocol, feed or chain. What it can do is lie: readers have to bound what they make of it
/// (`RiskDial`).
///
/// The interface's semantics: a round is there for ever once it was reported; `startedAt` is the
/// time of the block that the report is about, `updatedAt` that of the block that took it in; a
/// round that was not reported reverts, as does `latestRoundData` before the first report. Rounds may
/// have gaps: a publisher that restarts, or skips a report, does not fill them.
///
/// @dev Time is block time.
contract RiskFeed is AggregatorV3Interface, IRiskReport, ERC165, EIP712, Ownable2Step {
    bytes32 private constant _REPORT = keccak256(
        "Report(bytes32 protocol,uint80 round,uint64 observedAt,uint32 horizon,"
        "uint32 probability,uint32 probabilityHigh,uint128 exposure,uint128 expectedLoss,"
        "uint128 tailLoss,uint64 coverRate,uint64 malConsumed,uint8 standing,bytes32 record)"
    );

    /// @notice Certainty.
    uint32 public constant WHOLE = 1e8;
    /// @notice No report may come later than this, in seconds, whatever `maxDelay` says.
    uint64 public constant MAX_DELAY = 1 days;
    /// @notice No report may leave out more rounds, or a stolen key could use up all there are.
    uint80 public constant MAX_SKIP = 2 ** 32;
    uint8 private constant _STANDINGS = 4;

    /// @inheritdoc IRiskReport
    bytes32 public immutable protocol;
    /// @inheritdoc AggregatorV3Interface
    string public description;
    /// @notice How late a report may come, in seconds after what it is about.
    uint64 public maxDelay;
    /// @notice Whose reports count.
    mapping(address account => bool) public isReporter;

    Report private _latest;
    struct Round {
        int256 answer;
        uint64 startedAt;
        uint64 updatedAt;
    }
    mapping(uint80 round => Round) private _rounds;

    /// @dev Chainlink's event, so that its tools see an answer.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);
    event Reported(uint80 indexed round, bytes32 indexed record, address indexed reporter);
    event ReporterSet(address indexed account, bool reports);
    event MaxDelaySet(uint64 maxDelay);

    /// @notice Nobody who may report signed this, for this feed, as it is.
    error NotReporter(address recovered);
    /// @notice A report of this round or a later one, or of as late a block, is there; or it leaves
    /// out too many rounds.
    error OutOfOrder(uint80 round, uint64 observedAt);
    /// @notice It is about a block that is too old, or not there yet.
    error Stale(uint64 observedAt);
    /// @notice A number lies outside of what it can mean.
    error OutOfRange();
    /// @notice Without an owner nobody could replace a reporter.
    error OwnerRequired();

    /// @param safe The Safe that owns it: says who reports, and how late.
    constructor(address safe, bytes32 protocol_, string memory description_, uint64 maxDelay_)
        Ownable(safe)
        EIP712("Firebreak risk", "1")
    {
        protocol = protocol_;
        description = description_;
        _setMaxDelay(maxDelay_);
    }

    // ------------------------------------------------------------------ what a publisher does

    /// @notice Hand in a signed report. Anyone may.
    function report(Report calldata its, bytes calldata signature) external {
        if (
            its.round <= _latest.round || its.round - _latest.round > MAX_SKIP
                || its.observedAt <= _latest.observedAt
        ) revert OutOfOrder(_latest.round, _latest.observedAt);
        if (its.observedAt > block.timestamp || block.timestamp - its.observedAt > maxDelay) {
            revert Stale(its.observedAt);
        }
        if (its.probability > its.probabilityHigh || its.probabilityHigh > WHOLE) {
            revert OutOfRange();
        }
        if (its.horizon == 0 || its.coverRate > WHOLE || its.standing >= _STANDINGS) {
            revert OutOfRange();
        }
        (address by, ECDSA.RecoverError failed,) = ECDSA.tryRecover(digestOf(its), signature);
        if (failed != ECDSA.RecoverError.NoError || !isReporter[by]) revert NotReporter(by);
        _latest = its;
        int256 answer = int256(uint256(its.probability));
        _rounds[its.round] = Round(answer, its.observedAt, uint64(block.timestamp));
        emit Reported(its.round, its.record, by);
        emit AnswerUpdated(answer, its.round, block.timestamp);
    }

    // ------------------------------------------------------------------ what anyone may ask

    /// @notice What a reporter signs.
    function digestOf(Report calldata its) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_REPORT, protocol, its)));
    }

    /// @notice By ERC-165, which of its interfaces a reader may count on.
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(AggregatorV3Interface).interfaceId
            || interfaceId == type(IRiskReport).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IRiskReport
    function latestReport() external view returns (Report memory) {
        return _latest;
    }

    /// @inheritdoc AggregatorV3Interface
    function decimals() external pure returns (uint8) {
        return 8;
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure returns (uint256) {
        return 1;
    }

    /// @inheritdoc AggregatorV3Interface
    function getRoundData(uint80 roundId)
        public
        view
        returns (uint80, int256 answer, uint256 startedAt, uint256 updatedAt, uint80)
    {
        Round storage its = _rounds[roundId];
        require(its.updatedAt != 0, "No data present");
        return (roundId, its.answer, its.startedAt, its.updatedAt, roundId);
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData()
        external
        view
        returns (uint80, int256 answer, uint256 startedAt, uint256 updatedAt, uint80)
    {
        return getRoundData(_latest.round);
    }

    // ------------------------------------------------------------------ what the Safe does

    /// @notice Let an account report, or no more.
    function setReporter(address account, bool reports) external onlyOwner {
        if (account == address(0)) revert OutOfRange();
        isReporter[account] = reports;
        emit ReporterSet(account, reports);
    }

    /// @notice Say how late a report may come.
    function setMaxDelay(uint64 maxDelay_) external onlyOwner {
        _setMaxDelay(maxDelay_);
    }

    /// @notice Ownership is handed over in two steps and never given up.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    function _setMaxDelay(uint64 maxDelay_) private {
        if (maxDelay_ == 0 || maxDelay_ > MAX_DELAY) revert OutOfRange();
        maxDelay = maxDelay_;
        emit MaxDelaySet(maxDelay_);
    }
}
