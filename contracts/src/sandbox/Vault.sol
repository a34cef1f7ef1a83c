// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {RolePausable} from "./RolePausable.sol";

/// @title A vault for ether with a known flaw, for the sandbox
/// @dev THE FLAW: `withdraw` writes the balance after the payment, so a receiver that calls back
/// is paid again from the same balance. Never use this contract for real funds.
contract Vault is RolePausable {
    /// @notice The most that one transaction may withdraw.
    uint256 public immutable withdrawalLimit;

    mapping(address depositor => uint256 amount) public balanceOf;

    uint256 private transient _withdrawnInTransaction;

    event Deposited(address indexed depositor, uint256 amount);
    event Withdrawn(address indexed depositor, uint256 amount);

    error ExceedsBalance();
    error ExceedsWithdrawalLimit();
    error PaymentRefused();

    constructor(uint256 withdrawalLimit_, address admin) RolePausable(admin) {
        withdrawalLimit = withdrawalLimit_;
    }

    function deposit() external payable whenNotPaused {
        balanceOf[msg.sender] += msg.value;
        emit Deposited(msg.sender, msg.value);
    }

    function withdraw(uint256 amount) external whenNotPaused {
        uint256 balance = balanceOf[msg.sender];
        if (amount > balance) revert ExceedsBalance();
        _withdrawnInTransaction += amount;
        if (_withdrawnInTransaction > withdrawalLimit) revert ExceedsWithdrawalLimit();
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentRefused();
        balanceOf[msg.sender] = balance - amount;
        emit Withdrawn(msg.sender, amount);
    }
}
