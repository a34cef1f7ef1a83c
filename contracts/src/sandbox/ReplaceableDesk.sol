// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {PayDesk} from "./Coffer.sol";

/// @title A desk behind OpenZeppelin's ERC1967Proxy (UUPS): its own code says who may replace it
/// @notice That is whoever has been given a role for it at the coffer, which no code of a desk can change.
contract ReplaceableDesk is PayDesk, UUPSUpgradeable {
    bytes32 public constant RELEASER_ROLE = keccak256("RELEASER_ROLE");

    function _authorizeUpgrade(address) internal view virtual override {
        require(coffer.hasRole(RELEASER_ROLE, msg.sender), "releaser");
    }
}

/// @title What a thief puts behind that proxy: anyone may be paid, and the thief alone replaces it
contract SeizedDesk is ReplaceableDesk {
    address private immutable _thief;

    constructor(address thief) {
        _thief = thief;
    }

    function pay(IERC20 token, address to, uint256 amount) external override {
        coffer.draw(token, to, amount);
    }

    function _authorizeUpgrade(address) internal view override {
        require(msg.sender == _thief, "thief");
    }
}
