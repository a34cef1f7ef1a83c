"""Which addresses are written into a contract's code, in the ways that compilers write them."""

import re

_WRITTEN = re.compile("(?=(?:73|000000000000000000000000)([0-9a-f]{40}))")
"""A constant (PUSH20), an immutable or a constructor's argument (a word of 32 bytes)."""


def named_addresses(code: str) -> set[str]:
    """Return what may be an address in code given as lower-case hexadecimal text.

    Every address that is written there is among them, and some text that only looks like one: use
    it to look for known addresses.
    """
    return {f"0x{found}" for found in _WRITTEN.findall(code)}
