"""Everyone in the tree is paid once what the tree says, and nobody else is paid anything."""

import msgspec
import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from responders.recovery.merkle import leaf, shares, tree, verified
from responders.recovery.restitution import Claim, Restitution, check, restitution
from schemas.errors import ConfigurationError

ACCOUNTS = st.integers(1, 2**160 - 1).map(lambda number: f"0x{number:040x}")
BALANCES = st.dictionaries(ACCOUNTS, st.integers(1, 2**128), min_size=1, max_size=40)
TOKEN = "eip155:1:0x" + "22" * 20
HASH = "0x" + "ab" * 32


def made(balances: dict[str, int], fund: int) -> Restitution:
    return restitution(TOKEN, 7, HASH, balances, fund)


def test_the_root_is_the_one_of_openzeppelin_s_own_example() -> None:
    """Its README, `@openzeppelin/merkle-tree` 1.0."""
    values = [("0x" + "11" * 20, 5 * 10**18), ("0x" + "22" * 20, 25 * 10**17)]
    expected = "d4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77"
    assert tree(values).root.hex() == expected
    assert tree(values[::-1]).root.hex() == expected


@given(BALANCES)
def test_each_leaf_is_proved_and_no_other_amount_is(balances: dict[str, int]) -> None:
    whole = tree(list(balances.items()))
    for account, amount in balances.items():
        proof = whole.proof(account)
        assert verified(whole.root, account, amount, proof)
        assert not verified(whole.root, account, amount + 1, proof)
        assert not verified(whole.root, f"0x{int(account, 16) ^ 1:040x}", amount, proof) or (
            f"0x{int(account, 16) ^ 1:040x}" in balances
        )
        assert len(proof) <= len(balances).bit_length()


@given(BALANCES)
def test_no_inner_node_is_a_leaf(balances: dict[str, int]) -> None:
    """A second preimage: 64 bytes that hash to an inner node, given as account and amount."""
    whole = tree(list(balances.items()))
    count = len(balances)
    leaves = {leaf(account, amount) for account, amount in balances.items()}
    for place in range(count - 1):
        one, other = whole.nodes[2 * place + 1], whole.nodes[2 * place + 2]
        preimage = min(one, other) + max(one, other)
        assert keccak(preimage) == whole.nodes[place], "a single hash would be fooled"
        assert keccak(keccak(preimage)) not in leaves | set(whole.nodes)


@given(BALANCES, st.integers(1, 2**130))
def test_never_more_than_the_fund_nor_than_was_lost(balances: dict[str, int], fund: int) -> None:
    found = shares(balances, fund)
    assert sum(amount for _, amount in found) <= min(fund, sum(balances.values()))
    assert all(0 < amount <= balances[account] for account, amount in found)
    left = min(fund, sum(balances.values())) - sum(amount for _, amount in found)
    assert left < len(balances), "rounding costs each at most one unit"
    if fund >= sum(balances.values()):
        assert dict(found) == balances


@given(BALANCES, st.randoms(use_true_random=False))
def test_the_order_changes_nothing(balances: dict[str, int], chance: object) -> None:
    pairs = list(balances.items())
    assert tree(pairs).root == tree(pairs[::-1]).root


@given(BALANCES, st.data())
def test_whatever_is_changed_in_a_published_file_is_found(
    balances: dict[str, int], data: st.DataObject
) -> None:
    found = made(balances, sum(balances.values()))
    check(found)
    check(msgspec.json.decode(msgspec.json.encode(found), type=Restitution))
    first = found.claims[0]
    more = Claim(first.account, str(int(first.amount) + 1), first.proof)
    changed = data.draw(
        st.sampled_from(
            [
                msgspec.structs.replace(found, claims=(more, *found.claims[1:])),
                msgspec.structs.replace(found, claims=(*found.claims, first)),
                msgspec.structs.replace(found, root=HASH),
                msgspec.structs.replace(found, fund=str(int(found.total) - 1)),
                msgspec.structs.replace(found, total=str(int(found.total) + 1)),
                msgspec.structs.replace(found, claims=()),
                msgspec.structs.replace(
                    found,
                    claims=(
                        Claim(first.account, first.amount, (*first.proof, HASH)),
                        *found.claims[1:],
                    ),
                ),
            ]
        )
    )
    with pytest.raises(ConfigurationError):
        check(changed)


def test_an_account_twice_is_refused_however_it_is_written() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        tree([("0x" + "AB" * 20, 1), ("0x" + "ab" * 20, 2)])
    with pytest.raises(ConfigurationError, match="cannot be paid"):
        tree([("0x" + "ab" * 20, 0)])
