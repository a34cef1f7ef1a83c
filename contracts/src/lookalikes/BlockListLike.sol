// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token with FiatToken's block-list, for the tests of an eradication
contract BlockListLike is ERC20 {
    address public immutable blacklister;
    mapping(address account => bool) public isBlacklisted;

    error Blocked();
    error NotBlacklister();

    constructor(address blacklister_, uint256 supply) ERC20("Listed", "LST") {
        blacklister = blacklister_;
        _mint(msg.sender, supply);
    }

    function blacklist(address account) external {
        if (msg.sender != blacklister) revert NotBlacklister();
        isBlacklisted[account] = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isBlacklisted[from] || isBlacklisted[to]) revert Blocked();
        super._update(from, to, value);
    }
}
