// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title An upgradeable store of ether with a known flaw, for the sandbox
/// @notice A guardian may only pause; its owner, meant to be a timelock or a Safe, does the rest.
/// @dev THE FLAW: `withdraw` pays whoever asks, deposit or not. Never use this for real funds.
contract Granary is UUPSUpgradeable, Pausable {
    address public owner;
    address public guardian;
    /// @notice The most that one withdrawal may take.
    uint256 public cap;
    uint256 public owed;
    mapping(address depositor => uint256 amount) public balanceOf;

    error NotOwner();
    error NotGuardian();
    error ExceedsCap();
    error ExceedsBalance();
    error PaymentRefused();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    function setUp(address owner_, address guardian_, uint256 cap_) external {
        if (owner != address(0)) revert NotOwner();
        (owner, guardian, cap) = (owner_, guardian_, cap_);
    }

    function deposit() external payable whenNotPaused {
        balanceOf[msg.sender] += msg.value;
        owed += msg.value;
    }

    /// @notice Make good what is missing, whatever the state.
    function refill() external payable {}

    function withdraw(uint256 amount) external virtual whenNotPaused {
        if (amount > cap) revert ExceedsCap();
        _pay(amount);
    }

    function assets() external view returns (uint256) {
        return address(this).balance;
    }

    function setCap(uint256 cap_) external onlyOwner {
        cap = cap_;
    }

    function setGuardian(address guardian_) external onlyOwner {
        guardian = guardian_;
    }

    function pause() external {
        if (msg.sender != guardian && msg.sender != owner) revert NotGuardian();
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    function _pay(uint256 amount) internal {
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentRefused();
    }

    function _authorizeUpgrade(address) internal view override onlyOwner {}
}

/// @title The same without the flaw: what an emergency upgrade puts behind the proxy
contract GranaryMended is Granary {
    uint256 public withdrawals;

    function withdraw(uint256 amount) external override whenNotPaused {
        if (amount > cap) revert ExceedsCap();
        if (amount > balanceOf[msg.sender]) revert ExceedsBalance();
        balanceOf[msg.sender] -= amount;
        owed -= amount;
        withdrawals += 1;
        _pay(amount);
    }
}
