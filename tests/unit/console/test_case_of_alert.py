"""From an alert to its case, whichever of the two was read first."""

from tests.unit.console.scene import CASE, Console, alert, case

LINK = f'href="/cases/{CASE}" data-item-key="o"'


def test_an_alert_leads_to_its_case_once_there_is_one() -> None:
    console = Console()
    console.show(alert())
    browser = console.sign_in("vic")
    assert LINK not in browser.get("/", headers={"x-region": "alerts"}).text
    changed = console.desk.picture.take(case(), {})
    assert "alerts" in changed
    assert LINK in browser.get("/", headers={"x-region": "alerts"}).text
    assert "alerts" not in console.desk.picture.take(case(), {}), "nothing joined it"


def test_an_alert_whose_case_is_gone_leads_nowhere() -> None:
    console = Console()
    console.show(case(), alert())
    del console.desk.picture.cases[CASE]
    assert LINK not in console.sign_in("vic").get("/", headers={"x-region": "alerts"}).text
