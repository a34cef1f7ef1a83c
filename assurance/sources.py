"""Where source may be known: the folder that a manifest names first, then the service."""

from typing import Self

from assurance.artefacts import Shelf
from assurance.sourcify import Sourcify, Verdict
from assurance.subject import Known
from schemas.errors import TransientError


class Sources:
    """All that there is to look in, for one protocol. A service that gives no answer is asked no
    more, and what kept it from one is said of all that it would have been asked for: a contract has
    up to 129 codes, and waiting for each would take longer than the service may be silent."""

    def __init__(self, chain: str, shelf: Shelf | None, service: Sourcify | None = None) -> None:
        """`shelf` has the protocol's artefacts, if its manifest names any."""
        self._chain = chain
        self._shelf = shelf
        self._service = service
        self._trouble = ""

    def afresh(self) -> Self:
        """Return the same for another look, in which the service is asked again."""
        return type(self)(self._chain, self._shelf, self._service)

    def look(self, address: str, code: bytes) -> tuple[Verdict, str]:
        """Return what is known of the code at an address, and what kept from knowing more. Asking
        the service may take seconds."""
        shelf, trouble = self._shelf, self._trouble
        if shelf is not None:
            source, built = shelf.find(code)
            if built is not None:
                return Verdict(source, built.known), ""
        if self._service is not None and not trouble:
            try:
                return self._service.ask(self._chain, address), ""
            except TransientError as error:
                trouble = self._trouble = str(error)
        asked = shelf is not None and not trouble
        return Verdict("absent" if asked else "not asked", Known()), trouble
