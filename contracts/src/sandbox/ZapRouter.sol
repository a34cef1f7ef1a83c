// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {RolePausable} from "./RolePausable.sol";

/// @title A router that takes a token from its user and calls whatever the user names, for the tests
/// @dev THE FLAW: a token can be named, so anyone may move what others approved to the router. Its
/// admin can refuse a target. Never approve anything real to this contract.
contract ZapRouter is RolePausable {
    using SafeERC20 for IERC20;

    mapping(address target => bool) public refused;

    error Refused();

    constructor(address admin) RolePausable(admin) {}

    function refuse(address target) external onlyRole(DEFAULT_ADMIN_ROLE) {
        refused[target] = true;
    }

    function zap(IERC20 token, uint256 amount, address target, bytes calldata data)
        external
        whenNotPaused
    {
        if (refused[target]) revert Refused();
        if (amount > 0) {
            token.safeTransferFrom(msg.sender, address(this), amount);
            token.forceApprove(target, amount);
        }
        Address.functionCall(target, data);
    }
}
