// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title What changed in Aave's PoolConfigurator after V3.0, for the tests of its adapter
/// @notice Written from the interface of `PoolConfigurator.sol`: to freeze a frozen reserve reverts
/// since V3.1, where a release from a pause may give borrowers some hours before they are liquidated,
/// and a later version has a call of its own for an LTV of 0. Pool and configurator in one.
contract ConfiguratorLike {
    uint40 public constant MAX_GRACE_PERIOD = 4 hours;

    mapping(address asset => uint256) private _configuration;
    /// @notice Until when the asset's borrowers are not liquidated.
    mapping(address asset => uint40) public getLiquidationGracePeriod;

    error InvalidFreezeState();
    error InvalidGracePeriod();
    error InvalidLtvzeroState();

    /// @dev A listed reserve: active, with an LTV of 80 %.
    function list(address asset) external {
        _configuration[asset] = 8000 | 1 << 56;
    }

    function getConfiguration(address asset) external view returns (uint256) {
        return _configuration[asset];
    }

    function setReservePause(address asset, bool paused) external {
        setReservePause(asset, paused, 0);
    }

    function setReservePause(address asset, bool paused, uint40 gracePeriod) public {
        if (!paused && gracePeriod != 0) {
            if (gracePeriod > MAX_GRACE_PERIOD) revert InvalidGracePeriod();
            getLiquidationGracePeriod[asset] = uint40(block.timestamp) + gracePeriod;
        }
        uint256 others = _configuration[asset] & ~(uint256(1) << 60);
        _configuration[asset] = others | (paused ? 1 << 60 : 0);
    }

    function setReserveFreeze(address asset, bool freeze) external {
        uint256 current = _configuration[asset];
        if ((current >> 57 & 1 == 1) == freeze) revert InvalidFreezeState();
        _configuration[asset] = current ^ 1 << 57;
    }

    function setReserveLtvzero(address asset, bool zero) external {
        uint256 current = _configuration[asset];
        if ((current & 0xffff == 0) == zero) revert InvalidLtvzeroState();
        _configuration[asset] = (current >> 16 << 16) | (zero ? 0 : 8000);
    }
}
