"""The codes that run at one contract's address, each looked at with the same checks: its own or its
implementation's and, of a diamond, those of its facets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assurance.chain import Chain
from assurance.checks import doors, operations, prices
from assurance.proxies import Proxied
from assurance.sources import Sources
from assurance.subject import Subject
from assurance.weakness import Weakness
from schemas.assurance import Source
from schemas.manifest import Contract

_WORST_FIRST: tuple[Source, ...] = ("absent", "not asked", "apart from metadata", "exact")


@dataclass(frozen=True, slots=True)
class Part:
    """One of them."""

    subject: Subject
    runs: str
    """Where the code lies."""
    source: Source
    trouble: str = ""
    """What kept from knowing its source, '' if nothing did."""
    facet: bool = False

    @property
    def title(self) -> str:
        """What to call it, in front of what is said of it; '' for what needs no name."""
        return f"its facet {self.runs}: " if self.facet else ""

    def weaknesses(self) -> Iterator[Weakness]:
        """Return what is wrong with this code, by itself."""
        for one in self._own():
            if not self.facet:
                yield one
            else:
                summary = f"{self.title}{one.summary}"
                yield replace(one, summary=summary, names=(*one.names, self.runs))

    def _own(self) -> Iterator[Weakness]:
        if not self.subject.code:
            count = len(self.subject.led or ())
            told = f"there is no code, and {count} functions lead there"
            yield Weakness("no-code", "high", told)
            return
        if self.source == "absent":
            yield Weakness(
                "source-absent", "medium", "nobody knows the source of the code that runs"
            )
        yield from operations.weaknesses(self.subject)
        yield from doors.weaknesses(self.subject)
        yield from prices.weaknesses(self.subject)

    def unseen(self) -> Iterator[str]:
        """Say what of it could not be looked at."""
        if self.trouble:
            yield f"{self.title}its source: {self.trouble}"
        if not self.subject.walk.complete:
            yield f"{self.title}its code: not all ways could be followed"


def parts(
    contract: Contract,
    chain: Chain,
    proxied: Proxied,
    sources: Sources,
    named: Mapping[int, str],
    beat: Callable[[], None],
) -> Iterator[Part]:
    """Return the codes of a contract, what runs by default first; `named` has the functions that
    its manifest knows, for code without artefacts, and `beat` is called before each code, whose
    source may take seconds to ask for. Raises `TransientError` when no node answers."""
    runs = proxied.implementation or contract.address
    for place, led in ((runs, None), *proxied.facets.items()):
        beat()
        code = chain.code(place)
        verdict, trouble = sources.look(place, code)
        known = verdict.known
        if not known.signatures:
            known = replace(known, signatures=named)
        subject = Subject(chain, contract.address, contract.role, proxied, code, known, led)
        yield Part(subject, place, verdict.source, trouble, facet=led is not None)


def source(found: Sequence[Part]) -> Source:
    """Return how well the source of codes is known: as that of the one that is known least."""
    return min((one.source for one in found), key=_WORST_FIRST.index)
