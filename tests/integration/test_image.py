"""The Dockerfile, built, and services run from what comes out.

Buildah needs no engine that runs. The base is Debian's own Python where no registry of images can
be asked: `PYTHON` takes any base, and that argument is what is given here.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from sandbox.ports import free_port
from sandbox.process import ChildProcess
from tests.unit.deploy.files import ROOT
from tests.waiting import until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        os.getuid() != 0 or not (shutil.which("buildah") and shutil.which("debootstrap")),
        reason="needs root and Debian's packages buildah and debootstrap",
    ),
]

BASE = "localhost/python:debian"
CERTIFICATES = "/etc/ssl/certs:/etc/ssl/certs:ro"
"""Whom this machine trusts: there may be a proxy between pip and what it asks."""


class Image:
    """What was built, in a storage of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        storage = ("--root", str(folder / "storage"), "--runroot", str(folder / "run"))
        self.buildah = ("buildah", "--storage-driver", "vfs", *storage)

    def does(self, *words: str) -> str:
        done = subprocess.run(
            [*self.buildah, *words], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout.strip()

    def build(self) -> None:
        root = self.folder / "base"
        packages = "--include=ca-certificates,python3,python3-venv"
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", packages, "bookworm", str(root)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stdout[-2000:]
        python = "/usr/local/python"
        subprocess.run(["chroot", str(root), "python3", "-m", "venv", python], check=True)
        base = self.does("from", "scratch")
        self.does("add", base, str(root), "/")
        self.does("config", "--env", f"PATH={python}/bin:/usr/sbin:/usr/bin:/sbin:/bin", base)
        self.does("commit", base, BASE)
        self.does(
            *("bud", "--isolation", "chroot", "--pull-never", "--volume", CERTIFICATES),
            *("--build-arg", f"PYTHON={BASE}", "--tag", "firebreak", "."),
        )
        self.container = self.does("from", "--pull-never", "localhost/firebreak")

    def command(self, *words: str, **environment: str) -> list[str]:
        given = [f"--env={name}={value}" for name, value in environment.items()]
        manifests = f"--volume={ROOT / 'protocols'}:/etc/firebreak/protocols:ro"
        return [
            *(*self.buildah, "run", "--isolation", "chroot", "--network", "host"),
            *(*given, manifests, self.container, "--", *words),
        ]

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*words, **environment)
        return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with TemporaryDirectory() as folder:
        image = Image(Path(folder))
        image.build()
        yield image


def test_who_runs_it_may_change_its_state_and_nothing_else(image: Image) -> None:
    assert image.run("id", "-u").stdout.strip() == "10001"
    assert image.run("touch", "/var/lib/firebreak/there").returncode == 0
    assert image.run("touch", "/opt/firebreak/there").returncode != 0
    assert image.run("python", "-c", "import pip").returncode != 0, "nothing that installs"
    assert image.run("firebreak", "detectors", "list").returncode == 0


def test_services_of_it_meet_a_real_broker(
    image: Image, bootstrap: str, namespace: str, tmp_path: Path
) -> None:
    """One that detects, and one on Faust and RocksDB, whose code is the machine's own."""
    keys = "/var/lib/firebreak/keys"
    known = {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": namespace,
        "FIREBREAK_DETECT__SIGNING_KEY": f"{keys}/detector.pem",
        "FIREBREAK_RESPOND__TRUSTED_KEYS": keys,
        "FIREBREAK_INCIDENTS__WEB_PORT": str(free_port()),
    }
    for words in (("keys", "detector"), ("topics", "create")):
        done = image.run("firebreak", *words, **known)
        assert done.returncode == 0, done.stdout + done.stderr
    for name in ("detect", "incidents"):
        port = free_port()
        environment = known | {"FIREBREAK_HEALTH__PORT": str(port)}
        service = ChildProcess(image.command("firebreak", name, **environment), tmp_path / name)
        try:
            until(partial(ready, service, port), 120)
        finally:
            service.kill()


def ready(service: ChildProcess, port: int) -> bool:
    service.require_running()
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False
