// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title A contract under an AccessManager, for the tests of its adapter
contract ManagedCounter is AccessManaged {
    uint256 public count;

    constructor(address manager) AccessManaged(manager) {}

    function increase() external restricted {
        count += 1;
    }

    function increaseUnmanaged() external {
        count += 1;
    }
}
