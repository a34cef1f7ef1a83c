"""`firebreak kafka`: a broker of this machine's own, for a first look and for development."""

from typing import Annotated

import typer

app = typer.Typer(help="Run Apache Kafka on this machine.", no_args_is_help=True)


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where clients reach it.")] = 9092,
) -> None:
    """Start a broker that keeps running, with every topic. Its data stays between runs."""
    from runtime.kafka import KafkaBroker
    from runtime.settings import load
    from sandbox import background
    from schemas.topics import TOPICS

    settings = load()
    running = background.up(settings.home / "kafka", settings.cache, port, typer.echo)
    options = {"bootstrap.servers": running.bootstrap}
    created = KafkaBroker(options, namespace=settings.kafka.namespace).create(TOPICS.values())
    typer.echo(
        f"Kafka runs on {running.bootstrap} (pid {running.pid}), {len(created)} topics created"
    )


@app.command()
def down() -> None:
    """End that broker; its data stays."""
    from runtime.settings import load
    from sandbox import background

    ended = background.down(load().home / "kafka")
    typer.echo(f"Kafka on {ended.bootstrap} has ended" if ended else "no Kafka was running")


@app.command()
def status() -> None:
    """Say whether that broker runs; exit with 1 if it does not."""
    from runtime.settings import load
    from sandbox import background

    running = background.status(load().home / "kafka")
    if running is None:
        typer.echo("no Kafka runs; start it: firebreak kafka up")
        raise typer.Exit(1)
    typer.echo(f"Kafka runs on {running.bootstrap} (pid {running.pid})")
