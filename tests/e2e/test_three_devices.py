"""One conversation on three devices: whatever becomes of a message on one of them is on all three."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from e2e.people import Person
from e2e.test_polls import ask, poll
from e2e.test_threads import open_thread, pane, reply, said

Pair = tuple[Person, Person]
Three = tuple[Person, Person, Person]


@pytest.fixture
def three(couple: Pair, room: str, context_of: Callable[..., BrowserContext]) -> Three:
    """Return somebody at a desk and on a phone, and somebody else, all in one conversation."""
    desk, grace = couple
    phone = Person.log_in(context_of(viewport={"width": 390, "height": 800}).new_page(), desk.name)
    phone.open(room)
    for one in (desk, phone, grace):
        one.wait_until_live()
    desk.write("from the desk")
    for one in (desk, phone, grace):
        expect(one.row("from the desk")).to_be_visible()
    return desk, phone, grace


def test_messages_edits_reactions_and_pins_are_the_same_on_three_devices(three: Three) -> None:
    desk, phone, grace = three
    for one, text in ((phone, "from the phone"), (grace, "from Grace")):
        one.write(text)
        for other in three:
            expect(other.row(text)).to_be_visible()
    assert desk.bodies() == phone.bodies() == grace.bodies(), "in one order"

    desk.choose(desk.row("from the phone"), "Edit message")
    desk.write("edited at the desk")
    for one in three:
        expect(one.row("edited at the desk")).to_contain_text("(edited)")
        expect(one.row("from the phone")).to_have_count(0)

    grace.row("from the desk").hover()
    grace.row("from the desk").get_by_role("button", name="React").click()
    grace.page.get_by_role("searchbox", name="Search emoji").fill("tada")
    grace.page.keyboard.press("Enter")
    phone.row("from the desk").get_by_role("button", name="🎉, 1 person").click()
    expect(grace.row("from the desk").get_by_role("button", name="🎉, 2 people, you too")).to_be_visible()
    expect(desk.row("from the desk").get_by_role("button", name="🎉, 2 people, you too")).to_be_visible()

    desk.choose(desk.row("from Grace"), "Pin for everybody")
    for one in three:
        expect(one.row("from Grace")).to_contain_text("Pinned")


def test_quotes_threads_polls_and_deletions_are_the_same_on_three_devices(three: Three) -> None:
    desk, phone, grace = three
    grace.row("from the desk").hover()
    grace.row("from the desk").get_by_role("button", name="Reply", exact=True).click()
    grace.write("with a quote")
    for one in three:
        expect(one.row("with a quote")).to_contain_text("from the desk")

    open_thread(grace, "with a quote")
    reply(grace, "beside the others")
    phone.row("with a quote").get_by_role("button", name="1 reply").click()
    expect(said(phone, "beside the others")).to_be_visible()
    expect(desk.row("with a quote").get_by_role("button", name="1 reply")).not_to_contain_text("new")
    pane(phone).get_by_role("button", name="Close").click()

    ask(desk, "Where to?", "The bridge", "The mill")
    poll(phone, "Where to?").get_by_role("button", name="The mill").click()
    poll(grace, "Where to?").get_by_role("button", name="The mill").click()
    for one in three:
        expect(poll(one, "Where to?").get_by_role("button", name="The mill")).to_contain_text("2 votes")

    desk.choose(desk.row("with a quote"), "Delete message")
    desk.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    for one in three:
        expect(one.row("This message was deleted").first).to_be_visible()
        expect(one.feed.get_by_text("with a quote")).to_have_count(0)
