"""Halt requests of watchers from outside: our `BondedRequests`."""

INTERFACE = """
event HaltRequested(bytes32 indexed id, address indexed target, address indexed watcher,
    bytes32 claim, bytes32 evidence, uint256 bond, uint256 reward, uint256 challengeUntil);
event HaltRequestChallenged(bytes32 indexed id, address indexed challenger, uint256 stake,
    uint256 deadline);
event HaltRequestUpheld(bytes32 indexed id, address indexed watcher, uint256 reward);
event HaltRequestRejected(bytes32 indexed id, address indexed harmed, address indexed challenger,
    uint256 slashed);
event HaltRequestReleased(bytes32 indexed id, address indexed watcher);

function request(address target, bytes32 claim, bytes32 evidence, uint128 leastReward);
function challenge(bytes32 id);
function uphold(bytes32[] ids);
function reject(bytes32 id);
"""
