"""The built-in layouts."""

from pkgutil import iter_modules

import pytest
from eth_abi.abi import encode

from assurance import triggers
from ingest.decode import Decoder, builtin
from ingest.decode.builtin import interface
from ingest.decode.signatures import Signature
from ingest.decode.types import Array, Blob, Type, Word

CONTRACT = "0x" + "c0" * 20

KNOWN_EVENTS = {
    "Transfer": "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
    "Approval": "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925",
    "ApprovalForAll": "0x17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31",
    "TransferSingle": "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62",
    "TransferBatch": "0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb",
    "Withdrawal": "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65",
    "PairCreated": "0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9",
    "Sync": "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1",
    "PoolCreated": "0x783cca1c0412dd0d695e784568c96da2e9c22ff989357a2e8b1d9b2b4e6b7118",
    "IncreaseLiquidity": "0x3067048beee31b25b2f1681f88dac838c8bba36af25bfb2b7cf7473a5847e35f",
    "LOG_SWAP": "0x908fb5ee8f16c6bc9bc3690973819f32a4d4b10188134543c88706e0e1d43378",
    "LOG_JOIN": "0x63982df10efd8dfaaaa0fcc7f50b2d93b7cba26ccc48adee2873220d485dc39a",
    "ReserveDataUpdated": "0x804c9b842b2748a22bb64b345453a3de7ca54a6ca45ce00d415894979e22897a",
    "Supply": "0x2b627736bca15cd5381dcf80b0bf11fd197d01a037c52b927a881a10fb73ba61",
    "LogOperation": "0x91b01baeee3a24b590d112613814d86801005c7ef9353e7fc1eaeaf33ccf83b0",
    "OwnershipTransferred": "0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0",
    "Upgraded": "0xbc7cd75a",
    "NewImplementation": "0xd604de94d45953f9138079ec1b82d533cb2160c906d1076d1f7ed54befbca97a",
    "ChangedMasterCopy": "0x75e41bc35ff1bf14d81d1d2f649c0084a0f974f9289c803ec9898eeec4c8d0b8",
    "DiamondCut": "0x8faa70878671ccd212d20771b795c50af8fd3ff6cf27f4bde57e5d4de0aeb673",
    "ProxyOwnershipTransferred": "0x5a3e66ef",
    "RoleGranted": "0x2f878811",
    "ProposalCreated": "0x7d84a626",
    "CallScheduled": "0x4cf4410c",
    "ExecutionSuccess": "0x442e715f",
    "OFTReceived": "0xefed6d3500546b29533b128a29e3a94d70788727f0507505ac12eaf2e578fd9c",
    "ReceiveFromChain": "0xbf551ec93859b170f9b2141bd9298bf3f64322c6f7beb2543a0cb669834118bf",
    "LogAnySwapIn": "0xaac9ce45fe3adf5143598c4f18a369591a20a3384aedaf1b525d29127e1fcd55",
    "ERC20BridgeFinalized": "0xd59c65b35445225835c83f50b6ede06a7be047d22e357073e250d9af537518cd",
    "DepositFinalized": "0xb0444523268717a02698be47d0803aa7468c00acbed2f8bd93a0459cde61dd89",
}
KNOWN_SELECTORS = {
    "transfer": "0xa9059cbb",
    "transferFrom": "0x23b872dd",
    "approve": "0x095ea7b3",
    "permit": "0xd505accf",
    "safeBatchTransferFrom": "0x2eb2c2d6",
    "getReserves": "0x0902f1ac",
    "uniswapV2Call": "0x10d1e85c",
    "uniswapV3SwapCallback": "0xfa461e33",
    "exactInputSingle": "0x414bf389",
    "swapExactTokensForTokens": "0x38ed1739",
    "addLiquidityETH": "0xf305d719",
    "batchSwap": "0x945bcec9",
    "receiveFlashLoan": "0xf04f2707",
    "swapExactAmountIn": "0x8201aa3f",
    "gulp": "0x8c28cbe8",
    "liquidationCall": "0x00a718a9",
    "flashLoanSimple": "0x42b0b77c",
    "redeemUnderlying": "0x852a12e3",
    "enterMarkets": "0xc2998238",
    "operate": "0xa67a6a45",
    "callFunction": "0x8b418713",
    "onFlashLoan": "0x23e30c8b",
    "pause": "0x8456cb59",
    "grantRole": "0x2f2ff15d",
    "upgradeToAndCall": "0x4f1ef286",
    "propose": "0x7d5e81e2",
    "execTransaction": "0x6a761202",
    "multiSend": "0x8d80ff0a",
}


@pytest.mark.parametrize(("name", "known"), KNOWN_EVENTS.items())
def test_events_have_the_topics_that_the_chain_shows(name: str, known: str) -> None:
    assert any(event.hash.startswith(known) for event in interface().events if event.name == name)


@pytest.mark.parametrize(("name", "known"), KNOWN_SELECTORS.items())
def test_functions_have_the_selectors_that_the_chain_shows(name: str, known: str) -> None:
    named = [function for function in interface().functions if function.name == name]
    assert known in {function.selector for function in named}


def zero(kind: Type) -> object:
    if isinstance(kind, Array):
        return [zero(kind.item)] * (1 if kind.length is None else kind.length)
    if isinstance(kind, Blob):
        return b"" if kind.name == "bytes" else ""
    if isinstance(kind, Word):
        if kind.kind == "address":
            return "0x" + "0" * 40
        return {"uint": 0, "int": 0, "bool": False, "bytes": b""}[kind.kind]
    return tuple(zero(component.type) for component in kind.components)


def encoded(signature: Signature) -> str:
    plain = [parameter.type for parameter in signature.parameters if not parameter.indexed]
    return encode([kind.name for kind in plain], [zero(kind) for kind in plain]).hex()


@pytest.mark.parametrize("event", interface().events, ids=lambda event: event.name)
def test_every_event_decodes_under_its_own_name(event: Signature) -> None:
    first = () if event.anonymous else (event.hash,)
    topics = first + ("0x" + "0" * 64,) * event.indexed
    found = Decoder().decode_log(CONTRACT, topics, "0x" + encoded(event))
    assert found is not None
    assert found.name == event.name


@pytest.mark.parametrize("function", interface().functions, ids=lambda event: event.name)
def test_every_function_decodes_under_its_own_name(function: Signature) -> None:
    found = Decoder().decode_call(CONTRACT, function.selector + encoded(function))
    assert found is not None
    assert found.name == function.name
    assert list(found.arguments) == [parameter.name for parameter in function.parameters]
    assert Decoder().function_name(CONTRACT, function.selector) == function.name


def test_all_that_makes_a_contract_be_looked_at_again_is_decoded() -> None:
    assert {event.name for event in interface().events} >= triggers.EVENTS


def test_no_two_functions_share_a_selector() -> None:
    selectors = [function.selector for function in interface().functions]
    assert len(set(selectors)) == len(selectors)


def test_an_unknown_function_has_no_name() -> None:
    assert Decoder().function_name(CONTRACT, "0x12345678") is None
    assert Decoder().function_name(CONTRACT, "") is None


def test_every_group_of_layouts_is_known() -> None:
    modules = {module.name for module in iter_modules(builtin.__path__)}
    assert modules == {group.__name__.rpartition(".")[2] for group in builtin._GROUPS}
