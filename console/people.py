"""Who people are, and what they may do. Pure.

Whatever somebody signs in with, the roster makes one person of it: two accounts of one name never
are two people. Somebody whom only a group lets in is the person that the identity provider names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from runtime.settings_console import ConsoleSettings, RoleName


class Role(IntEnum):
    """What somebody may do; each role may do what those below it may."""

    VIEWER = 1
    """Look."""
    RESPONDER = 2
    """Propose."""
    APPROVER = 3
    """Answer what somebody else proposed."""
    ADMIN = 4
    """See who is signed in, and sign them out."""

    @property
    def word(self) -> str:
        """The role's name."""
        return self.name.lower()

    @classmethod
    def named(cls, name: RoleName) -> "Role":
        """Return the role of that name."""
        return cls[name.upper()]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in."""

    name: str
    role: Role
    account: str
    """What they signed in with: CAIP-10 of a wallet, or `oidc:ISSUER#SUBJECT`."""

    @property
    def wallet(self) -> str | None:
        """The address that signs for them, None for who came by an identity provider."""
        return self.account.rpartition(":")[2] if self.account.startswith("eip155:") else None


class Roster:
    """Everybody who may come in."""

    def __init__(self, settings: ConsoleSettings) -> None:
        self._wallets: Mapping[str, tuple[str, Role]] = {
            wallet: (one.name, Role.named(one.role))
            for one in settings.people
            for wallet in one.wallets
        }
        self._subjects: Mapping[str, tuple[str, Role]] = {
            subject: (one.name, Role.named(one.role))
            for one in settings.people
            for subject in one.subjects
        }
        self._issuer = settings.oidc_issuer
        self._groups = {name: Role.named(role) for name, role in settings.groups.items()}

    def by_wallet(self, chain: str, address: str) -> Person | None:
        """Return who holds an account's key, None for a stranger."""
        found = self._wallets.get(address)
        return None if found is None else Person(*found, account=f"{chain}:{address}")

    def again(self, name: str, account: str, role: Role) -> Person | None:
        """Return who an account is that was signed in before, with what they may do now.

        Somebody whom only a group lets in keeps their role as long as a group gives it; when the
        provider next names their groups, these count. None: nobody any more.
        """
        if account.startswith("eip155:"):
            chain, _, address = account.rpartition(":")
            return self.by_wallet(chain, address)
        subject = account.partition("#")[2]
        if not account.startswith(f"oidc:{self._issuer}#"):
            return None
        if subject in self._subjects:
            return Person(*self._subjects[subject], account=account)
        holds = name == f"oidc:{subject}" and role in self._groups.values()
        return Person(name, role, account) if holds else None

    def by_subject(self, issuer: str, subject: str, groups: Iterable[str]) -> Person | None:
        """Return whom an identity provider names, None for a stranger."""
        account = f"oidc:{issuer}#{subject}"
        if subject in self._subjects:
            return Person(*self._subjects[subject], account=account)
        roles = [self._groups[group] for group in groups if group in self._groups]
        return Person(f"oidc:{subject}", max(roles), account) if roles else None
