"""Which protocols a transaction touches."""

from collections import defaultdict
from collections.abc import Iterable

from schemas.manifest import Manifest


class Watch:
    """The contracts of all manifests, by chain.

    `case` names the recording that is read, if one is: it stands in for the hash of a block where a
    recorded file does not tell it.
    """

    def __init__(self, manifests: Iterable[Manifest], *, case: str = "") -> None:
        self.case = case
        self._always: tuple[str, ...] = ()
        owners: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for manifest in manifests:
            for address in manifest.addresses:
                owners[manifest.chain][address].add(manifest.protocol)
        self._owners = {
            chain: {address: tuple(sorted(names)) for address, names in contracts.items()}
            for chain, contracts in owners.items()
        }

    @classmethod
    def everything(cls, case: str) -> "Watch":
        """Watch a recording without manifests: every transaction belongs to protocol `case`."""
        watch = cls((), case=case)
        watch._always = (case,)
        return watch

    def touched(self, chain: str, addresses: Iterable[str]) -> tuple[str, ...]:
        """Return the protocols that own any of these addresses, in alphabetical order.

        Takes time in proportion to the addresses, however many protocols are watched.
        """
        if self._always:
            return self._always
        owners = self._owners.get(chain)
        if not owners:
            return ()
        found = {name for address in owners.keys() & addresses for name in owners[address]}
        return tuple(sorted(found))
