"""Everything that the sandbox fetches, pinned and checked, into one cache folder.

What is in the cache is used as it is, and nothing is contacted.
"""

import os
from pathlib import Path

from sandbox import fetch_kafka, fetch_npm
from sandbox.fetch_java import java
from sandbox.fetch_kafka import kafka_libs
from sandbox.fetch_npm import anvil, npm_package
from sandbox.store import Report

__all__ = ["Report", "anvil", "everything", "java", "kafka_libs", "missing", "npm_package"]


def everything(cache: Path, report: Report) -> None:
    """Fetch all that the demo and the tests need and that is not there yet."""
    java(cache, report)
    kafka_libs(cache, report)
    anvil(cache, report)
    for name in fetch_npm.contract_packages():
        npm_package(cache, name, report)


def missing(cache: Path) -> list[str]:
    """Return what the demo and the tests need, beside Java, and nobody has fetched yet."""
    wanted: dict[str, Path | None] = {
        name: fetch_npm.folder_of(cache, name) for name in fetch_npm.contract_packages()
    }
    if not os.environ.get("FIREBREAK_KAFKA_HOME"):
        wanted["Apache Kafka"] = fetch_kafka.libs_folder(cache)
    if not os.environ.get("FIREBREAK_ANVIL"):
        name = fetch_npm.anvil_package()
        wanted["anvil"] = fetch_npm.folder_of(cache, name) if name in fetch_npm.pins() else None
    return sorted(name for name, folder in wanted.items() if folder is None or not folder.is_dir())
