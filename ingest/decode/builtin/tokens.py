"""Tokens: ERC-20, ERC-721, ERC-1155, ERC-4626 vaults, wrapped ether."""

INTERFACE = """
event Transfer(address indexed from, address indexed to, uint256 value);
event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);
event Approval(address indexed owner, address indexed spender, uint256 value);
event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId);
event ApprovalForAll(address indexed owner, address indexed operator, bool approved);
event TransferSingle(address indexed operator, address indexed from, address indexed to,
    uint256 id, uint256 value);
event TransferBatch(address indexed operator, address indexed from, address indexed to,
    uint256[] ids, uint256[] values);
event URI(string value, uint256 indexed id);
event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);
event Withdraw(address indexed sender, address indexed receiver, address indexed owner,
    uint256 assets, uint256 shares);
event Deposit(address indexed dst, uint256 wad);
event Withdrawal(address indexed src, uint256 wad);

function name();
function symbol();
function decimals();
function totalSupply();
function balanceOf(address account);
function allowance(address owner, address spender);
function transfer(address to, uint256 value);
function transferFrom(address from, address to, uint256 value);
function approve(address spender, uint256 value);
function increaseAllowance(address spender, uint256 addedValue);
function decreaseAllowance(address spender, uint256 subtractedValue);
function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v,
    bytes32 r, bytes32 s);
function mint(address to, uint256 amount);
function burn(uint256 amount);
function burnFrom(address account, uint256 amount);
function ownerOf(uint256 tokenId);
function tokenURI(uint256 tokenId);
function getApproved(uint256 tokenId);
function isApprovedForAll(address owner, address operator);
function setApprovalForAll(address operator, bool approved);
function safeTransferFrom(address from, address to, uint256 tokenId);
function safeTransferFrom(address from, address to, uint256 tokenId, bytes data);
function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes data);
function safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] values,
    bytes data);
function balanceOf(address account, uint256 id);
function balanceOfBatch(address[] accounts, uint256[] ids);
function uri(uint256 id);
function onERC721Received(address operator, address from, uint256 tokenId, bytes data);
function onERC1155Received(address operator, address from, uint256 id, uint256 value,
    bytes data);
function onERC1155BatchReceived(address operator, address from, uint256[] ids,
    uint256[] values, bytes data);
function tokensReceived(address operator, address from, address to, uint256 amount,
    bytes userData, bytes operatorData);
function supportsInterface(bytes4 interfaceId);
function asset();
function totalAssets();
function convertToShares(uint256 assets);
function convertToAssets(uint256 shares);
function maxDeposit(address receiver);
function maxMint(address receiver);
function maxWithdraw(address owner);
function maxRedeem(address owner);
function previewDeposit(uint256 assets);
function previewMint(uint256 shares);
function previewWithdraw(uint256 assets);
function previewRedeem(uint256 shares);
function deposit(uint256 assets, address receiver);
function mint(uint256 shares, address receiver);
function withdraw(uint256 assets, address receiver, address owner);
function redeem(uint256 shares, address receiver, address owner);
function deposit();
function withdraw(uint256 wad);
"""
