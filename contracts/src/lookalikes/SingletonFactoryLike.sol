// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title The factory of ERC-2470, which a Zodiac Roles modifier keeps its conditions with
/// @notice On real chains it is there, at one address; for tests this takes its place.
contract SingletonFactoryLike {
    function deploy(bytes memory code, bytes32 salt) external returns (address created) {
        assembly ("memory-safe") {
            created := create2(0, add(code, 32), mload(code), salt)
        }
    }
}
