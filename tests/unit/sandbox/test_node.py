from pathlib import Path

import pytest

from sandbox.node import NodeOptions


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        (NodeOptions(), []),
        (NodeOptions(mining=False), ["--no-mining"]),
        (NodeOptions(mining=False, block_seconds=2), ["--no-mining"]),
        (NodeOptions(block_seconds=0.25), ["--block-time", "0.25"]),
        (NodeOptions(load_state=Path("a.json")), ["--load-state", "a.json"]),
        (NodeOptions(dump_state=Path("b.json")), ["--dump-state", "b.json"]),
    ],
)
def test_options_become_arguments(options: NodeOptions, arguments: list[str]) -> None:
    assert options.arguments() == ["--chain-id", "31337", *arguments]


def test_any_other_option_passes_through() -> None:
    options = NodeOptions(chain_id=1, further=("--hardfork", "cancun"))
    assert options.arguments() == ["--chain-id", "1", "--hardfork", "cancun"]
