// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {RolePausable} from "./RolePausable.sol";

/// @title Money that others may draw, each by a role, for the sandbox
/// @dev It stands apart from the code and the keys that draw, so that it can be braked when those
/// have become a thief's.
contract Coffer is RolePausable {
    bytes32 public constant DRAWER_ROLE = keccak256("DRAWER_ROLE");

    constructor(address admin) RolePausable(admin) {}

    function draw(IERC20 token, address to, uint256 amount) external onlyRole(DRAWER_ROLE) whenNotPaused {
        token.transfer(to, amount);
    }
}

/// @title A desk behind an upgradeable proxy that pays from a coffer on its clerk's word
contract PayDesk {
    address public clerk;
    Coffer public coffer;

    function setUp(address clerk_, Coffer coffer_) external {
        require(clerk == address(0), "set up");
        (clerk, coffer) = (clerk_, coffer_);
    }

    function pay(IERC20 token, address to, uint256 amount) external virtual {
        require(msg.sender == clerk, "clerk");
        coffer.draw(token, to, amount);
    }
}

/// @title What a thief puts behind that proxy: anyone may be paid
contract OpenPayDesk is PayDesk {
    function pay(IERC20 token, address to, uint256 amount) external override {
        coffer.draw(token, to, amount);
    }
}
