"""What ingest looks at a block through: which protocols are watched, and how contracts are read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ingest.decode import Decoder, load_abis
from ingest.preparation import Preparation
from ingest.watch import Watch
from schemas.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Lens:
    """How the blocks of one chain, or of one recording, are looked at."""

    watch: Watch
    decoder: Decoder
    otherwise: Watch | None = None
    """For transactions that touch nothing `watch` knows; None: they are left out."""
    preparation: Preparation | None = None
    """What is remembered of accounts; None: nothing is."""


class Lenses:
    """Makes lenses from the manifests."""

    def __init__(self, manifests: Collection[Manifest], folder: Path) -> None:
        """Take the manifests and the folder that the ABIs they name lie in."""
        self._manifests = manifests
        self._folder = folder
        self._decoder = lru_cache(self._load)
        markets: dict[str, list[str]] = {}
        for manifest in manifests:
            for market in manifest.markets:
                markets.setdefault(market.market, []).append(manifest.protocol)
        self.markets: Mapping[str, Collection[str]] = markets
        """Market -> the protocols whose scores may need its prices."""

    def live(self, chain: str) -> Lens:
        """Look for what the manifests name.

        Raises `ConfigurationError` naming an ABI that cannot be read.
        """
        return Lens(Watch(self._manifests), self._decoder(chain))

    def recorded(self, chain: str, case: str) -> Lens:
        """Look for what the manifests name; all else of the recording belongs to `case`."""
        everything = Watch.everything(case)
        if not any(manifest.chain == chain for manifest in self._manifests):
            return Lens(everything, self._decoder(chain))
        watch = Watch(self._manifests, case=case)
        return Lens(watch, self._decoder(chain), everything)

    def _load(self, chain: str) -> Decoder:
        return Decoder(load_abis(self._manifests, self._folder, chain))
