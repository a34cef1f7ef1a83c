// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title What of Compound V2's Comptroller has to do with braking, for the tests of its adapter
/// @notice Written from the interface of `Comptroller.sol`, none of whose compiled code is in a public
/// package. The pause guardian can pause, only the admin can resume; a borrow cap of 0 is no cap.
contract ComptrollerLike {
    address public immutable admin;
    address public pauseGuardian;
    address public borrowCapGuardian;

    mapping(address market => bool) public mintGuardianPaused;
    mapping(address market => bool) public borrowGuardianPaused;
    bool public transferGuardianPaused;
    bool public seizeGuardianPaused;
    mapping(address market => uint256) public borrowCaps;

    event ActionPaused(address market, string action, bool pauseState);
    event ActionPaused(string action, bool pauseState);
    event NewBorrowCap(address indexed market, uint256 newBorrowCap);

    constructor(address guardian) {
        (admin, pauseGuardian, borrowCapGuardian) = (msg.sender, guardian, guardian);
    }

    modifier onlyPauser(bool state) {
        require(
            msg.sender == pauseGuardian || msg.sender == admin,
            "only pause guardian and admin can pause"
        );
        require(msg.sender == admin || state, "only admin can unpause");
        _;
    }

    function _setMintPaused(address market, bool state) external onlyPauser(state) returns (bool) {
        mintGuardianPaused[market] = state;
        emit ActionPaused(market, "Mint", state);
        return state;
    }

    function _setBorrowPaused(address market, bool state)
        external
        onlyPauser(state)
        returns (bool)
    {
        borrowGuardianPaused[market] = state;
        emit ActionPaused(market, "Borrow", state);
        return state;
    }

    function _setTransferPaused(bool state) external onlyPauser(state) returns (bool) {
        transferGuardianPaused = state;
        emit ActionPaused("Transfer", state);
        return state;
    }

    function _setSeizePaused(bool state) external onlyPauser(state) returns (bool) {
        seizeGuardianPaused = state;
        emit ActionPaused("Seize", state);
        return state;
    }

    function _setMarketBorrowCaps(address[] calldata markets, uint256[] calldata caps) external {
        require(
            msg.sender == admin || msg.sender == borrowCapGuardian,
            "only admin or borrow cap guardian can set borrow caps"
        );
        require(markets.length != 0 && markets.length == caps.length, "invalid input");
        for (uint256 i = 0; i < markets.length; ++i) {
            borrowCaps[markets[i]] = caps[i];
            emit NewBorrowCap(markets[i], caps[i]);
        }
    }

    function mintAllowed(address market, address, uint256) external view returns (uint256) {
        require(!mintGuardianPaused[market], "mint is paused");
        return 0;
    }

    /// @dev Every loan counts from nothing here: what was borrowed before is not kept.
    function borrowAllowed(address market, address, uint256 amount)
        external
        view
        returns (uint256)
    {
        require(!borrowGuardianPaused[market], "borrow is paused");
        uint256 cap = borrowCaps[market];
        require(cap == 0 || amount < cap, "market borrow cap reached");
        return 0;
    }

    function transferAllowed(address, address, address, uint256) external view returns (uint256) {
        require(!transferGuardianPaused, "transfer is paused");
        return 0;
    }

    function seizeAllowed(address, address, address, address, uint256)
        external
        view
        returns (uint256)
    {
        require(!seizeGuardianPaused, "seize is paused");
        return 0;
    }
}
