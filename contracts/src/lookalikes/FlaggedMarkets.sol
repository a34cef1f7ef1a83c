// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Storage with the interface of GMX' DataStore, for the tests of its adapters
contract FlagStore {
    address private immutable _config = msg.sender;

    mapping(bytes32 key => bool) public getBool;
    mapping(bytes32 key => uint256) public getUint;

    function setBool(bytes32 key, bool value) external {
        require(msg.sender == _config);
        getBool[key] = value;
    }

    function setUint(bytes32 key, uint256 value) external {
        require(msg.sender == _config);
        getUint[key] = value;
    }
}

/// @title Settings with the interface of GMX' Config, and markets that heed them
/// @dev Ours throughout. As there: flags are per module and type of order, and a whole market that
/// is disabled is not liquidated either.
contract FlaggedMarkets {
    uint256 private constant _MARKET_INCREASE = 2;
    uint256 private constant _MARKET_DECREASE = 4;

    FlagStore public immutable dataStore = new FlagStore();
    address private immutable _owner = msg.sender;

    mapping(address account => bool) public isConfigKeeper;

    error Unauthorized(address account, string role);
    error DisabledFeature(bytes32 key);
    error DisabledMarket(address market);
    error MaxOpenInterestExceeded(uint256 openInterest, uint256 maxOpenInterest);

    modifier onlyKeeper() {
        if (!isConfigKeeper[msg.sender]) revert Unauthorized(msg.sender, "CONFIG KEEPER");
        _;
    }

    function setConfigKeeper(address account, bool keeper) external {
        require(msg.sender == _owner);
        isConfigKeeper[account] = keeper;
    }

    function setBool(bytes32 baseKey, bytes calldata data, bool value) external onlyKeeper {
        dataStore.setBool(keccak256(bytes.concat(baseKey, data)), value);
    }

    function setUint(bytes32 baseKey, bytes calldata data, uint256 value) external onlyKeeper {
        dataStore.setUint(keccak256(bytes.concat(baseKey, data)), value);
    }

    function multicall(bytes[] calldata data) external returns (bytes[] memory results) {
        results = new bytes[](data.length);
        for (uint256 i = 0; i < data.length; ++i) {
            (bool done, bytes memory result) = address(this).delegatecall(data[i]);
            if (!done) {
                assembly ("memory-safe") {
                    revert(add(result, 32), mload(result))
                }
            }
            results[i] = result;
        }
    }

    /// @notice What a user does: open or widen a position.
    function increase(address market, bool isLong, uint256 size) external view {
        _requireFeature(_MARKET_INCREASE);
        _requireMarket(market);
        uint256 most = dataStore.getUint(
            keccak256(abi.encode(keccak256(abi.encode("MAX_OPEN_INTEREST")), market, isLong))
        );
        if (size > most) revert MaxOpenInterestExceeded(size, most);
    }

    /// @notice What a user does: close or narrow a position.
    function decrease(address market) external view {
        _requireFeature(_MARKET_DECREASE);
        _requireMarket(market);
    }

    /// @notice What a keeper does: close what is under water.
    function liquidate(address market) external view {
        _requireMarket(market);
    }

    function _requireFeature(uint256 orderType) private view {
        bytes32 base = keccak256(abi.encode("CREATE_ORDER_FEATURE_DISABLED"));
        bytes32 key = keccak256(abi.encode(base, address(this), orderType));
        if (dataStore.getBool(key)) revert DisabledFeature(key);
    }

    function _requireMarket(address market) private view {
        bytes32 base = keccak256(abi.encode("IS_MARKET_DISABLED"));
        if (dataStore.getBool(keccak256(abi.encode(base, market)))) revert DisabledMarket(market);
    }
}
