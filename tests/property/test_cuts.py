"""However a diamond is cut, each of its functions is looked at in one facet: where it is led to."""

from collections.abc import Iterable

from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.chain import Outcome, Trial
from assurance.facets import LOUPE
from assurance.parts import Part, parts
from assurance.proxies import Proxied, resolved
from assurance.sources import Sources
from schemas.manifest import Contract
from tests.unit.assurance.assembler import assembled
from tests.unit.assurance.fakes import LOOKS_UP, FakeChain

DIAMOND = "0x" + "aa" * 20
FACETS = tuple(f"0x{number:040x}" for number in range(1, 5))
FUNCTIONS = range(10)
ADD, REPLACE, REMOVE = range(3)
CONTRACT = Contract(address=DIAMOND, role="vault")

cuts = st.lists(
    st.tuples(
        st.sampled_from([ADD, REPLACE, REMOVE]),
        st.sampled_from(FACETS),
        st.sets(st.sampled_from(FUNCTIONS), min_size=1, max_size=6),
    ),
    max_size=12,
)


class Diamond:
    """One that keeps where each function leads, as EIP-2535 says, on a chain in memory."""

    def __init__(self) -> None:
        self.leads: dict[int, str] = {}
        self.chain = FakeChain(self._answer)
        self.chain.codes |= {DIAMOND: LOOKS_UP} | dict.fromkeys(FACETS, assembled("STOP"))

    def cut(self, action: int, facet: str, functions: Iterable[int]) -> set[int]:
        """Cut what may be cut so: what is new is added, what is there replaced or removed; return
        that."""
        done = {one for one in functions if (one in self.leads) == (action != ADD)}
        for one in done:
            if action == REMOVE:
                del self.leads[one]
            else:
                self.leads[one] = facet
        return done

    def _answer(self, trial: Trial) -> Outcome:
        if trial.data != LOUPE:
            return Outcome(ok=False, data=b"")
        rows = [
            (facet, [one.to_bytes(4, "big") for one, its in self.leads.items() if its == facet])
            for facet in dict.fromkeys(self.leads.values())
        ]
        return Outcome(ok=True, data=encode(["(address,bytes4[])[]"], [rows]))

    def looked_at(self) -> tuple[Proxied, list[Part]]:
        """Whose code it runs, and the codes that are looked at."""
        proxied = resolved(self.chain, DIAMOND)
        sources = Sources("eip155:31337", None)
        return proxied, list(parts(CONTRACT, self.chain, proxied, sources, {}, lambda: None))


@settings(max_examples=200, deadline=None)
@given(cuts)
def test_each_function_belongs_to_the_one_facet_that_it_was_last_cut_to(
    given_cuts: list[tuple[int, str, set[int]]],
) -> None:
    diamond = Diamond()
    for action, facet, functions in given_cuts:
        done = diamond.cut(action, facet, functions)
        proxied, (whole, *facets) = diamond.looked_at()
        assert (whole.facet, whole.runs, whole.subject.led) == (False, DIAMOND, None)
        assert all(one.facet for one in facets)
        led = [(one, part.runs) for part in facets for one in part.subject.led or ()]
        assert len(led) == len(diamond.leads), "no function is looked at twice, or in none"
        assert dict(led) == diamond.leads
        for one in done:  # what was added or replaced is here, what was removed is nowhere
            assert dict(led).get(one) == (None if action == REMOVE else facet)
        for one in FUNCTIONS:
            assert proxied.runs(DIAMOND, one) == diamond.leads.get(one, DIAMOND)
