"""What STIX 2.1 lacks for a signal, said by extensions of ours, and the markings of TLP 2.0.

The markings are as OASIS published them (`cti-stix-common-objects`); the `stix2` package knows
those of TLP 1.0 only.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import stix2  # type: ignore[import-untyped]  # ships no types
from stix2.properties import (  # type: ignore[import-untyped]  # likewise
    IntegerProperty,
    StringProperty,
)
from stix2.v21 import CustomExtension, CustomObservable  # type: ignore[import-untyped]  # likewise

from schemas.signals import Tlp

SPACE = UUID("6d1e7f64-5a0b-5c33-9d0e-7c1b8a4f2e11")
ACCOUNT_EXTENSION = f"extension-definition--{uuid5(SPACE, 'blockchain-account')}"
SIGNAL_EXTENSION = f"extension-definition--{uuid5(SPACE, 'security-signal')}"
_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_PUBLISHED = datetime(2026, 11, 28, tzinfo=UTC)
_AUTHOR = f"identity--{uuid5(SPACE, 'firebreak')}"

MARKINGS: dict[Tlp, str] = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
MARKED = {name: tlp for tlp, name in MARKINGS.items()}


BlockchainAccount: Any = CustomObservable(
    "blockchain-account",
    [("caip10", StringProperty(required=True))],
    ["caip10"],
    ACCOUNT_EXTENSION,
)(type("BlockchainAccount", (), {}))
"""An account or contract of a chain, by its CAIP-10 name."""

SecuritySignal: Any = CustomExtension(
    SIGNAL_EXTENSION,
    [
        ("signal_id", StringProperty(required=True)),
        ("issuer", StringProperty(required=True)),
        ("seq", IntegerProperty(required=True, min=0)),
        ("expiry", IntegerProperty(required=True, min=0)),
        ("target", StringProperty(required=True)),
        ("technique", StringProperty(required=True)),
        ("severity", StringProperty(required=True)),
        ("confidence", IntegerProperty(required=True, min=0, max=10_000)),
        ("evidence_root", StringProperty(required=True)),
        ("signature", StringProperty(required=True)),
    ],
)(type("SecuritySignal", (), {"extension_type": "property-extension"}))
"""The signed statement, as `runtime.statement` defines it."""


@cache
def introductions() -> tuple[Any, ...]:
    """Return who we are and what our extensions mean, for readers who meet them first here."""
    author = stix2.Identity(
        id=_AUTHOR,
        name="Firebreak",
        identity_class="system",
        created=_PUBLISHED,
        modified=_PUBLISHED,
    )
    kinds = (
        (ACCOUNT_EXTENSION, "blockchain-account", "new-sco", "An account, by CAIP-10."),
        (SIGNAL_EXTENSION, "security-signal", "property-extension", "A signed EIP-712 signal."),
    )
    definitions = (
        stix2.v21.ExtensionDefinition(
            id=name,
            name=title,
            description=told,
            schema="docs/signals.md",
            version="1.0",
            extension_types=[kind],
            created_by_ref=_AUTHOR,
            created=_PUBLISHED,
            modified=_PUBLISHED,
        )
        for name, title, kind, told in kinds
    )
    return (author, *definitions)


@cache
def marking(tlp: Tlp) -> Any:
    """Return the definition of a marking."""
    return stix2.parse(
        {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": MARKINGS[tlp],
            "created": "2022-10-01T00:00:00.000Z",
            "name": f"TLP:{tlp.upper()}",
            "extensions": {
                _TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp}
            },
        },
        allow_custom=True,  # stix2 knows TLP 1.0 only
    )
