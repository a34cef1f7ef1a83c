"""Bridges: how they tell that a message from another chain took effect."""

INTERFACE = """
// Nomad, Hyperlane
event Process(bytes32 indexed messageHash, bool indexed success, bytes indexed returnData);
event Process(uint32 indexed origin, bytes32 indexed sender, address indexed recipient);
event ProcessId(bytes32 indexed messageId);

// Optimism and its kind
event RelayedMessage(bytes32 indexed msgHash);
event FailedRelayedMessage(bytes32 indexed msgHash);
event SentMessage(address indexed target, address sender, bytes message, uint256 messageNonce,
    uint256 gasLimit);

// CCIP, Wormhole, LayerZero
event ExecutionStateChanged(uint64 indexed sequenceNumber, bytes32 indexed messageId,
    uint8 state, bytes returnData);
event ExecutionStateChanged(uint64 indexed sourceChainSelector, uint64 indexed sequenceNumber,
    bytes32 indexed messageId, bytes32 messageHash, uint8 state, bytes returnData,
    uint256 gasUsed);
event TransferRedeemed(uint16 indexed emitterChainId, bytes32 indexed emitterAddress,
    uint64 indexed sequence);
event LogMessagePublished(address indexed sender, uint64 sequence, uint32 nonce, bytes payload,
    uint8 consistencyLevel);
event OFTReceived(bytes32 indexed guid, uint32 srcEid, address indexed toAddress,
    uint256 amountReceivedLD);
event ReceiveFromChain(uint16 indexed srcChainId, address indexed to, uint256 amount);
event PacketDelivered((uint32 srcEid, bytes32 sender, uint64 nonce) origin, address receiver);

// what arrived of which token: Optimism's standard bridge, Multichain
event ERC20BridgeFinalized(address indexed localToken, address indexed remoteToken,
    address indexed from, address to, uint256 amount, bytes extraData);
event DepositFinalized(address indexed l1Token, address indexed l2Token, address indexed from,
    address to, uint256 amount, bytes extraData);
event LogAnySwapIn(bytes32 indexed txhash, address indexed token, address indexed to,
    uint256 amount, uint256 fromChainID, uint256 toChainID);

function process(bytes message);
function relayMessage(uint256 nonce, address sender, address target, uint256 value,
    uint256 minGasLimit, bytes message);
function completeTransfer(bytes encodedVm);
"""
