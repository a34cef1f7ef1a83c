// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title With the interface of Morpho's Vault V2, as far as its sentinels reach
/// @dev Ours throughout. Caps are absolute amounts and shares of 1e18; a change that waits for its
/// timelock is named by its whole calldata.
contract SentinelVault {
    address public immutable curator = msg.sender;

    mapping(address account => bool) public isSentinel;
    mapping(bytes32 id => uint256) public absoluteCap;
    mapping(bytes32 id => uint256) public relativeCap;
    mapping(bytes32 id => uint256) public allocation;
    mapping(bytes data => uint256) public executableAt;

    error Unauthorized();
    error AbsoluteCapNotDecreasing();
    error RelativeCapNotDecreasing();
    error AbsoluteCapExceeded();
    error DataNotTimelocked();

    modifier onlyBraking() {
        if (msg.sender != curator && !isSentinel[msg.sender]) revert Unauthorized();
        _;
    }

    modifier onlyCurator() {
        if (msg.sender != curator) revert Unauthorized();
        _;
    }

    function setIsSentinel(address account, bool sentinel) external onlyCurator {
        isSentinel[account] = sentinel;
    }

    function submit(bytes calldata data) external onlyCurator {
        executableAt[data] = block.timestamp;
    }

    function revoke(bytes calldata data) external onlyBraking {
        if (executableAt[data] == 0) revert DataNotTimelocked();
        executableAt[data] = 0;
    }

    /// @notice What anyone does once a change has waited long enough.
    function accept(bytes calldata data) external view {
        if (executableAt[data] == 0) revert DataNotTimelocked();
    }

    function increaseAbsoluteCap(bytes calldata idData, uint256 cap) external onlyCurator {
        absoluteCap[keccak256(idData)] = cap;
    }

    function increaseRelativeCap(bytes calldata idData, uint256 cap) external onlyCurator {
        relativeCap[keccak256(idData)] = cap;
    }

    function decreaseAbsoluteCap(bytes calldata idData, uint256 cap) external onlyBraking {
        bytes32 id = keccak256(idData);
        if (cap > absoluteCap[id]) revert AbsoluteCapNotDecreasing();
        absoluteCap[id] = cap;
    }

    function decreaseRelativeCap(bytes calldata idData, uint256 cap) external onlyBraking {
        bytes32 id = keccak256(idData);
        if (cap > relativeCap[id]) revert RelativeCapNotDecreasing();
        relativeCap[id] = cap;
    }

    /// @notice What an allocator does; `data` is the id's.
    function allocate(address, bytes calldata data, uint256 assets) external {
        bytes32 id = keccak256(data);
        allocation[id] += assets;
        if (allocation[id] > absoluteCap[id] || relativeCap[id] == 0) revert AbsoluteCapExceeded();
    }

    function deallocate(address, bytes calldata data, uint256 assets) external onlyBraking {
        allocation[keccak256(data)] -= assets;
    }

    /// @notice What a user does: take out what is not allocated, whatever the caps.
    function withdraw() external pure {}

    /// @notice What hurts when an adapter's market is drained: all that is allocated there.
    function lose(bytes calldata data, uint256 assets) external {
        allocation[keccak256(data)] -= assets;
    }
}
