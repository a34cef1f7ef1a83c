"""Numbers among a call's arguments that are too large to be added up or multiplied: pure.

Where a contract does not check, two halves of 2**256 make nought, and whoever pays nought gets both
(CVE-2018-10299 and its kin). Most functions are unknown, so such a number is told by its form: one
of the static arguments, at least a sixteenth of 2**256, and regular, as numbers near a power of two
are. Hashes and signatures are not regular; text, negative numbers and "all of it" (every bit set)
are not such numbers.
"""

from collections.abc import Iterator

from schemas.chain import MAX_VAST

_SELECTOR, _WORD = 4, 32
_LEAST = 1 << 252
_REGULAR = 4
"""Different bytes that a regular number has at most."""
_MOST_WORDS = 64
"""Arguments that are looked at."""
_LONGEST_TEXT = 28
_PRINTABLE = range(0x20, 0x7F)


def vast(data: str) -> tuple[str, ...]:
    """Return the vast numbers among the static arguments of a call, as decimal text, in order.

    `data` is what the contract was called with, in hexadecimal text; none where it is no row of
    words.
    """
    size = len(data) // 2 - 1 - _SELECTOR
    if size <= 0 or size % _WORD:
        return ()
    looked_at = 2 * (1 + _SELECTOR + _WORD * _MOST_WORDS)
    try:
        raw = bytes.fromhex(data[2 * (1 + _SELECTOR) : looked_at])
    except ValueError:
        return ()
    found = (int.from_bytes(word) for word in _static(raw, size // _WORD) if _is_vast(word))
    return tuple(map(str, found))[:MAX_VAST]


def _static(raw: bytes, words: int) -> Iterator[bytes]:
    """Yield the words before the first that an offset among them points to: what lies beyond are
    lists, bytes and text."""
    place, end = 0, len(raw) // _WORD
    while place < end:
        word = raw[place * _WORD : (place + 1) * _WORD]
        place += 1
        number = int.from_bytes(word)
        if number % _WORD == 0 and place <= number // _WORD < words:
            end = min(end, number // _WORD)
        yield word


def _is_vast(word: bytes) -> bool:
    if int.from_bytes(word) < _LEAST or word.startswith(b"\xff" * 4):
        return False
    text = word.rstrip(b"\0")
    written = len(text) <= _LONGEST_TEXT and all(byte in _PRINTABLE for byte in text)
    return len(set(word)) <= _REGULAR and not written
