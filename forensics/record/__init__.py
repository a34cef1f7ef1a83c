"""The forensic record: an append-only transparency log of what was seen, decided, done and changed.

`merkle`, `tiles`, `note`, `checkpoint`, `proof` and `leaf` are pure; `log_writer` and `log_reader`
keep it, `keeper` appends and `sealing` signs, `witness_client` and `anchoring` let others vouch for
it, `rebuilding` makes it again, `verification` checks it whole.
"""
