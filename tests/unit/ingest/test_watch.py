"""Which protocols a transaction touches."""

from ingest.watch import Watch
from schemas.manifest import Contract, Manifest

POOL, ORACLE, OTHER = (f"0x{digit * 40}" for digit in "abc")


def manifest(protocol: str, *addresses: str, chain: str = "eip155:1") -> Manifest:
    contracts = tuple(Contract(address=address, role="pool") for address in addresses)
    return Manifest(protocol=protocol, chain=chain, contracts=contracts)


def test_a_transaction_touches_the_owners_of_its_addresses_once_each_and_in_order() -> None:
    watch = Watch([manifest("meadow", POOL, ORACLE), manifest("brook", ORACLE)])
    assert watch.touched("eip155:1", iter([OTHER, POOL, ORACLE, POOL])) == ("brook", "meadow")
    assert watch.touched("eip155:1", [POOL]) == ("meadow",)
    assert watch.touched("eip155:1", [OTHER, ""]) == ()


def test_the_same_address_on_another_chain_is_another_contract() -> None:
    watch = Watch([manifest("meadow", POOL), manifest("brook", POOL, chain="eip155:56")])
    assert watch.touched("eip155:1", [POOL]) == ("meadow",)
    assert watch.touched("eip155:56", [POOL]) == ("brook",)
    assert watch.touched("eip155:137", [POOL]) == ()


def test_nothing_is_touched_when_nothing_is_watched() -> None:
    assert Watch([]).touched("eip155:1", [POOL]) == ()


def test_a_recording_without_manifests_is_one_protocol() -> None:
    watch = Watch.everything("Recorded")
    assert watch.touched("eip155:1", []) == ("Recorded",)
    assert watch.case == "Recorded"


def test_a_recording_with_manifests_keeps_its_name() -> None:
    assert Watch([manifest("meadow", POOL)], case="Recorded").case == "Recorded"
