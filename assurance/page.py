"""A protocol's posture for people to read: what is covered, and where the gaps are. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape

from jinja2 import Environment

from schemas.alerts import Severity
from schemas.assurance import Assessment, Covered, Examined, Finding

GRAVEST_FIRST: tuple[Severity, ...] = ("critical", "high", "medium", "low")
STOPPED = ("braked", "restricted")

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1b1b1b; background: #fff }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid }
td { overflow-wrap: anywhere }
.critical, .high { font-weight: bold }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111 } }
</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
<p>{{ summary }}</p>
{% for section in sections %}
<h2>{{ section.title }}</h2>
{% if section.rows %}
<table>
<thead><tr>
{% for name in section.columns %}<th scope="col">{{ name }}</th>{% endfor %}
</tr></thead>
<tbody>
{% for row in section.rows %}
<tr class="{{ row[0] }}">{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% else %}<p>{{ section.empty }}</p>{% endif %}
{% endfor %}
</main>
</body>
</html>
"""


class Section:
    """A table with a heading."""

    def __init__(
        self, title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]], empty: str
    ) -> None:
        """`empty` is said where there are no rows."""
        self.title, self.columns, self.rows, self.empty = title, columns, list(rows), empty


def summary(assessment: Assessment) -> str:
    """Say in one sentence how a protocol stands."""
    counts = Counter(one.severity for one in assessment.findings)
    told = ", ".join(f"{counts[grade]} {grade}" for grade in GRAVEST_FIRST if counts[grade])
    stopped, all_out = coverage(assessment)
    return (
        f"At block {assessment.block:,}: {told or 'no'} findings; {stopped} of {all_out} functions "
        "by which assets can leave are stopped by a brake or closed to strangers."
    )


def coverage(assessment: Assessment) -> tuple[int, int]:
    """Return how many functions by which assets can leave a brake stops, or strangers may not call;
    and how many there are."""
    ways = [
        one for contract in assessment.contracts for one in contract.functions
        if one.direction == "out"
    ]  # fmt: skip
    return sum(one.stance in STOPPED for one in ways), len(ways)


def markdown(assessment: Assessment) -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines(assessment)) + "\n"


def html(assessment: Assessment) -> str:
    """Return the page as one HTML file that loads nothing."""
    page = Environment(autoescape=True).from_string(_PAGE)
    return page.render(
        title=_title(assessment), summary=summary(assessment), sections=sections(assessment)
    )


def sections(assessment: Assessment) -> list[Section]:
    """Return what the page has, in its order."""
    names = {one.address: one.name or one.address for one in assessment.contracts}
    return [
        Section(
            "Findings",
            ("severity", "contract", "weakness", "what", "since block"),
            (_finding(one, names) for one in _sorted(assessment.findings)),
            "None.",
        ),
        Section(
            "Contracts",
            ("contract", "address", "source", "proxy", "who may replace the code"),
            map(_contract, assessment.contracts),
            "None.",
        ),
        Section(
            "Functions that move assets",
            ("contract", "function", "assets", "while brakes hold", "brakes"),
            (_function(one, way) for one in assessment.contracts for way in one.functions),
            "None was found.",
        ),
        Section(
            "What could not be looked at",
            ("contract", "what"),
            ((names[one.address], line) for one in assessment.contracts for line in one.unseen),
            "Nothing.",
        ),
    ]


def _lines(assessment: Assessment) -> Iterator[str]:
    yield f"# {_title(assessment)}"
    yield ""
    yield summary(assessment)
    for section in sections(assessment):
        yield from ("", f"## {section.title}", "")
        if not section.rows:
            yield section.empty
            continue
        yield f"| {' | '.join(section.columns)} |"
        yield "|" + "---|" * len(section.columns)
        for row in section.rows:
            yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    """What comes from a chain must not become Markdown or HTML of ours."""
    return escape(text, quote=False).replace("|", "\\|").replace("\n", " ").replace("`", "'")


def _title(assessment: Assessment) -> str:
    return f"Posture of {assessment.protocol} on {assessment.chain}"


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(
        findings, key=lambda one: (GRAVEST_FIRST.index(one.severity), one.weakness, one.id)
    )


def _finding(one: Finding, names: dict[str, str]) -> tuple[str, ...]:
    where = "the source" if one.contract is None else names.get(one.contract, one.contract)
    return one.severity, where, one.weakness, one.summary, f"{one.block:,}"


def _contract(one: Examined) -> tuple[str, ...]:
    proxy = f"{one.proxy}, {len(one.facets)} facets" if one.facets else one.proxy
    return (
        one.name or one.role, one.address, one.source, proxy,
        one.authority or "nobody",
    )  # fmt: skip


def _function(contract: Examined, way: Covered) -> tuple[str, ...]:
    return (
        contract.name or contract.address, way.function, way.direction, way.stance,
        ", ".join(way.brakes),
    )  # fmt: skip
