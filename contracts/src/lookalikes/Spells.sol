// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Whom the voters lifted, with the part of Sky's chief that others ask
/// @dev Ours throughout, as all in this file.
contract Hat {
    address private immutable _voters = msg.sender;
    address public hat;

    function lift(address spell) external {
        require(msg.sender == _voters);
        hat = spell;
    }
}

/// @title A debt ceiling that the hat may wipe, with the interface of Sky's LineMom
contract DebtCeiling {
    Hat private immutable _chief;
    address private immutable _owner = msg.sender;

    mapping(bytes32 ilk => uint256) public line;

    constructor(Hat chief) {
        _chief = chief;
    }

    function file(bytes32 ilk, uint256 line_) external {
        require(msg.sender == _owner);
        line[ilk] = line_;
    }

    function wipe(bytes32 ilk) external {
        require(msg.sender == _chief.hat(), "LineMom/not-authorized");
        line[ilk] = 0;
    }

    /// @notice What a user does: draw debt.
    function draw(bytes32 ilk, uint256 amount) external view {
        require(amount <= line[ilk], "Vat/ceiling-exceeded");
    }

    /// @notice What a user does: repay it.
    function repay() external pure {}
}

/// @title With the interface of Sky's emergency spells: `schedule` acts at once, for whoever calls
contract LineWipeSpell {
    DebtCeiling private immutable _ceiling;
    bytes32 private immutable _ilk;

    constructor(DebtCeiling ceiling, bytes32 ilk) {
        (_ceiling, _ilk) = (ceiling, ilk);
    }

    function schedule() external {
        _ceiling.wipe(_ilk);
    }

    function done() external view returns (bool) {
        return _ceiling.line(_ilk) == 0;
    }

    function expiration() external pure returns (uint256) {
        return type(uint256).max;
    }
}

/// @title An ordinary spell: its `schedule` plans a change of the protocol
contract OrdinarySpell {
    bool public done;

    function schedule() external {
        done = true;
    }

    function expiration() external view returns (uint256) {
        return block.timestamp + 30 days;
    }
}

/// @title Plans that wait for their time, with the interface of Sky's DSPause
contract WaitingPlans {
    Hat private immutable _chief;
    address private immutable _owner = msg.sender;

    mapping(bytes32 id => bool) public plans;

    constructor(Hat chief) {
        _chief = chief;
    }

    function plot(address usr, bytes32 tag, bytes calldata fax, uint256 eta) external {
        require(msg.sender == _owner);
        plans[keccak256(abi.encode(usr, tag, fax, eta))] = true;
    }

    function drop(address usr, bytes32 tag, bytes calldata fax, uint256 eta) external {
        require(msg.sender == _chief.hat(), "ds-auth-unauthorized");
        plans[keccak256(abi.encode(usr, tag, fax, eta))] = false;
    }

    /// @notice What anyone does once its time has come.
    function exec(address usr, bytes32 tag, bytes calldata fax, uint256 eta) external view {
        require(plans[keccak256(abi.encode(usr, tag, fax, eta))], "ds-pause-unplotted-plan");
    }
}

/// @title With the interface of Sky's Protego: anyone drops any plan, while it wears the hat
contract PlanDropper {
    WaitingPlans public immutable pause;

    constructor(WaitingPlans pause_) {
        pause = pause_;
    }

    function drop(address usr, bytes32 tag, bytes calldata fax, uint256 eta) external {
        pause.drop(usr, tag, fax, eta);
    }

    function planned(address usr, bytes32 tag, bytes calldata fax, uint256 eta)
        external
        view
        returns (bool)
    {
        return pause.plans(keccak256(abi.encode(usr, tag, fax, eta)));
    }
}
