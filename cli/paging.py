"""`firebreak page` and `firebreak acknowledge`: people are told, and say that they have it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.topics import ACKNOWLEDGEMENTS, BEATS, DEAD_LETTERS, INCIDENTS, PAGES, READINESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paging.channels import Channel
    from paging.outward import Outward
    from runtime.service import Service
    from runtime.settings import Settings

GROUP = "firebreak-page"


def page(
    health_port: Annotated[int | None, typer.Option(help="Port for probes and metrics.")] = None,
    trial: Annotated[  # noqa: FBT002 - a command-line flag
        bool, typer.Option("--try", help="Send every channel a test message, and end.")
    ] = False,
) -> None:
    """Tell people of cases until somebody acknowledges; of silent services and unready brakes."""
    from cli.wiring import beats_of, connect, read_manifests, read_settings
    from cli.working import work
    from paging.channels import channels
    from paging.ladders import ladders
    from paging.pager import Pager
    from paging.post import Post
    from paging.rounds import Rounds
    from paging.rules import Desk, Rules
    from paging.store import PageStore
    from runtime.announcement import announce
    from runtime.keepers import CaseIntake, keepers_of
    from runtime.service import running

    settings = read_settings(health={"port": health_port})
    own = settings.paging
    by_severity, of_silence = ladders(own)
    reached = channels(own)
    if trial:
        _try(reached)
        return
    broker = connect(settings, INCIDENTS, PAGES, BEATS, READINESS, DEAD_LETTERS)
    rules = Rules(
        by_severity,
        of_silence,
        own.watch,
        settings.health.beat_seconds,
        own.newest_seconds,
        settings.console.url or "",
        {(one.chain, name): one.explorer for name, one in read_manifests(settings).items()},
    )
    keepers = keepers_of(settings.incidents.trusted_keys)
    with running("page", settings) as service:
        announce(broker, service, settings)
        producer = broker.producer()
        desk = Desk(
            CaseIntake(producer, service.metrics, "page", keepers, fuse=None),
            service.clock,
            service.metrics,
            _outward(settings, service),
        )
        rounds = Rounds(Post(reached, service.clock, service.metrics))
        pager = Pager(rules, broker, PageStore(broker, producer), rounds, desk)
        consumer = broker.consumer(GROUP)
        beats = beats_of(settings, broker, service, GROUP)

        work(consumer, pager, service, beats=beats)


def acknowledge(
    case: Annotated[str, typer.Argument(help="The case's id, or how it begins.")],
    words: Annotated[str, typer.Argument(help="What the others should know.")] = "",
    key: Annotated[
        Path | None, typer.Option(help="Your Ed25519 key, where paging.people_keys wants one.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Your name; without it the key's file's.")] = None,
) -> None:
    """Say that you have a case in hand: nobody else is woken for it unless it becomes graver."""
    import getpass

    from cli.wiring import connect, read_settings
    from runtime import attested
    from runtime.clock import SystemClock
    from runtime.keepers import keepers_of
    from runtime.naming_cases import named_case
    from runtime.signatures import load_signer, signed
    from schemas.codec import encode
    from schemas.decisions import Voice
    from schemas.incidents import Acknowledgement

    settings = read_settings()
    broker = connect(settings, INCIDENTS, ACKNOWLEDGEMENTS)
    _, found = named_case(broker, case, keepers_of(settings.incidents.trusted_keys))
    signer = None if key is None else load_signer(key)
    name = by or (getpass.getuser() if key is None else key.stem)
    account = f"user:{getpass.getuser()}" if signer is None else f"key:{signer.key_id}"
    word = attested.named(
        Acknowledgement(
            id="0" * 64,
            chain=found.chain,
            protocol=found.protocol,
            incident=found.id,
            by=name,
            severity=found.severity,
            words=words,
            said=Voice(person=name, account=account, time=SystemClock().now_ns() // 10**9),
        )
    )
    value = encode(word)
    proof = () if signer is None else signed(value, signer)
    producer = broker.producer()
    producer.send(ACKNOWLEDGEMENTS.name, value, key=found.protocol.encode(), headers=proof)
    producer.flush()
    producer.close()
    typer.echo(f"{name} has it in hand: {found.protocol}, {found.severity}, case {found.id}")


def _outward(settings: "Settings", service: "Service") -> "Outward | None":
    from paging.outward import Outward
    from runtime.secrets import one_secret

    own = settings.paging
    url = one_secret("paging.outward_url", own.outward_url, own.outward_url_file)
    if url is None:
        return None
    return Outward(url, settings.health.beat_seconds, service.clock, service.metrics)


def _try(reached: "Mapping[str, Channel]") -> None:
    from paging.words import Line, together

    message = together([Line("a test: this channel works", "info")])
    failed = [name for name, channel in reached.items() if not channel.tell(message)]
    for name in reached:
        typer.echo(f"{name}: {'failed' if name in failed else 'taken'}")
    if failed:
        raise typer.Exit(1)
