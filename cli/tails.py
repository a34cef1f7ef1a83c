"""`firebreak tails`: how large a loss can be, from recorded ones, for a manifest's `[[assets]]`."""

import csv
from collections.abc import Iterator
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from schemas.errors import ConfigurationError

_LONGEST_SOURCE = 256
"""Characters that a manifest takes."""


def tails(
    path: Annotated[Path, typer.Argument(help="A CSV with a row for each recorded loss.")],
    column: Annotated[str, typer.Option(help="The column with the loss, in money.")],
    tvl: Annotated[float, typer.Option(help="What there is to lose, in the same money.")],
    level: Annotated[float, typer.Option(help="Of the losses that are not exceeded.")] = 0.99,
    share: Annotated[float, typer.Option(help="Of the losses that the tail is fitted to.")] = 0.1,
) -> None:
    """Fit a generalised Pareto tail to recorded losses and print value at risk and expected
    shortfall, capped at what there is, and the table that a manifest takes. Rows without a number
    are left out and counted."""
    from rich.console import Console

    from runtime.tails import fit

    console = Console()
    found = list(_losses(path, column))
    losses = [loss for loss in found if loss is not None]
    tail = fit(losses, share)
    try:
        at_risk = tail.value_at_risk(level, tvl)
    except ValueError as error:
        raise ConfigurationError(f"--level {level:g}: {error}") from error
    console.print(
        f"{len(losses):,} losses, {len(found) - len(losses):,} rows left out\n"
        f"above {tail.threshold:,.0f}: {tail.exceeding} losses, shape {tail.shape:.3f}, "
        f"scale {tail.scale:,.0f}\n"
        f"value at risk at {level:.1%}: {at_risk:,.0f}\n"
        f"expected shortfall beyond it, capped at {tvl:,.0f}: "
        f"{tail.expected_shortfall(level, tvl):,.0f}",
        highlight=False,
    )
    digest = sha256(path.read_bytes()).hexdigest()[:16]
    source = f"{len(losses)} losses, column {column} of {path.name}, sha256 {digest}"
    console.print(
        "For the manifest, below the [[assets]] that it is for:\n\n"
        f"[assets.tail]\nthreshold = {tail.threshold!r}\nshare = {tail.share!r}\n"
        f"shape = {tail.shape!r}\nscale = {tail.scale!r}\nlevel = {level!r}\n"
        f"source = {dumps(source[:_LONGEST_SOURCE])}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _losses(path: Path, column: str) -> Iterator[float | None]:
    """Yield each row's loss, None where it has no number above nought."""
    try:
        with path.open(newline="") as file:
            rows = csv.DictReader(file)
            if column not in (rows.fieldnames or ()):
                raise ConfigurationError(f"{path}: no column {column!r} among {rows.fieldnames}")
            for row in rows:
                yield _loss(row[column])
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error


def _loss(text: str | None) -> float | None:
    try:
        loss = float((text or "").replace(",", "").replace("_", ""))
    except ValueError:
        return None
    return loss if 0.0 < loss < float("inf") else None
