"""What two people approved in the console, made into what a real Safe's owners sign."""

import orjson
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from cli.main import app
from runtime.kafka import KafkaBroker
from sandbox.evm import Call
from schemas.codec import encode
from schemas.decisions import Answer, Proposal, Request
from schemas.topics import DECISIONS
from tests.integration.recovery.village import CASE, Village
from tests.people import answer, by_provider, proposal
from tests.unit.console.scene import case

pytestmark = [pytest.mark.node, pytest.mark.kafka]


def decided(proposal: str, safe: str, *others: str) -> Result:
    return CliRunner().invoke(app, ["recover", "decided", proposal, "--safe", safe, *others])


def test_an_approved_release_is_what_the_owners_sign_and_it_works(
    village: Village,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
    monkeypatch.setenv("FIREBREAK_KAFKA__NAMESPACE", namespace)
    broker.create([DECISIONS])
    village.guard_by_safe()
    village.rob()
    safe, chain = village.safe.address, f"eip155:{village.chain.id}"
    about = case(id=CASE, chain=chain, protocol="granary")
    granary = village.granary

    def asked(function: str, data: bytes) -> Proposal:
        call = Request(to=granary.address, function=function, calldata="0x" + data.hex())
        return proposal(about, by_provider("rea"), "release", f"{function} is due.", [call])

    def say(*records: Proposal | Answer) -> None:
        producer = broker.producer()
        for record in records:
            producer.send(DECISIONS.name, encode(record), key=b"granary")
        producer.flush()
        producer.close()

    release = asked("unpause()", granary.call("unpause").data)
    say(release)
    assert "open, not approved" in str(decided(release.id[:12], safe).exception)
    alone = answer(release, by_provider("rea"))
    forged = replace(answer(release, by_provider("ben"), "veto"), words="under another's id")
    say(alone, forged, answer(release, by_provider("ana")))

    told = decided(release.id[:12], safe)
    assert told.exit_code == 0, (told.output, told.exception)
    for words in ("unpause() is due.", "proposed by rea", "approved by ana", "unpause()",
                  "2 of 3 owners sign", "on the console's word"):  # fmt: skip
        assert words in told.output
    (row,) = orjson.loads(decided(release.id, safe, "--json").output)
    assert row["hash"] in told.output
    terms = row["typed"]["message"]
    call = Call(to=terms["to"], data=bytes.fromhex(terms["data"][2:]))
    village.carry_out_by_safe([call], int(terms["nonce"]))
    assert village.works(village.people[0], granary.call("withdraw", 1)), "it is open again"

    assert decided(release.id, safe).exit_code == 1, "it would revert now: it is not paused"
    assert "no Safe" in str(decided(release.id, granary.address).exception)
    assert "must name one" in str(decided("0" * 12, safe).exception)
    vetoed = asked("pause()", granary.call("pause").data)
    say(vetoed, answer(vetoed, by_provider("ana"), "veto"))
    assert "vetoed, not approved" in str(decided(vetoed.id, safe).exception)
