"""Desks that pay from a coffer on a clerk's word, behind proxies whose code may be replaced."""

from abc import ABC, abstractmethod
from typing import ClassVar

from eth_utils.crypto import keccak

from sandbox.evm import Account, Call, Contract, created_by
from tests.integration.detectors.theatre import OPENZEPPELIN
from tests.integration.guarded.coffers import DRAWER, Council
from tests.integration.guarded.guarded import Guarded

SHARE = 125_000 * 10**18
"""An eighth of what a desk's coffer holds."""


class Desk(ABC):
    """One desk, its coffer, and a clerk who pays and may replace the code, as the Safe may."""

    PROXY: ClassVar[str]
    """Whose, as the table calls it."""
    MENDED: ClassVar[str]
    """What the Safe does before it opens the coffer again."""

    def __init__(self, guarded: Guarded, council: Council, code: Contract, clerk: Account) -> None:
        self.council, self._make, self._clerk = council, guarded.stage.deployer, clerk
        self.coffer = council.coffer(8 * SHARE, guarded.gate)
        self.proxy = self._proxy(code)
        council.decide(self.coffer.call("grantRole", DRAWER, self.proxy.address))

    @staticmethod
    @abstractmethod
    def codes(guarded: Guarded, count: int) -> tuple[list[Contract], Contract]:
        """Return so many releases of the code, and a thief's, under which anyone is paid."""

    @abstractmethod
    def becomes(self, code: Contract, then: bytes = b"") -> Call:
        """Return the call that replaces the code, and makes another to it."""

    @abstractmethod
    def no_longer(self, clerk: Account) -> Call:
        """Return the call that takes from somebody the right to replace the code."""

    @abstractmethod
    def mend(self, code: Contract) -> None:
        """Let the Safe have the desk run honest code again."""

    @abstractmethod
    def _proxy(self, code: Contract) -> Contract:
        """Create the proxy, and let clerk and Safe replace its code."""

    def pays(self, to: Account, amount: int) -> Call:
        return self.proxy.call("pay", self.council.money.address, to.address, amount)

    def _created(self, kind: str, code: Contract, *more: str) -> Contract:
        setup = code.call("setUp", self._clerk.address, self.coffer.address).data
        made = self._make.create_packaged(OPENZEPPELIN, kind, code.address, *more, setup)
        self._make.settle()
        return Contract(made.address, code.interface)


class TransparentDesk(Desk):
    """Behind OpenZeppelin's transparent proxy; its admin obeys an AccessManager."""

    PROXY = "OpenZeppelin transparent proxy"
    MENDED = "puts the code back"
    RELEASER = 5
    """The manager's role that may replace code."""

    @staticmethod
    def codes(guarded: Guarded, count: int) -> tuple[list[Contract], Contract]:
        make = guarded.stage.deployer
        return [make.create("PayDesk") for _ in range(count)], make.create("OpenPayDesk")

    def becomes(self, code: Contract, then: bytes = b"") -> Call:
        inner = self._admin.call("upgradeAndCall", self.proxy.address, code.address, then)
        return self._manager.call("execute", self._admin.address, inner.data)

    def no_longer(self, clerk: Account) -> Call:
        return self._manager.call("revokeRole", self.RELEASER, clerk.address)

    def mend(self, code: Contract) -> None:
        self.council.decide(self.becomes(code))

    def _proxy(self, code: Contract) -> Contract:
        safe = self.council.safe.address
        self._manager = self._make.create_packaged(OPENZEPPELIN, "AccessManager", safe)
        made = self._created("TransparentUpgradeableProxy", code, self._manager.address)
        admin = self._make.packaged(OPENZEPPELIN, "ProxyAdmin")
        self._admin = Contract(created_by(made.address, 1), admin)
        upgrade = admin.encode("upgradeAndCall", made.address, code.address, b"")[:4]
        allow = "setTargetFunctionRole", self._admin.address, [upgrade], self.RELEASER
        self.council.decide(
            self._manager.call(*allow),
            self._manager.call("grantRole", self.RELEASER, self._clerk.address, 0),
            self._manager.call("grantRole", self.RELEASER, safe, 0),
        )
        return made


class ReplaceableDesk(Desk):
    """Behind OpenZeppelin's ERC1967Proxy, with code that is a UUPSUpgradeable: who replaced it says
    who may do so next."""

    PROXY = "OpenZeppelin UUPS"
    MENDED = "puts another proxy in its place"
    RELEASER = keccak(text="RELEASER_ROLE")
    """The coffer's role that honest code asks for."""

    @staticmethod
    def codes(guarded: Guarded, count: int) -> tuple[list[Contract], Contract]:
        make = guarded.stage.deployer
        releases = [make.create("ReplaceableDesk") for _ in range(count)]
        return releases, make.create("SeizedDesk", guarded.theatre.thief.address)

    def becomes(self, code: Contract, then: bytes = b"") -> Call:
        return self.proxy.call("upgradeToAndCall", code.address, then)

    def no_longer(self, clerk: Account) -> Call:
        return self.coffer.call("revokeRole", self.RELEASER, clerk.address)

    def mend(self, code: Contract) -> None:
        stage = self.council.stage
        assert not stage.works(self._clerk, self.becomes(code)), "the thief's code obeys the thief"
        seized, self.proxy = self.proxy, self._created("ERC1967Proxy", code)
        self.council.decide(
            self.coffer.call("revokeRole", DRAWER, seized.address),
            self.coffer.call("grantRole", DRAWER, self.proxy.address),
        )

    def _proxy(self, code: Contract) -> Contract:
        safe = self.council.safe.address
        self.council.decide(
            self.coffer.call("grantRole", self.RELEASER, self._clerk.address),
            self.coffer.call("grantRole", self.RELEASER, safe),
        )
        return self._created("ERC1967Proxy", code)
