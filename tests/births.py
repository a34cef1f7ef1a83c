"""Contracts that a recorded transaction deploys."""

from schemas.chain import Deployment


def born(code: str, of: str = "", creation: str = "0x") -> Deployment:
    """Return one with this code, deployed by the transaction `of`."""
    return Deployment(
        id="0" * 64,
        chain="eip155:1",
        block=1,
        block_hash="0x" + "ab" * 32,
        timestamp=1,
        tx=of,
        index=0,
        address="0x" + "c0" * 20,
        creator="0x" + "aa" * 20,
        factory="0x" + "aa" * 20,
        code_hash="0x" + "00" * 32,
        code=code,
        creation=creation,
    )
