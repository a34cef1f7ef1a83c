"""Links lead to pages and do nothing else, whatever a chain or a topic says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.links import is_page, page, reference
from schemas.manifest import Contract, Manifest

TX = "0x" + "ab" * 32


def test_a_transaction_has_a_name_on_every_chain_and_a_page() -> None:
    assert reference("eip155:56", TX) == f"eip155:56:txn/{TX}"
    assert page("https://bscscan.com", TX) == f"https://bscscan.com/tx/{TX}"
    assert is_page(page("http://localhost:5100/eth", TX))


@pytest.mark.parametrize("tx", ["", "block-3", TX.upper(), TX + "/..", TX[:-1] + "\n", "ab" * 32])
def test_what_is_no_hash_has_neither(tx: str) -> None:
    assert reference("eip155:1", tx) == ""
    assert page("https://etherscan.io", tx) == ""


def test_without_an_explorer_there_is_no_page() -> None:
    assert page("", TX) == ""
    assert not is_page("")


BAD = [
    "javascript:alert(1)",
    "https://user:word@etherscan.io",
    "https://etherscan.io/?q=",
    "https://etherscan.io/#x",
    "//etherscan.io",
    "https://etherscan.io/ x",
    'https://etherscan.io/"><img',
    "https://ether\u202escan.io",
    "https://etherscan.io\n",
]


@pytest.mark.parametrize("address", BAD)
def test_no_other_address_is_taken(address: str) -> None:
    assert not is_page(address)
    with pytest.raises(ValidationError):
        Manifest(
            protocol="meadow",
            chain="eip155:1",
            explorer=address,
            contracts=(Contract(address="0x" + "1" * 40, role="pool"),),
        )


@given(st.text())
def test_whatever_is_offered_is_harmless_inside_markup(text: str) -> None:
    if is_page(text):
        assert text.startswith(("http://", "https://"))
        assert not set(text) & set("\"'<>&\\ \n\t@?#")
