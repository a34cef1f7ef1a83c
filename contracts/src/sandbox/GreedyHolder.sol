// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {ParametricCover} from "../ParametricCover.sol";

/// @title A holder of cover that asks for more while it is paid, for the tests of `ParametricCover`
contract GreedyHolder {
    ParametricCover private immutable _cover;
    uint256 private _policy;
    bytes32 private _assertion;

    /// @notice How often it was paid.
    uint256 public paid;
    /// @notice Whether it got more when it asked again while it was paid.
    bool public gotMore;

    constructor(ParametricCover cover) payable {
        _cover = cover;
    }

    receive() external payable {
        paid += 1;
        bytes[2] memory tries = [
            abi.encodeCall(ParametricCover.withdraw, (payable(address(this)))),
            abi.encodeCall(ParametricCover.claim, (_policy, _assertion))
        ];
        for (uint256 place = 0; place < tries.length; place++) {
            (bool done,) = address(_cover).call(tries[place]);
            gotMore = gotMore || done;
        }
    }

    function buy(uint128 amount, uint64 duration) external payable {
        _policy = _cover.buy{value: msg.value}(amount, duration, msg.value);
    }

    function collect(bytes32 assertion) external {
        _assertion = assertion;
        _cover.claim(_policy, assertion);
        _cover.withdraw(payable(address(this)));
    }
}
