// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title Pays back what was lost, by a snapshot of balances at a block
/// @notice Anybody may claim for an account; the token goes to the account. Each account is paid
/// once. Nobody can change the root, and nobody can take anything back before the end.
/// @dev Leaves are hashed twice (OpenZeppelin's StandardMerkleTree, `["address", "uint256"]`), so no
/// inner node can be passed off as a leaf. Create it, fund it, then let it be looked at: `claim`
/// works only as long as the fund lasts, so `funded` says whether all can be paid.
contract Restitution {
    using SafeERC20 for IERC20;

    IERC20 public immutable token;
    bytes32 public immutable root;
    /// @notice What all claims come to.
    uint256 public immutable total;
    /// @notice The block whose balances the root is made of.
    uint256 public immutable snapshotBlock;
    /// @notice From when on what nobody claimed goes back; seconds since 1970.
    uint256 public immutable end;
    /// @notice Where it goes back to.
    address public immutable remainder;

    uint256 public paid;
    mapping(address account => bool) public claimed;

    event Claimed(address indexed account, uint256 amount);
    event Returned(uint256 amount);

    error AlreadyClaimed();
    error NotInTree();
    error ExceedsTotal();
    error NotYet();
    error Worthless();

    constructor(
        IERC20 token_,
        bytes32 root_,
        uint256 total_,
        uint256 snapshotBlock_,
        uint256 end_,
        address remainder_
    ) {
        if (
            root_ == 0 || total_ == 0 || remainder_ == address(0) || end_ <= block.timestamp
                || snapshotBlock_ >= block.number
        ) revert Worthless();
        (token, root, total) = (token_, root_, total_);
        (snapshotBlock, end, remainder) = (snapshotBlock_, end_, remainder_);
    }

    /// @notice Whether there is enough for everyone who has not claimed yet.
    function funded() external view returns (bool) {
        return token.balanceOf(address(this)) >= total - paid;
    }

    function claim(address account, uint256 amount, bytes32[] calldata proof) external {
        if (claimed[account]) revert AlreadyClaimed();
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, amount))));
        if (!MerkleProof.verifyCalldata(proof, root, leaf)) revert NotInTree();
        // A root over more than the total would let the first ones take what is others'.
        if (amount > total - paid) revert ExceedsTotal();
        claimed[account] = true;
        paid += amount;
        emit Claimed(account, amount);
        token.safeTransfer(account, amount);
    }

    /// @notice After the end, send what is left where it came from.
    function finish() external {
        if (block.timestamp < end) revert NotYet();
        uint256 left = token.balanceOf(address(this));
        emit Returned(left);
        token.safeTransfer(remainder, left);
    }
}
