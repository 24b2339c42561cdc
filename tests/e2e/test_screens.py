"""No screen has a fault that axe finds, light and dark, wide and narrow; and a picture of each to look at."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, Page, expect

from e2e.people import REACHED, Api, Person, unique

SHOTS = Path(__file__).parent / "shots"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
TALK = [
    "Morning! The nightly run is green again.",
    "Was it the **lock time-out** after all?",
    (
        "Yes, two writers took the rows in a different order:\n"
        "```sql\nselect last_seq from conversations order by id for update\n```"
    ),
    "> two writers took the rows in a different order\n\nClassic. I wrote it down: https://example.org/notes/lock-order",
    "- p50 is fine\n- p99 is 3 ms over the goal",
    "Shall we look at *history* after lunch? `14:00`?",
]


RESTED = """async () => {
    for (let still = 0; still < 3; ) {
        await new Promise(requestAnimationFrame);
        const moving = document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity);
        still = moving.length > 0 ? 0 : still + 1;
        await Promise.all(moving.map((one) => one.finished.catch(() => null)));
    }
}"""
"""Waits until nothing fades or slides any more, also what only begins to."""


class Looker:
    """Checks a screen and takes its picture."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._name = name
        self.faults: list[str] = []

    def look(self, screen: str) -> None:
        self._page.evaluate(RESTED)
        for fault in self._violations():
            nodes = [node["html"][:160] + " | " + node.get("failureSummary", "")[:200] for node in fault["nodes"][:3]]
            self.faults.append(f"{self._name} {screen}: {fault['id']}: {nodes}")
        self.picture(screen)

    def _violations(self) -> list[dict[str, Any]]:
        """Let axe look; what is right it does not describe: that is most of all, and nobody reads it."""
        if not self._page.evaluate("'axe' in window"):
            self._page.evaluate(AXE_SCRIPT)
        return self._page.evaluate("(rules) => axe.run(rules).then((found) => found.violations)", RULES)

    def picture(self, screen: str) -> None:
        """Take the picture alone: of what is gone when axe is done."""
        SHOTS.mkdir(exist_ok=True)
        self._page.screenshot(path=SHOTS / f"{screen}-{self._name}.png", animations="disabled", caret="hide")


@pytest.mark.parametrize(
    ("scheme", "width", "height"),
    [("light", 1440, 900), ("dark", 1440, 900), ("light", 768, 1024), ("light", 320, 640), ("dark", 360, 740)],
)
def test_no_screen_has_a_fault_that_axe_finds(
    scheme: str, width: int, height: int, context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context = context_of(color_scheme=scheme, viewport={"width": width, "height": height}, locale="en-GB")
    page = context.new_page()
    looker = Looker(page, f"{scheme}-{width}")
    page.goto("/")
    page.get_by_role("button", name="Sign up", exact=True).click()
    looker.look("sign-up")
    ada = Person.sign_up(page, unique("Ada"))
    looker.look("empty")
    _fill(ada, api)
    narrow = width < 640
    if narrow:
        expect(page.get_by_role("link", name="engineering")).to_be_visible()
        looker.look("list")
    page.get_by_role("link", name="engineering").click()
    expect(ada.row("14:00")).to_be_visible()
    ada.write("Fine with me.")
    expect(ada.row("Fine with me.").get_by_text(REACHED)).to_be_attached()
    ada.row("after lunch").hover()
    page.get_by_role("button", name="Reply").click()
    looker.look("conversation")
    page.get_by_role("button", name="Details").click()
    _look_at_details(page, looker)
    if narrow:
        page.get_by_role("button", name="Back").click()
    for choice in ("Person", "Group", "Channel", "Join"):
        page.get_by_role("button", name="New conversation").first.click()
        page.get_by_role("radio", name=choice).click()
        looker.look(f"new-{choice.lower()}")
        page.keyboard.press("Escape")
    page.get_by_role("button", name=f"{ada.name}: settings").click()
    _look_at_settings(page, looker)
    assert not looker.faults, "\n".join(looker.faults)


def _look_at_details(page: Page, looker: Looker) -> None:
    details = page.get_by_role("region", name="Details")
    expect(details).to_contain_text("Grace")
    looker.look("details")
    page.get_by_role("button", name="Actions for Alan").click()
    looker.look("member-menu")
    page.get_by_role("menuitem", name="Remove from conversation").click()
    looker.look("member-remove")
    page.keyboard.press("Escape")
    details.get_by_role("button", name="Close").click()


def _look_at_settings(page: Page, looker: Looker) -> None:
    expect(page.get_by_text("This device")).to_be_visible()
    looker.look("settings")
    page.get_by_role("listitem").filter(has_text="This device").get_by_role("button", name="Rename").click()
    page.get_by_role("button", name="Log out everywhere").scroll_into_view_if_needed()
    looker.look("settings-rename")
    page.get_by_role("button", name="Log out everywhere").click()
    looker.look("log-out-everywhere")


def _fill(ada: Person, api: Callable[[str], Api]) -> None:
    """Make a page's first sight: a few people, a channel that is alive, something unread."""
    grace, alan = api(unique("Grace")), api(unique("Alan"))
    own = grace.user_id_of(ada.name)
    channel = grace.create("channel", [own, alan.user_id], "engineering", "public")
    grace.set_role(channel, own, "owner")
    for number, body in enumerate(TALK):
        (grace, alan)[number % 2].send(channel, body)
    grace.send(grace.create("direct", [own]), "Do you have a minute?")
    alan.send(alan.create("group", [own, grace.user_id], "Lunch on Thursday"), "Noon, at the usual place")
    for last in ("14:00", "a minute?", "the usual place"):  # until then the lines change places under the pointer
        expect(ada.page.get_by_role("navigation", name="Conversations")).to_contain_text(last)
