"""Remembers for months how accounts prepare, in bounded memory: three signs, each counted.

- funded: a mixer paid the account, or an account that a mixer had paid passed money on to it;
- deployed: it created a contract whose code names a watched contract;
- probed: it called watched contracts and failed, or moved and logged nothing.

What is remembered travels with the account's later records (`schemas.chain.Posture`). It changes no
score; the responder's prior rises with its odds (ADR 14).

A table of `WAYS` slots per set holds the accounts; within a full set the least worth gives way, and
never for one that is worth less. So ten million fresh accounts that probe once push out neither a
mixer's client nor a deployer. Probes alone are counted in a sketch (Cormode, Muthukrishnan: An
improved data stream summary, 2005) until there are enough of them to take a slot. Time is event
time; what is older than the horizon counts for nothing and is the first to go.
"""

from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.sketch import Sketch
from schemas.chain import Posture

WAYS = 8
SLOT_BYTES = 20

HORIZON = 90 * 86_400
"""Seconds that a sign is remembered: attacks were funded 60 days and more before they came."""

PROBES_TO_ENTER = 3
"""Probes that an account needs for a slot, if they are all there is."""

MOST_HOPS = 2
"""Accounts through which a mixer's money is followed."""

FUNDED_ODDS, DEPLOYED_ODDS, PROBED_ODDS, MOST_ODDS = 10.0, 5.0, 3.0, 100.0
"""How much likelier each sign makes an attack, and all together at most. Judged, not measured: how
often honest accounts show them is recorded nowhere."""

_FULL = 255
_SALT = b"firebreak-posture"
_FIELDS = ("keys", "first", "last", "funded", "hops", "deployed", "probed")


