"""Two people who arm a sandbox's responder, as anybody's is armed: each with a key of their own."""

from pathlib import Path

from responders.switch import Switch
from runtime.signatures import generate, load_signer, load_verifier

PEOPLE = ("ann", "bob")


def armed_by_two(journal: Path, folder: Path) -> Path:
    """Have both sign that the responder of this journal may brake; return `respond.arming_keys`.

    Their throw-away keys are in `folder`, made there where they are not yet.
    """
    secrets = [folder / f"{name}.pem" for name in PEOPLE]
    for secret in secrets:
        if not secret.exists():
            generate(folder, secret.stem)
    switch = Switch(journal, load_verifier(folder))
    for secret in secrets:
        switch.arm(switch.word(load_signer(secret)))
    return folder
