"""`firebreak fetch`: get Kafka, anvil and the contract packages into the cache."""

import typer


def fetch() -> None:
    """Fetch what the demo and the tests run on, pinned and checked; nothing if it is all there."""
    from runtime.settings import load
    from sandbox.fetch import everything

    cache = load().cache
    everything(cache, typer.echo)
    typer.echo(f"complete: {cache}")
