// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Bounded} from "../Bounded.sol";
import {OutflowBucket} from "../OutflowBucket.sol";

/// @title The sandbox's vault for ether, flaw and all, behind a bucket
/// @dev THE FLAW: `withdraw` writes the balance after the payment, so a receiver that calls back
/// is paid again from the same balance. Never use this contract for real funds.
contract BoundedVault is Bounded {
    mapping(address depositor => uint256 amount) public balanceOf;

    error ExceedsBalance();
    error PaymentRefused();

    constructor(OutflowBucket bucket_) Bounded(bucket_) {}

    function deposit() external payable bounded(address(0)) {
        balanceOf[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external bounded(address(0)) {
        uint256 balance = balanceOf[msg.sender];
        if (amount > balance) revert ExceedsBalance();
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentRefused();
        unchecked {
            balanceOf[msg.sender] = balance - amount;
        }
    }
}
