"""Our on-chain contracts: Solidity sources and their compiled artefacts, as data."""
