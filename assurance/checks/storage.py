"""Whether the code that an upgrade put in place reads the old code's storage as it was meant."""

from assurance.weakness import Weakness
from schemas.errors import ConfigurationError
from schemas.layouts import Layout, clashes


def compared(old: Layout | None, new: Layout | None) -> tuple[list[Weakness], str]:
    """Return what clashes, as one weakness with every clash as its evidence; and what kept the two
    from being compared, '' when nothing did."""
    if old is None or new is None:
        which = "old and the new" if old is new else "old" if old is None else "new"
        return [], f"the upgrade's storage: no layout of the {which} code is known"
    try:
        found = tuple(clashes(old, new))
    except ConfigurationError as error:
        return [], f"the upgrade's storage: {error}"
    if not found:
        return [], ""
    summary = f"the new code misreads the old code's storage: {found[0]}"
    return [Weakness("storage-layout", "critical", summary, evidence=found)], ""
