"""One browser for all pages of a file."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import browsing


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser
