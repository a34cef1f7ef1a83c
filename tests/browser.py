"""A real browser, where this machine has one."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_WALLET = """
globalThis.ethereum = {
  request: async ({ method, params }) => JSON.parse(
    await globalThis.firebreakWallet(method, JSON.stringify(params || []))
  ),
};
"""


def chromium() -> str:
    """Return where Chromium is. Skips the test, saying so, where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium on this machine's PATH (Debian: apt-get install chromium)")
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start a browser; end it afterwards."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, wallet: LocalAccount | None = None, *, phone: bool = False) -> Page:
    """Return a page of a new person, who may have a wallet in the browser."""
    context: BrowserContext = browser.new_context(
        viewport={"width": 390, "height": 844} if phone else {"width": 1440, "height": 900},
        is_mobile=phone,
        has_touch=phone,
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    if wallet is not None:
        page.expose_function("firebreakWallet", _answers(wallet))
        page.add_init_script(_WALLET)
    return page


def _answers(wallet: LocalAccount) -> Callable[[str, str], str]:
    def answer(method: str, text: str) -> str:
        params = json.loads(text)
        match method:
            case "eth_requestAccounts":
                found: object = [wallet.address]
            case "eth_chainId":
                found = "0x1"
            case "personal_sign":
                message = encode_defunct(hexstr=params[0])
                found = "0x" + bytes(wallet.sign_message(message).signature).hex()
            case "eth_signTypedData_v4":
                message = encode_typed_data(full_message=json.loads(params[1]))
                found = "0x" + bytes(wallet.sign_message(message).signature).hex()
            case _:
                found = None
        return json.dumps(found)

    return answer


def live(page: Page) -> None:
    """Wait until a page hears of changes."""
    page.wait_for_selector("#live:has-text('live')")


def overflow(page: Page) -> int:
    """How many pixels of a page lie beyond the screen's side."""
    return int(
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )
