"""The screens of presence, typing and receipts: no fault that axe finds, and a picture of each to look at."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.people import Api, Person, unique
from e2e.test_screens import Looker

DOING = "Donaudampfschifffahrtsgesellschaft besuchen, zurück am Nachmittag"


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1280, 800), ("dark", 360, 740)])
def test_no_screen_of_presence_has_a_fault_that_axe_finds(
    scheme: str, width: int, height: int, context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context = context_of(color_scheme=scheme, viewport={"width": width, "height": height}, locale="en-GB")
    page = context.new_page()
    ada = Person.sign_up(page, unique("Ada"))
    grace = Person.sign_up(context_of().new_page(), unique("Grace Brewster Murray-Hopper"))
    looker = Looker(page, f"{scheme}-{width}")
    _talk(ada, grace, api)
    grace.page.get_by_role("button", name="Your status").click()
    grace.page.get_by_role("radio", name="Away").check()
    grace.page.get_by_label("What are you doing?").fill(DOING)
    grace.page.get_by_role("button", name="Save").click()
    if width < 640:
        page.goto("/")
    expect(ada.line(grace.name).locator("[data-presence=away]")).to_be_attached()
    expect(ada.line("Compilers").get_by_test_id("mentions")).to_be_attached()
    looker.look("presence-list")
    ada.open(grace.name)
    grace.with_person(ada.name)
    expect(ada.row("And this one").locator("[data-reached=read]")).to_be_attached()
    grace.box.press_sequentially("I am")
    expect(page.get_by_test_id("typing")).to_be_visible()
    looker.picture("presence-typing")
    looker.look("presence-direct")
    page.get_by_role("button", name="Details").click()
    looker.look("presence-details")
    page.get_by_role("region", name="Details").get_by_role("button", name="Close").click()
    if width < 640:
        page.get_by_role("button", name="Back").click()
    _look_at_status_and_group(ada, looker)
    assert not looker.faults, "\n".join(looker.faults)


def _look_at_status_and_group(ada: Person, looker: Looker) -> None:
    page = ada.page
    page.get_by_role("button", name="Your status").click()
    page.get_by_role("radio", name="Do not disturb").check()
    looker.look("presence-status")
    page.keyboard.press("Escape")
    ada.open("Compilers")
    ada.write("Shall we?")
    ada.choose(ada.row("Shall we?"), "Who has read it")
    expect(page.get_by_role("dialog")).to_contain_text("Not delivered")
    looker.look("presence-readers")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_role("region", name="Details").locator("[data-presence]").first).to_be_attached()
    looker.look("presence-members")


def _talk(ada: Person, grace: Person, api: Callable[[str], Api]) -> None:
    """Make a direct conversation with messages of both, and a group in which there is something unread."""
    alan = api(unique("Alan"))
    own, other = alan.user_id_of(ada.name), alan.user_id_of(grace.name)
    group = alan.create("group", [own, other], "Compilers")
    ada.with_person(grace.name)
    ada.write("Good morning")
    ada.write("And this one")
    alan.send(group, f"@{ada.name} what do you think?", mentions=[own])
