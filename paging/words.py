"""What people read. Everything that a chain or a topic had a say in is made harmless first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from runtime.logs import redacted
from schemas import links
from schemas.alerts import SEVERITIES, Severity
from schemas.ids import content_id
from schemas.paging import Page

MOST_LINES = 12
ROOM = 3_000
"""Characters of one message: a section of Slack's takes no more, and nobody reads more at night."""

_LONGEST = 400

_MARKED = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'", "*": "∗", "[": "(", "]": ")"})  # noqa: RUF001 - look-alikes on purpose
"""What chats take for links, mentions or markup."""

_LINKED = re.compile(r"://|(?<=[\w-])\.(?=[^\W\d])")
_STOP, _STROKES = "\N{ONE DOT LEADER}", "\N{FRACTION SLASH}" * 2
"""What chats make an address of, even without markup; a full stop before a digit is a number's."""

_ACT = ". firebreak acknowledge"
"""Where a line goes on with what to do; what is before it may be cut."""

_LONGEST_TITLE = 131

_LEAST = 40
"""Characters of what is wrong that stay before what to do; a short message has those alone."""

_MORE = 24
"""Characters kept for how many more there are, and for what joins title and text."""

Tone = Literal["failure", "warning", "success", "info"]

Step = Literal["trigger", "acknowledge", "resolve"]
"""What becomes of the incident that a service keeps, in the words of those that keep any."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to say."""

    text: str
    tone: Tone
    keys: tuple[str, ...] = ()
    """What it is about: names of incidents, for services that keep any; () has one by its words."""
    step: Step = "trigger"


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel is told at once."""

    title: str
    body: str
    tone: Tone
    keys: tuple[str, ...]
    """At least one. Several things together have one of their own, which nothing resolves."""
    step: Step


def plain(text: str) -> str:
    """Return a text without line breaks, control characters, markup or anything that a chat makes a
    link of, and not too long."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(_LINKED.sub(_unlinked, printable.translate(_MARKED)).split())[:_LONGEST]


def _unlinked(found: re.Match[str]) -> str:
    return _STOP if found[0] == "." else ":" + _STROKES


def of_page(page: Page, console: str = "", explorer: str = "") -> Line:
    """Say what a case is about, how to stop this, and where to look: `console` is where people take
    it in hand, `explorer` where they see its transaction, '' where no such page is known."""
    again = f" (told {page.rung} times, nobody acknowledged)" if page.rung else ""
    where = f" or {console}/cases/{page.incident}" if console else ""
    shown = links.page(explorer, page.tx)
    look = f" - {shown}" if links.is_page(shown) else ""
    return Line(
        f"{page.severity}: {plain(page.protocol)} on {plain(page.chain)}: {plain(page.summary)}"
        f"{again}{_ACT} {page.incident[:12]}{where}{look}",
        _tone(page.severity),
        (_key(page.incident, page.severity),),
    )


def _key(*about: str) -> str:
    return content_id("dedup", *about)[:32]


def _tone(severity: Severity) -> Tone:
    return "failure" if severity in ("high", "critical") else "warning"


def of_ending(page: Page) -> Line:
    """Say that a case is in somebody's hands, or was nothing."""
    about = f"{plain(page.protocol)}, case {page.incident[:12]}"
    # Each severity that it may have been told with has an incident: what somebody has in hand for
    # the lesser one would swallow a graver one under the same name, and wake nobody.
    told = SEVERITIES[: SEVERITIES.index(page.severity) + 1]
    keys = tuple(_key(page.incident, severity) for severity in told)
    if page.ended == "closed":
        text = f"closed: {about}: withdrawn, or people closed it"
        return Line(text, "success", keys, "resolve")
    text = f"acknowledged: {about}: {plain(page.by)} has it in hand"
    return Line(text, "info", keys, "acknowledge")


def of_trouble(name: str, trouble: str, times: int) -> Line:
    """Say what is wrong with Firebreak itself; `name` stays the same while the words change."""
    again = f" (told {times} times)" if times else ""
    text = f"firebreak itself: {plain(redacted(trouble))}{again}"
    return Line(text, "failure", (_key("trouble", name),))


def of_return(name: str, again: str) -> Line:
    """Say what works again, a service or a brake, and that the trouble of this name is over."""
    text = f"firebreak itself: {plain(again)} works again"
    return Line(text, "success", (_key("trouble", name),), "resolve")


def of_failure(channel: str, line: Line) -> Line:
    """Say through another channel what one did not take."""
    return replace(line, text=f"{line.text} (channel {channel} could not be reached)")


def together(lines: Sequence[Line], room: int = ROOM) -> Message:
    """Put what a channel has to be told into one message, the worst first: as much of it as `room`
    characters hold, its title's among them, with how many more there are."""
    order: tuple[Tone, ...] = ("failure", "warning", "info", "success")
    ordered = sorted(dict.fromkeys(lines), key=lambda line: order.index(line.tone))
    many = f" (and {len(ordered) - 1} more)" if len(ordered) > 1 else ""
    first = f"Firebreak: {ordered[0].text.split(_ACT)[0]}"
    title = first[: min(_LONGEST_TITLE, room // 3)] + many
    left = room - len(title) - _MORE
    shown = [_cut(ordered[0].text, left)]
    for line in ordered[1:MOST_LINES]:
        if sum(map(len, shown)) + len(shown) + len(line.text) > left:
            break
        shown.append(line.text)
    if len(ordered) > len(shown):
        shown.append(f"and {len(ordered) - len(shown)} more")
    keys, step = ordered[0].keys or (_key(ordered[0].text),), ordered[0].step
    if len(ordered) > 1:
        keys, step = (_key(*sorted({key for line in ordered for key in line.keys})),), "trigger"
    return Message(title, "\n".join(shown), ordered[0].tone, keys, step)


def _cut(text: str, most: int) -> str:
    """Return a line of at most so many characters, with what to do about it whole, unless that
    leaves no room to say what is wrong."""
    if len(text) <= most:
        return text
    what, act, how = text.partition(_ACT)
    todo = act + how if len(act) + len(how) + _LEAST <= most else ""
    return f"{what[: max(0, most - len(todo) - 1)]}…{todo}"
