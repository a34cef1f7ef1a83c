"""Warnings of other protocols: our `ISecuritySignal`."""

INTERFACE = """
event SecuritySignal(bytes32 indexed signalId, address indexed issuer, bytes32 indexed targetHash,
    uint64 seq, uint64 expiry, string target, string technique, uint8 severity, uint16 confidence,
    bytes32 evidenceRoot, bytes signature);

function publish((bytes32 signalId, address issuer, uint64 seq, uint64 expiry, string target,
    string technique, uint8 severity, uint16 confidence, bytes32 evidenceRoot) signal,
    bytes signature);
"""
