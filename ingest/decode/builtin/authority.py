"""Who may do what: Pausable, Ownable, AccessControl, upgradeable proxies, our gate."""

INTERFACE = """
event Paused(address account);
event Unpaused(address account);
event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);
event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender);
event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender);
event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole,
    bytes32 indexed newAdminRole);
event RoleGranted(uint64 indexed roleId, address indexed account, uint32 delay, uint48 since,
    bool newMember);
event RoleRevoked(uint64 indexed roleId, address indexed account);
event RoleGuardianChanged(uint64 indexed roleId, uint64 indexed guardian);
event TargetClosed(address indexed target, bool closed);
event TargetFunctionRoleUpdated(address indexed target, bytes4 selector, uint64 indexed roleId);
event TargetAdminDelayUpdated(address indexed target, uint32 delay, uint48 since);

// ERC-1967 and initialisation
event Upgraded(address indexed implementation);
event BeaconUpgraded(address indexed beacon);
event AdminChanged(address previousAdmin, address newAdmin);
event Initialized(uint8 version);
event Initialized(uint64 version);

// Proxies of before ERC-1967, of other families, and diamonds (ERC-2535)
event Upgraded(address implementation);
event Upgraded(uint256 version, address indexed implementation);
event ProxyOwnershipTransferred(address previousOwner, address newOwner);
event ProxyOwnershipTransferred(address indexed previousOwner, address indexed newOwner);
event ImplementationUpdated(address oldImplementation, address newImplementation);
event ImplementationUpdated(address indexed oldImplementation,
    address indexed newImplementation);
event ImplementationUpdated(address newImplementation);
event ImplementationUpdated(address indexed newImplementation);
event ChangedMasterCopy(address singleton);
event DiamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] diamondCut,
    address init, bytes data);
event DiamondCut((address facetAddress, uint8 action, bytes4[] functionSelectors)[] diamondCut);

// Firebreak's gate
event Braked(bytes32 indexed actionId, address indexed target, address indexed responder,
    bytes4 selector, uint64 epoch);

function pause();
function unpause();
function paused();
function owner();
function transferOwnership(address newOwner);
function acceptOwnership();
function renounceOwnership();
function hasRole(bytes32 role, address account);
function grantRole(bytes32 role, address account);
function revokeRole(bytes32 role, address account);
function renounceRole(bytes32 role, address account);
function implementation();
function upgradeTo(address newImplementation);
function upgradeToAndCall(address newImplementation, bytes data);
function changeAdmin(address newAdmin);
function brake(bytes32 actionId, uint64 epoch, address target, bytes data);
"""
