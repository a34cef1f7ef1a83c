"""A bag that was collected, opened again: its custody, its records, its answers."""

from dataclasses import dataclass
from pathlib import Path

from forensics.cases import catalogue, custody, records
from forensics.cases.analysis import Analysis
from forensics.cases.antedating import antedated
from forensics.cases.bag import SEALED
from forensics.cases.bag_check import faults
from forensics.cases.collection import LABELS, MANIFEST
from forensics.cases.custody import Custody
from forensics.cases.dossier import Dossier, open_dossier
from forensics.cases.investigation import Reach, investigate
from forensics.cases.labels import parse_labels
from forensics.cases.proofs import Proofs, prove
from forensics.cases.recording import Kept
from forensics.cases.stamp import Stamp
from forensics.cases.trail import Limits
from runtime.manifests import load_manifest
from schemas.errors import ConfigurationError

MAX_FILE_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """The evidence of one incident."""

    folder: Path
    custody: Custody
    dossier: Dossier

    @classmethod
    def opened(cls, folder: Path) -> "CaseFile":
        """Open a bag. Raises `ConfigurationError` when it is not whole, naming what is wrong."""
        found = faults(folder)
        if found:
            told = "; ".join(found[:5])
            raise ConfigurationError(f"{folder}: the evidence is not whole: {told}")
        record = custody.read(_load(folder, custody.FILE))
        exhibits = records.kept(lambda path: _load(folder, path))
        return cls(folder=folder, custody=record, dossier=open_dossier(exhibits))

    def analysed(self) -> Analysis:
        """Analyse the evidence, as it was analysed when it was collected."""
        labels = parse_labels(_load(self.folder, LABELS), LABELS)
        entries = catalogue.read(_load(self.folder, catalogue.FILE))
        reach = Reach(
            lookback=self.custody.lookback,
            follow=self.custody.follow,
            limits=Limits(hops=self.custody.hop_limit, accounts=self.custody.account_limit),
        )
        evidence = Kept(entries, lambda path: _load(self.folder, path))
        manifest = load_manifest(self.folder / "data" / MANIFEST)
        return investigate(evidence, self.dossier, manifest, labels, reach)

    @property
    def sealed(self) -> bytes:
        """The bytes that stand for the whole bag, and that a time stamp covers."""
        return (self.folder / SEALED).read_bytes()


def proofs(folder: Path) -> Proofs:
    """Compute the blocks of a bag again, whether it is whole or not.

    Raises `ConfigurationError` or `PoisonRecordError` for a folder that holds no evidence of ours.
    """
    entries = catalogue.read(_load(folder, catalogue.FILE))
    return prove(entries.values(), lambda path: _load(folder, path))


class AntedatedError(ValueError):
    """A stamp is older than what it covers."""


def require_in_time(folder: Path, stamp: Stamp) -> None:
    """Raise `AntedatedError` for a stamp that is older than the newest block of the bag that it
    covers, and as `proofs` does."""
    entries = catalogue.read(_load(folder, catalogue.FILE))
    if why := antedated(stamp, entries.values(), lambda path: _load(folder, path)):
        raise AntedatedError(why)


def _load(folder: Path, path: str) -> bytes:
    """Return a payload file. Raises `ConfigurationError` for one that is not of this bag."""
    root = (folder / "data").resolve()
    place = (root / path).resolve()
    if not place.is_relative_to(root):
        raise ConfigurationError(f"{folder}: {path[:90]!r} is outside of the bag")
    try:
        with place.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{folder}: {path[:90]}: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigurationError(f"{folder}: {path[:90]} is larger than {MAX_FILE_BYTES:,} bytes")
    return data
