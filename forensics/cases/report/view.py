"""What the report says, as text and tables of text, the same for every way of laying it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from forensics.cases.analysis import Analysis
from forensics.cases.custody import Custody
from forensics.cases.report import figures, funds
from forensics.cases.report.pictures import pictures
from forensics.cases.report.words import day_time, named, time_only
from forensics.cases.stamp import Stamp
from runtime.pictures.words import exact, plain, short

_LONGEST = 600

_MOMENTS: Mapping[str, str] = {
    "preparation": "Prepared",
    "attack": "Theft",
    "alert": "Alert",
    "decision": "Decision",
    "brake": "Brake",
    "refused": "Refused",
    "movement": "Funds moved",
    "recovery": "Recovery",
    "people": "People",
    "chain": "On chain",
}

MAX_MOMENTS = 80
MAX_MEMBERS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """How the evidence that a report rests on can be told from any other."""

    folder: str
    sha512: str
    files: int
    stamp: Stamp | None = None


def view(analysis: Analysis, custody: Custody, sealed: Sealed) -> dict[str, Any]:
    """Return everything that the report says. Only text, lists and tables of text; and `pictures`,
    which are SVG."""
    found = _clean(
        {
            "title": f"Incident report: {analysis.name}",
            "incident": analysis.incident,
            "chain": analysis.chain,
            "severity": analysis.severity,
            "phase": analysis.phase,
            "date": day_time(analysis.moments[0].at) if analysis.moments else "",
            "collected": custody.ended,
            "summary": figures.summary(analysis),
            "figures": figures.figures(analysis),
            "where": funds.where(analysis),
            "unknown": list(analysis.gaps) + list(_unexplained(analysis)),
            "timeline": _timeline(analysis),
            "cut": max(0, len(analysis.moments) - MAX_MOMENTS),
            "losses": _losses(analysis),
            "quotes": _quotes(analysis),
            "brakes": _brakes(analysis),
            "speed": figures.speed(analysis),
            "prevented": figures.prevented(analysis),
            "accounts": funds.accounts(analysis),
            "ways": funds.ways(analysis),
            "members": _members(analysis),
            "causes": [{"what": one.what, "source": one.source} for one in analysis.causes],
            "techniques": list(analysis.techniques),
            "custody": _custody(custody),
            "missing": list(custody.missing),
            "verify": _verify(sealed),
        }
    )
    return {**found, "pictures": pictures(analysis)}


def _clean(value: Any) -> Any:
    """Return the same with every text stripped of what is invisible, and bounded."""
    if isinstance(value, str):
        return plain(value, _LONGEST)
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list) else value


def _timeline(analysis: Analysis) -> list[dict[str, str]]:
    found = []
    for moment in analysis.moments[:MAX_MOMENTS]:
        precise = moment.precise
        found.append(
            {
                "time": time_only(precise) if precise is not None else day_time(moment.at),
                "clock": "ours" if precise is not None else "block",
                "block": "" if moment.block is None else f"{moment.block:,}",
                "kind": _MOMENTS[moment.kind],
                "what": moment.what,
                "tx": short(moment.tx),
                "record": moment.record,
            }
        )
    return found


def _losses(analysis: Analysis) -> list[dict[str, str]]:
    return [
        {
            "token": named(loss.symbol, loss.token),
            "lost": exact(loss.lost, loss.decimals),
            "remained": "" if loss.remained is None else exact(loss.remained, loss.decimals),
            "price": loss.stated_price,
            "worth": f"{Decimal(loss.worth):,}" if loss.worth else "",
            "units": f"{int(loss.lost):,}",
        }
        for loss in analysis.losses
    ]


def _quotes(analysis: Analysis) -> list[str]:
    names = {token.token: named(token.symbol, token.token) for token in analysis.flow.tokens}
    return [
        f"Before the attack, after block {quote.block:,}: 1 "
        f"{names.get(quote.base, short(quote.base))} = {quote.price} "
        f"{names.get(quote.quote, short(quote.quote))} in {quote.name or short(quote.pair)}"
        for quote in analysis.quotes
    ]


def _brakes(analysis: Analysis) -> list[dict[str, str]]:
    return [
        {
            "what": f"{brake.adapter} on {brake.target.rpartition(':')[2]}",
            "scope": brake.scope,
            "state": brake.state,
            "reason": brake.reason,
            "stops": ", ".join(brake.stops),
            "block": "" if brake.block is None else f"{brake.block:,}",
            "tx": brake.tx,
            "steps": " > ".join(state for state, _ in brake.steps),
        }
        for brake in analysis.brakes
    ]


def _members(analysis: Analysis) -> list[dict[str, Any]]:
    return [
        {
            "address": member.address,
            "label": member.label,
            "standing": member.standing,
            "reasons": [
                f"{reason}{f' ({short(tx)})' if tx else ''}" for reason, tx in member.reasons
            ],
        }
        for member in analysis.members[:MAX_MEMBERS]
    ]


def _unexplained(analysis: Analysis) -> list[str]:
    tokens = {token.token: token for token in analysis.flow.tokens}
    found = []
    for account, name, amount in analysis.unexplained:
        token = tokens.get(name)
        digits = exact(amount.removeprefix("-"), token.decimals if token else None)
        sign = "less" if amount.startswith("-") else "more"
        found.append(
            f"{account} has {digits} {named(token.symbol if token else '', name)} {sign} than the "
            f"movements that were seen explain"
        )
    return found


def _custody(custody: Custody) -> list[list[str]]:
    looked = (
        f"{custody.lookback} blocks before the attack, at most {custody.follow} after it, and "
        f"{custody.hop_limit} accounts away at most"
    )
    return [
        ["Collected by", custody.who],
        ["Reason", custody.why],
        ["Began, ended (UTC)", f"{custody.began}, {custody.ended}"],
        ["Node", custody.node or "not given"],
        ["Machine", custody.machine],
        ["Tools", ", ".join(f"{name} {version}" for name, version in custody.tools.items())],
        ["Looked through", looked],
    ]


def _verify(sealed: Sealed) -> dict[str, Any]:
    stamp = sealed.stamp
    return {
        "commands": [
            f"firebreak case verify {sealed.folder}",
            f"firebreak case report --evidence {sealed.folder} --out again",
        ],
        "sha512": sealed.sha512,
        "files": f"{sealed.files:,}",
        "stamp": f"{stamp.at.isoformat()} by {stamp.authority}" if stamp else "",
    }
