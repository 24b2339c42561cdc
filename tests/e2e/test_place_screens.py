"""The screens about people and places: no fault that axe finds, and a picture of each to look at."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from e2e.people import Api, Person, unique
from e2e.test_screens import Looker


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1280, 800), ("dark", 360, 740)])
def test_no_screen_about_people_and_places_has_a_fault_that_axe_finds(
    scheme: str, width: int, height: int, context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context = context_of(color_scheme=scheme, viewport={"width": width, "height": height}, locale="en-GB")
    ada = Person.sign_up(context.new_page(), unique("Ada"))
    page, looker = ada.page, Looker(ada.page, f"{scheme}-{width}")
    channel = _fill(ada, api)
    page.goto(f"/c/{channel}")
    ada.wait_until_live()
    ada.box.press_sequentially("/")
    expect(page.get_by_role("option").first).to_be_visible()
    looker.look("commands")
    ada.box.fill("")
    page.get_by_role("button", name="Details").click()
    details, dialog = page.get_by_role("region", name="Details"), page.get_by_role("dialog")
    expect(details).to_contain_text("Alan")
    looker.look("place-details")
    details.get_by_role("button", name="Invite by link").click()
    dialog.get_by_role("button", name="Create link").click()
    address = dialog.get_by_label("Invitation link").input_value()
    expect(dialog.get_by_text("I have three hives")).to_be_visible()
    looker.look("invitations")
    page.keyboard.press("Escape")
    expect(details.get_by_role("button", name="Invite by link")).to_be_focused()
    _look_at_layers(page, details, dialog, looker)
    page.get_by_role("button", name="Actions for Alan").click()
    page.get_by_role("menuitem", name="Silence").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Actions for Alan").click()
    page.get_by_role("menuitem", name="Block").click()
    dialog.get_by_role("button", name="Block").click()
    expect(dialog).to_have_count(0)
    details.get_by_role("button", name="Close").click()
    expect(ada.row("From somebody you blocked")).to_be_visible()
    looker.look("blocked")
    page.goto(address)
    expect(dialog).to_contain_text("You are a member already")
    looker.look("join")
    assert not looker.faults, "\n".join(looker.faults)


def _look_at_layers(page: Page, details: Locator, dialog: Locator, looker: Looker) -> None:
    details.get_by_role("button", name="Settings", exact=True).click()
    expect(dialog.get_by_label("Topic")).to_be_visible()
    looker.look("rules")
    page.keyboard.press("Escape")
    details.get_by_role("button", name="Moderation").click()
    expect(dialog).to_contain_text("Reported by Grace")
    looker.look("reports")
    dialog.get_by_role("radio", name="What was done").click()
    expect(dialog).to_contain_text("changed the settings")
    looker.look("audit")
    page.keyboard.press("Escape")
    details.get_by_role("button", name="Webhooks").click()
    expect(dialog.get_by_text("There are no webhooks yet")).to_be_visible()
    looker.look("webhooks")
    page.keyboard.press("Escape")


def _fill(ada: Person, api: Callable[[str], Api]) -> int:
    """Make a channel that somebody asks to be let into, with a message that is reported; Ada owns it."""
    grace, alan, zuse = (api(unique(name)) for name in ("Grace", "Alan", "Konrad"))
    own = grace.user_id_of(ada.name)
    channel = grace.create("channel", [own, alan.user_id], "Gardening and bees", "listed")
    grace.set_role(channel, own, "owner")
    grace.act(channel, "set_settings", topic="Seeds, tools, and what to do in which month", slow_mode_s=30)
    rude = alan.send(channel, "Something that nobody should have to read")
    grace.tell(f"/v1/conversations/{channel}/reports", {"seq": rude, "words": "We do not talk like this here"})
    zuse.tell(f"/v1/conversations/{channel}/join-requests", {"words": "I have three hives"})
    return channel
