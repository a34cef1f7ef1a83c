"""How a chain of Ethereum's kind encodes what it hashes: what a header commits to can be computed
again from what a node answered, by anybody."""
