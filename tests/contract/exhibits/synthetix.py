"""Synthetix' SystemStatus as its package has it compiled, and what its markets ask it."""

import msgspec

from sandbox.abi import Interface
from sandbox.evm import Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

ETH, BTC, DOLLAR = (name.encode().ljust(32, b"\0") for name in ("sETH", "sBTC", "sUSD"))
SUSPEND, RESUME = (True, False), (False, True)
SECTIONS = {"synth-exchange": "SynthExchange", "synth": "Synth", "futures-market": "Futures"}


def deployed(stage: Stage) -> Contract:
    """Create a SystemStatus that the people own."""
    path = stage.package("synthetix") / "publish/deployed/mainnet/deployment.json"
    source = msgspec.json.decode(path.read_bytes())["sources"]["SystemStatus"]
    interface = Interface(source["abi"])
    status = stage.deployer.create_compiled(interface, source["bytecode"], stage.people.address)
    stage.deployer.settle()
    return status


def _brake(stage: Stage, status: Contract, holder: str, does: str, keys: list[str]) -> Brake:
    """Let the holder suspend, and the people resume; return the brake."""
    section = SECTIONS[does].encode().ljust(32, b"\0")
    stage.do(
        stage.people,
        status.call("updateAccessControl", section, holder, *SUSPEND),
        status.call("updateAccessControl", section, stage.people.address, *RESUME),
    )
    brake = {"name": "halt", "adapter": "synthetix", "target": status.address, "scope": "T1"}
    parameters = {"does": does, "keys": keys}
    return Brake.model_validate(brake | {"parameters": parameters})


def synth_exchange(stage: Stage, holder: str) -> Exhibit:
    status = deployed(stage)
    asked = "requireExchangeBetweenSynthsAllowed"
    return Exhibit(
        brake=_brake(stage, status, holder, "synth-exchange", ["sETH"]),
        stopped=(status.call(asked, ETH, DOLLAR), status.call(asked, DOLLAR, ETH)),
        going=(status.call(asked, BTC, DOLLAR), status.call("requireSynthActive", ETH)),
        release=(status.call("resumeSynthsExchange", [ETH]),),
    )


def synth(stage: Stage, holder: str) -> Exhibit:
    status = deployed(stage)
    asked = "requireSynthActive"
    return Exhibit(
        brake=_brake(stage, status, holder, "synth", ["sETH", "sBTC"]),
        stopped=(status.call(asked, ETH), status.call(asked, BTC)),
        going=(status.call(asked, DOLLAR),),
        release=(status.call("resumeSynths", [ETH, BTC]),),
    )


def futures_market(stage: Stage, holder: str) -> Exhibit:
    status = deployed(stage)
    asked = "requireFuturesMarketActive"
    return Exhibit(
        brake=_brake(stage, status, holder, "futures-market", ["sETH"]),
        stopped=(status.call(asked, ETH),),
        going=(status.call(asked, BTC), status.call("requireSynthActive", ETH)),
        release=(status.call("resumeFuturesMarkets", [ETH]),),
    )
