"""What people read. Everything that a chain or a topic had a say in is made harmless first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runtime.logs import redacted
from schemas import links
from schemas.alerts import Severity
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


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to say."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel is told at once."""

    title: str
    body: str
    tone: Tone


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
    )


def _tone(severity: Severity) -> Tone:
    return "failure" if severity in ("high", "critical") else "warning"


def of_ending(page: Page) -> Line:
    """Say that a case is in somebody's hands, or was nothing."""
    about = f"{plain(page.protocol)}, case {page.incident[:12]}"
    if page.ended == "closed":
        return Line(f"closed: {about}: withdrawn, or people closed it", "success")
    return Line(f"acknowledged: {about}: {plain(page.by)} has it in hand", "info")


def of_trouble(trouble: str, times: int) -> Line:
    """Say what is wrong with Firebreak itself."""
    again = f" (told {times} times)" if times else ""
    return Line(f"firebreak itself: {plain(redacted(trouble))}{again}", "failure")


def of_return(name: str) -> Line:
    """Say that a service or a brake works again."""
    return Line(f"firebreak itself: {plain(name)} works again", "success")


def of_failure(channel: str, line: Line) -> Line:
    """Say through another channel what one did not take."""
    return Line(f"{line.text} (channel {channel} could not be reached)", line.tone)


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
    return Message(title, "\n".join(shown), ordered[0].tone)


def _cut(text: str, most: int) -> str:
    """Return a line of at most so many characters, with what to do about it whole, unless that
    leaves no room to say what is wrong."""
    if len(text) <= most:
        return text
    what, act, how = text.partition(_ACT)
    todo = act + how if len(act) + len(how) + _LEAST <= most else ""
    return f"{what[: max(0, most - len(todo) - 1)]}…{todo}"
