"""Hands that only have a keyboard, and eyes that look at what has the focus."""

from playwright.sync_api import Locator, Page

from tests.browser import live

MOST_TABS = 120
"""Whoever has to press it more often has not reached anything."""

_SEEN = """() => {
  const one = document.activeElement;
  if (!one || one === document.body || one.id === 'main') return ''; // the page as a whole
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const outlined = outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2;
  if (!outlined) return `no outline: ${one.outerHTML.slice(0, 200)}`;
  const { top, bottom, left, right, width, height } = one.getBoundingClientRect();
  if (width < 1 || height < 1) return `no size: ${one.outerHTML.slice(0, 200)}`;
  const inside = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  return inside ? '' : `out of sight: ${one.outerHTML.slice(0, 200)}`;
}"""


class Hands:
    """One person's, on one page. Every stop on the way is looked at: the focus has to be seen."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def press(self, *keys: str) -> None:
        """Press one key after another, as the console's commands are: `g c`."""
        for key in keys:
            self._page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Write into what has the focus."""
        self._page.keyboard.type(text)

    def reach(self, wanted: Locator, key: str = "Tab") -> None:
        """Press a key until this has the focus."""
        wanted.wait_for()
        for _ in range(MOST_TABS):
            self.press(key)
            self.see()
            if wanted.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"{MOST_TABS} times {key} do not reach {wanted}")

    def enter(self, wanted: Locator) -> None:
        """Reach this, and press Enter on it."""
        self.reach(wanted)
        self.press("Enter")

    def answer(self, key: str, words: str) -> None:
        """On a case, go to the proposal that waits, say why, and answer it by its key."""
        waiting = self._page.locator(".decision.state-open")
        self.reach(waiting, "j")
        self.reach(waiting.locator("input[name=words]"))
        self.write(words)
        self.press("Escape")
        self.reach(waiting, "j")
        self.press(key)

    def past_the_top(self) -> None:
        """Take the way past what every page begins with."""
        self.enter(self._page.locator("a.skip"))

    def see(self) -> None:
        """Look at what has the focus: it is on the screen, with an outline."""
        assert not (trouble := self._page.evaluate(_SEEN)), trouble


def sign_in_by_wallet(page: Page, url: str) -> None:
    """Sign in at the console with the wallet of the page's browser, by the keyboard."""
    page.goto(f"{url}/login")
    hands = Hands(page)
    hands.enter(page.locator("button:has-text('Use the wallet of this browser')"))
    hands.enter(page.locator("button:has-text('Sign with the wallet')"))
    live(page)
