"""How protocols are governed: OpenZeppelin and Compound governors and timelocks, Safe."""

_BATCH = "address[] targets, uint256[] values, bytes[] calldatas"
_COMPOUND_CALL = "address target, uint256 value, string signature, bytes data, uint256 eta"
_COMPOUND_EVENT = (
    "bytes32 indexed txHash, address indexed target, uint256 value, string signature, bytes data,"
    " uint256 eta"
)

INTERFACE = f"""
// Governor and its votes
event ProposalCreated(uint256 proposalId, address proposer, address[] targets,
    uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart,
    uint256 voteEnd, string description);
event ProposalQueued(uint256 proposalId, uint256 etaSeconds);
event ProposalExecuted(uint256 proposalId);
event ProposalCanceled(uint256 proposalId);
event VoteCast(address indexed voter, uint256 proposalId, uint8 support, uint256 weight,
    string reason);
event VoteCastWithParams(address indexed voter, uint256 proposalId, uint8 support,
    uint256 weight, string reason, bytes params);
event VotingDelaySet(uint256 oldVotingDelay, uint256 newVotingDelay);
event VotingPeriodSet(uint256 oldVotingPeriod, uint256 newVotingPeriod);
event ProposalThresholdSet(uint256 oldProposalThreshold, uint256 newProposalThreshold);
event QuorumNumeratorUpdated(uint256 oldQuorumNumerator, uint256 newQuorumNumerator);
event TimelockChange(address oldTimelock, address newTimelock);
event DelegateChanged(address indexed delegator, address indexed fromDelegate,
    address indexed toDelegate);
event DelegateVotesChanged(address indexed delegate, uint256 previousVotes, uint256 newVotes);

// Timelocks
event CallScheduled(bytes32 indexed id, uint256 indexed index, address target, uint256 value,
    bytes data, bytes32 predecessor, uint256 delay);
event CallExecuted(bytes32 indexed id, uint256 indexed index, address target, uint256 value,
    bytes data);
event CallSalt(bytes32 indexed id, bytes32 salt);
event Cancelled(bytes32 indexed id);
event MinDelayChange(uint256 oldDuration, uint256 newDuration);
event QueueTransaction({_COMPOUND_EVENT});
event ExecuteTransaction({_COMPOUND_EVENT});
event CancelTransaction({_COMPOUND_EVENT});
event NewDelay(uint256 indexed newDelay);
event NewAdmin(address indexed newAdmin);
event NewPendingAdmin(address indexed newPendingAdmin);

// Safe 1.3 and 1.4
event SafeSetup(address indexed initiator, address[] owners, uint256 threshold,
    address initializer, address fallbackHandler);
event ExecutionSuccess(bytes32 txHash, uint256 payment);
event ExecutionSuccess(bytes32 indexed txHash, uint256 payment);
event ExecutionFailure(bytes32 txHash, uint256 payment);
event ExecutionFailure(bytes32 indexed txHash, uint256 payment);
event ExecutionFromModuleSuccess(address indexed module);
event ExecutionFromModuleFailure(address indexed module);
event AddedOwner(address owner);
event AddedOwner(address indexed owner);
event RemovedOwner(address owner);
event RemovedOwner(address indexed owner);
event ChangedThreshold(uint256 threshold);
event EnabledModule(address module);
event EnabledModule(address indexed module);
event DisabledModule(address module);
event DisabledModule(address indexed module);
event ChangedGuard(address guard);
event ChangedGuard(address indexed guard);
event ChangedFallbackHandler(address handler);
event ChangedFallbackHandler(address indexed handler);
event ApproveHash(bytes32 indexed approvedHash, address indexed owner);
event SignMsg(bytes32 indexed msgHash);
event SafeReceived(address indexed sender, uint256 value);
event ProxyCreation(address proxy, address singleton);
event ProxyCreation(address indexed proxy, address singleton);

// Governor and its votes
function propose({_BATCH}, string description);
function queue({_BATCH}, bytes32 descriptionHash);
function execute({_BATCH}, bytes32 descriptionHash);
function cancel({_BATCH}, bytes32 descriptionHash);
function castVote(uint256 proposalId, uint8 support);
function castVoteWithReason(uint256 proposalId, uint8 support, string reason);
function delegate(address delegatee);

// Timelocks
function schedule(address target, uint256 value, bytes data, bytes32 predecessor,
    bytes32 salt, uint256 delay);
function scheduleBatch(address[] targets, uint256[] values, bytes[] payloads,
    bytes32 predecessor, bytes32 salt, uint256 delay);
function execute(address target, uint256 value, bytes payload, bytes32 predecessor,
    bytes32 salt);
function executeBatch(address[] targets, uint256[] values, bytes[] payloads,
    bytes32 predecessor, bytes32 salt);
function cancel(bytes32 id);
function updateDelay(uint256 newDelay);
function queueTransaction({_COMPOUND_CALL});
function executeTransaction({_COMPOUND_CALL});
function cancelTransaction({_COMPOUND_CALL});

// Safe
function setup(address[] owners, uint256 threshold, address to, bytes data,
    address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver);
function execTransaction(address to, uint256 value, bytes data, uint8 operation,
    uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken,
    address refundReceiver, bytes signatures);
function execTransactionFromModule(address to, uint256 value, bytes data, uint8 operation);
function approveHash(bytes32 hashToApprove);
function addOwnerWithThreshold(address owner, uint256 threshold);
function removeOwner(address prevOwner, address owner, uint256 threshold);
function swapOwner(address prevOwner, address oldOwner, address newOwner);
function changeThreshold(uint256 threshold);
function enableModule(address module);
function disableModule(address prevModule, address module);
function setGuard(address guard);
function setFallbackHandler(address handler);
function multiSend(bytes transactions);
"""
