"""What is published so that anyone can claim, and anyone can check: root, amounts, proofs."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from responders.recovery.merkle import shares, tree, verified
from schemas.errors import ConfigurationError
from schemas.units import Account, Chain, Hash, Height, Uint, split_account, uint

MAX_FILE_BYTES = 2 * 1024**3
"""A million accounts, with twenty hashes each, come to 1.6 kB an account."""


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one account is paid, and the proof of it."""

    account: Account
    amount: Uint
    proof: tuple[Hash, ...]


class Restitution(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole restitution: a JSON file."""

    chain: Chain
    token: Account
    """Whose balances are counted."""
    block: Height
    block_hash: Hash
    fund: Uint
    total: Uint
    """What all claims come to; what rounding leaves of the fund is not promised to anybody."""
    root: Hash
    claims: tuple[Claim, ...]


def restitution(
    token: str, block: int, block_hash: str, balances: Mapping[str, int], fund: int
) -> Restitution:
    """Return who is paid what of the fund, by these balances; `token` is CAIP-10.

    Raises `ConfigurationError` when there is nobody to pay.
    """
    chain, _ = split_account(token)
    amounts = shares(balances, fund)
    made = tree(amounts)
    return Restitution(
        chain=chain,
        token=token,
        block=block,
        block_hash=block_hash,
        fund=str(fund),
        total=str(sum(amount for _, amount in amounts)),
        root="0x" + made.root.hex(),
        claims=tuple(
            Claim(
                f"{chain}:{account}",
                str(amount),
                tuple("0x" + node.hex() for node in made.proof(account)),
            )
            for account, amount in amounts
        ),
    )


def read(path: Path) -> Restitution:
    """Return what a file holds, not checked. Raises `ConfigurationError` when it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigurationError(f"{path}: larger than {MAX_FILE_BYTES:,} bytes")
        return msgspec.json.decode(path.read_bytes(), type=Restitution)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def check(found: Restitution) -> None:
    """Compute a restitution again from its amounts alone.

    Raises `ConfigurationError` naming what is wrong with it: an account that is there twice, a sum
    that is not the total, a total beyond the fund, a root or a proof that is not theirs.
    """
    amounts = [(split_account(one.account)[1], uint(one.amount)) for one in found.claims]
    if len({split_account(one.account)[0] for one in found.claims} | {found.chain}) != 1:
        raise ConfigurationError("a claim is on another chain")
    root = tree(amounts).root
    total = sum(amount for _, amount in amounts)
    if total != uint(found.total):
        raise ConfigurationError(f"the amounts come to {total}, not to {found.total}")
    if total > uint(found.fund):
        raise ConfigurationError(f"the fund has {found.fund}, the amounts come to {total}")
    if found.root != "0x" + root.hex():
        raise ConfigurationError(f"the amounts have the root 0x{root.hex()}, not {found.root}")
    for one, (account, amount) in zip(found.claims, amounts, strict=True):
        proof = [bytes.fromhex(node[2:]) for node in one.proof]
        if not verified(root, account, amount, proof):
            raise ConfigurationError(f"{one.account}: its proof does not lead to the root")
