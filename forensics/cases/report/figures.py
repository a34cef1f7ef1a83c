"""The first page: what happened, what it cost, how fast it was stopped; only what data shows."""

from decimal import Decimal

from forensics.cases.analysis import Analysis, Brake
from forensics.cases.measures import HELD
from forensics.cases.report.words import day_time, named, span
from runtime.pictures.words import rounded


def held(analysis: Analysis) -> Brake | None:
    """Return the first brake that took hold on chain."""
    return next((brake for brake in analysis.brakes if brake.state in HELD), None)


def lost(analysis: Analysis) -> str:
    """Return all that was lost, in words."""
    told = [
        rounded(loss.lost, loss.decimals, named(loss.symbol, loss.token))
        for loss in analysis.losses
    ]
    return " and ".join(told) if told else "nothing"


def summary(analysis: Analysis) -> list[str]:
    """Return what happened in a few sentences."""
    count, thefts = len(analysis.thefts), analysis.thefts
    found = []
    if thefts:
        found.append(
            f"On {day_time(thefts[0].at)} UTC an attacker took {lost(analysis)} from "
            f"{analysis.name}, in {count} transaction{'s' if count > 1 else ''}."
        )
    else:
        found.append(f"{analysis.name} was attacked; no funds left it.")
    brake = held(analysis)
    if brake is not None and brake.block is not None:
        found.append(
            f"Firebreak stopped it: its brake {brake.adapter} (scope {brake.scope}) held in block "
            f"{brake.block:,}{_blocks_later(analysis, brake)}."
        )
    elif analysis.brakes:
        states = ", ".join(sorted({brake.state for brake in analysis.brakes}))
        found.append(f"No brake took hold on chain (it came to: {states}).")
    else:
        found.append("No brake was pulled.")
    found += prevented(analysis)
    return found


def figures(analysis: Analysis) -> list[dict[str, str]]:
    """Return the figures of the first page: label, value, note."""
    hops, brake = analysis.hops, held(analysis)
    found = []
    for loss in analysis.losses[:2]:
        name = named(loss.symbol, loss.token)
        note = f"worth {Decimal(loss.worth):,} at the price stated" if loss.worth else ""
        found.append(_figure("Lost", rounded(loss.lost, loss.decimals, name), note))
        if loss.remained is not None:
            left = rounded(loss.remained, loss.decimals, name)
            found.append(_figure("Still in the protocol", left, "after the last theft"))
    if "received" in hops and "scored" in hops:
        found.append(
            _figure("Alert after", span(hops["scored"] - hops["received"]), "from seeing the block")
        )
    if "received" in hops and "sent" in hops:
        found.append(
            _figure(
                "Brake sent after", span(hops["sent"] - hops["received"]), "from seeing the block"
            )
        )
    if brake is not None and brake.block is not None and analysis.thefts:
        blocks = brake.block - analysis.thefts[0].block
        found.append(_figure("Brake held after", _count(blocks, "block"), "from the first theft"))
    if analysis.attempts:
        found.append(
            _figure(
                "Attempts refused", f"{len(analysis.attempts)}", "by the chain, after the brake"
            )
        )
    return found[:6]


def speed(analysis: Analysis) -> list[list[str]]:
    """Return when each step was done, after the block was first seen."""
    start = analysis.hops.get("received")
    if start is None:
        return []
    told = {
        "published": "published to the detectors",
        "scored": "alert produced",
        "decided": "brake decided",
        "sent": "brake handed to the node",
        "mined": "brake seen in a block",
    }
    return [
        [words, span(analysis.hops[hop] - start)]
        for hop, words in told.items()
        if hop in analysis.hops
    ]


def prevented(analysis: Analysis) -> list[str]:
    """Return what did not happen, as far as the chain shows it."""
    found = []
    if analysis.attempts:
        found.append(
            f"After that the attacker's side tried {_count(len(analysis.attempts), 'more time')}; "
            f"the chain refused every one of these."
        )
    left = [loss for loss in analysis.losses if loss.remained not in (None, "0")]
    if left and held(analysis) is not None:
        told = " and ".join(
            rounded(loss.remained or "0", loss.decimals, named(loss.symbol, loss.token))
            for loss in left
        )
        found.append(f"{told} were still in the protocol after the last theft.")
    return found


def _blocks_later(analysis: Analysis, brake: Brake) -> str:
    if not analysis.thefts or brake.block is None:
        return ""
    blocks = brake.block - analysis.thefts[0].block
    return f", {_count(blocks, 'block')} after the first theft" if blocks > 0 else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _figure(label: str, value: str, note: str) -> dict[str, str]:
    return {"label": label, "value": value, "note": note}
