// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Pays many receivers of one token at once; the kind of contract that users write
contract Disperse {
    function pay(IERC20 token, address[] calldata receivers, uint256[] calldata amounts) external {
        for (uint256 i = 0; i < receivers.length; ++i) {
            require(token.transferFrom(msg.sender, receivers[i], amounts[i]));
        }
    }
}