class PostureMemory:
    """What is remembered of the accounts of one chain."""

    def __init__(self, addresses: int) -> None:
        """Make room for so many accounts: 24 bytes a slot, 2 to 4 slots an account, since sets fill
        unevenly: even with all of them there, fewer than one in a hundred has found its set full."""
        sets = 1
        while sets * WAYS < addresses * 2:
            sets *= 2
        self._mask = sets - 1
        self._sketch = Sketch(sets * WAYS)
        shape = (sets, WAYS)
        self._keys: NDArray[np.uint64] = np.zeros(shape, np.uint64)
        self._first: NDArray[np.uint32] = np.zeros(shape, np.uint32)
        self._last: NDArray[np.uint32] = np.zeros(shape, np.uint32)
        self._funded: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self._hops: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self._deployed: NDArray[np.uint8] = np.zeros(shape, np.uint8)
        self._probed: NDArray[np.uint8] = np.zeros(shape, np.uint8)

    @property
    def bytes(self) -> int:
        """How much it holds, whatever it was told; it never grows."""
        arrays = (getattr(self, f"_{name}") for name in _FIELDS)
        return sum(int(array.nbytes) for array in arrays) + self._sketch.bytes

    def funded(self, account: str, time: int, *, hops: int = 0) -> None:
        """A mixer paid this account, through so many others."""
        slot = self._enter(account, time, worth=_worth(1, 0, 0))
        if slot is not None:
            fresh = self._funded[slot] == 0
            self._hops[slot] = hops if fresh else min(hops, int(self._hops[slot]))
            _count(self._funded, slot)

    def passed_on(self, sender: str, to: str, time: int) -> None:
        """One account paid another: a mixer's money may have moved on."""
        slot = self._find(sender, time)
        if slot is not None and self._funded[slot] and self._hops[slot] < MOST_HOPS:
            self.funded(to, time, hops=int(self._hops[slot]) + 1)

    def deployed(self, account: str, time: int) -> None:
        """This account created a contract that names a watched one."""
        slot = self._enter(account, time, worth=_worth(0, 1, 0))
        if slot is not None:
            _count(self._deployed, slot)

    def probed(self, account: str, time: int) -> None:
        """This account called a watched contract in vain."""
        slot = self._find(account, time)
        if slot is None:
            seen = self._sketch.add(_key(account), time // HORIZON)
            if seen < PROBES_TO_ENTER:
                return
            slot = self._enter(account, time, worth=_worth(0, 0, seen))
            if slot is not None:
                self._probed[slot] = min(_FULL, seen)
            return
        self._last[slot] = time
        _count(self._probed, slot)

    def of(self, account: str, time: int) -> Posture | None:
        """Return what is remembered of an account at a time, None if that is nothing."""
        slot = self._find(account, time)
        if slot is None:
            return None
        funded, deployed, probed = (
            int(array[slot]) for array in (self._funded, self._deployed, self._probed)
        )
        return Posture(
            mixer_fundings=funded,
            deployments=deployed,
            probes=probed,
            first=int(self._first[slot]),
            odds=odds(funded, deployed, probed),
        )

    def _find(self, account: str, time: int) -> tuple[int, int] | None:
        key = _key(account)
        row = int(key) & self._mask
        for way in range(WAYS):
            if self._keys[row, way] == key:
                alive = int(self._last[row, way]) + HORIZON > time
                return (row, way) if alive else None
        return None

    def _enter(self, account: str, time: int, *, worth: int) -> tuple[int, int] | None:
        """Return the account's slot, after freeing one if it has to be; None if all others are
        worth more."""
        found = self._find(account, time)
        if found is not None:
            self._last[found] = time
            return found
        key = _key(account)
        row = int(key) & self._mask
        for way in range(WAYS):  # its own, out of date
            if self._keys[row, way] == key:
                return self._claim((row, way), key, time)
        way = min(range(WAYS), key=lambda way: self._rank((row, way), time))
        if self._rank((row, way), time)[0] > worth:
            return None
        return self._claim((row, way), key, time)

    def _rank(self, slot: tuple[int, int], time: int) -> tuple[int, int]:
        """Return what a slot is worth keeping, and how recent it is; -1 for one that is free."""
        if self._keys[slot] == 0 or int(self._last[slot]) + HORIZON <= time:
            return -1, 0
        signs = (int(a[slot]) for a in (self._funded, self._deployed, self._probed))
        return _worth(*signs), int(self._last[slot])

    def _claim(self, slot: tuple[int, int], key: np.uint64, time: int) -> tuple[int, int]:
        for name in _FIELDS:
            getattr(self, f"_{name}")[slot] = 0
        self._keys[slot] = key
        self._first[slot] = self._last[slot] = time
        return slot

    def save(self, path: Path) -> None:
        """Write everything as plain arrays; the file is replaced in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        arrays = {name: getattr(self, f"_{name}") for name in _FIELDS}
        with beside.open("wb") as file:
            np.savez(file, sketch=self._sketch.counts, epoch=self._sketch.epoch, **arrays)
        beside.replace(path)

    def load(self, path: Path) -> None:
        """Become what `save` wrote. Raises `ValueError` for a file of another size."""
        with np.load(path, allow_pickle=False) as saved:
            for name in _FIELDS:
                if saved[name].shape != self._keys.shape:
                    raise ValueError(f"{path}: made for another number of addresses")
            for name in _FIELDS:
                getattr(self, f"_{name}")[...] = saved[name]
            self._sketch.restore(saved["sketch"], saved["epoch"])


def odds(funded: int, deployed: int, probed: int) -> float:
    """Return how many times likelier an attack is by an account with these signs."""
    product = (
        (FUNDED_ODDS if funded else 1.0)
        * (DEPLOYED_ODDS if deployed else 1.0)
        * (PROBED_ODDS if probed >= PROBES_TO_ENTER else 1.0)
    )
    return min(MOST_ODDS, product)


def _worth(funded: int, deployed: int, probed: int) -> int:
    return 1000 * (funded > 0) + 300 * (deployed > 0) + min(probed, 100)


def _count(array: NDArray[np.uint8], slot: tuple[int, int]) -> None:
    array[slot] = min(_FULL, int(array[slot]) + 1)


def _key(account: str) -> np.uint64:
    digest = blake2b(bytes.fromhex(account[2:]), digest_size=8, key=_SALT).digest()
    return np.uint64(int.from_bytes(digest, "big") or 1)
