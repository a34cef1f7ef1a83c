// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";
import {ISecuritySignal} from "../ISecuritySignal.sol";

/// @title How a protocol may listen to signals on chain
/// @notice Coins may be withdrawn up to a limit a block. While enough of the neighbours it listens to
/// warn of one target, the limit is a tenth: it tightens and never stops, whoever lies.
contract WarnedVault {
    uint256 public constant LIMIT = 10 ether;
    uint8 private constant _HIGH = 3;

    ISecuritySignal public immutable signals;
    uint256 public immutable needed;
    string public target;
    address[] private _issuers;

    mapping(address account => uint256) public balanceOf;
    mapping(uint256 blockNumber => uint256) private _gone;

    error NoSignals();
    error OverLimit(uint256 left);
    error NotPaid();

    constructor(ISecuritySignal signals_, string memory target_, address[] memory issuers, uint256 n)
    {
        if (!ERC165Checker.supportsInterface(address(signals_), type(ISecuritySignal).interfaceId)) {
            revert NoSignals();
        }
        signals = signals_;
        target = target_;
        _issuers = issuers;
        needed = n;
    }

    function deposit() external payable {
        balanceOf[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external {
        uint256 most = limit();
        uint256 gone = _gone[block.number];
        uint256 left = most > gone ? most - gone : 0;
        if (amount > left) revert OverLimit(left);
        balanceOf[msg.sender] -= amount;
        _gone[block.number] += amount;
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert NotPaid();
    }

    function limit() public view returns (uint256) {
        return warnings() >= needed ? LIMIT / 10 : LIMIT;
    }

    function warnings() public view returns (uint256 count) {
        for (uint256 i = 0; i < _issuers.length; i++) {
            if (signals.warningOf(_issuers[i], target).severity >= _HIGH) count++;
        }
    }
}
