"""What is a user's own follows him to his other devices: drafts, how conversations are for him, what is for later."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from e2e.people import Api, Person, unique, watched
from e2e.test_screens import Looker

Devices = tuple[Person, Person]


@pytest.fixture(scope="module")
def devices(browser: Browser, server: str) -> Iterator[Devices]:
    """Return one person at two devices, for all tests of the module."""
    contexts = [browser.new_context(base_url=server, viewport={"width": 1280, "height": 800}) for _ in range(2)]
    faults = [watched(context) for context in contexts]
    desk = Person.sign_up(contexts[0].new_page(), unique("Ada"))
    laptop = Person.log_in(contexts[1].new_page(), desk.name)
    yield desk, laptop
    for context in contexts:
        context.close()
    assert faults == [[], []]


@pytest.fixture
def grace(api: Callable[[str], Api]) -> Api:
    return api(unique("Grace"))


def _talk(grace: Api, devices: Devices, body: str = "Have a look") -> int:
    """Let Grace begin a conversation, and wait for it on both devices."""
    conversation = grace.create("direct", [grace.user_id_of(devices[0].name)])
    grace.send(conversation, body)
    for device in devices:
        device.wait_until_live()
        expect(device.line(grace.name)).to_contain_text(body)
    return conversation


def _later(device: Person, tab: str) -> Locator:
    device.page.get_by_role("button", name=re.compile("^Later")).click()
    screen = device.page.get_by_role("dialog", name="Later")
    screen.get_by_role("radio", name=tab).click()
    return screen


def test_a_draft_follows_and_one_that_is_being_written_is_left_alone(devices: Devices, grace: Api) -> None:
    desk, laptop = devices
    _talk(grace, devices)
    desk.open(grace.name)
    desk.box.press_sequentially("half a thought")
    expect(laptop.line(grace.name)).to_contain_text("Draft:")
    laptop.open(grace.name)
    expect(laptop.box).to_have_value("half a thought")
    laptop.box.press_sequentially(", and the rest")
    laptop.page.wait_for_timeout(2_500)
    expect(desk.box).to_have_value("half a thought")  # a key was touched there a moment ago
    laptop.box.press("Enter")
    expect(desk.row("half a thought, and the rest")).to_be_visible()
    expect(desk.line(grace.name)).not_to_contain_text("Draft:")
    desk.page.reload()
    expect(desk.row("half a thought, and the rest")).to_be_visible()
    expect(desk.box).to_have_value("")


def test_pinned_muted_hidden_and_marked_are_the_same_on_both_devices(devices: Devices, grace: Api) -> None:
    desk, laptop = devices
    conversation = _talk(grace, devices)
    desk.open(grace.name)
    expect(laptop.line(grace.name).get_by_test_id("unread")).to_have_count(0)
    desk.page.get_by_role("button", name="Details").click()
    details = desk.page.get_by_role("region", name="Details")
    details.get_by_role("button", name="Pin to top").click()
    expect(laptop.page.get_by_role("heading", name="Pinned")).to_be_visible()
    details.get_by_role("button", name="Mute").click()
    desk.page.get_by_role("menuitem", name="Until I end it").click()
    expect(details.get_by_text("Muted until you end it")).to_be_visible()
    expect(laptop.line(grace.name).get_by_text("Muted")).to_be_attached()
    details.get_by_role("radio", name="Mentions").click()
    expect(details.get_by_role("radio", name="Mentions")).to_be_checked()
    desk.choose(desk.row("Have a look"), "Mark as unread")
    expect(laptop.line(grace.name).get_by_text("Marked as unread")).to_be_attached()
    laptop.open(grace.name)
    expect(desk.line(grace.name).get_by_text("Marked as unread")).to_have_count(0)
    laptop.page.get_by_role("button", name="Details").click()
    elsewhere = laptop.page.get_by_role("region", name="Details")
    expect(elsewhere.get_by_role("radio", name="Mentions")).to_be_checked()
    elsewhere.get_by_role("button", name="Hide from list").click()
    expect(desk.line(grace.name)).to_have_count(0)
    desk.page.get_by_role("searchbox", name="Filter conversations").fill(grace.name)
    expect(desk.line(grace.name)).to_be_visible()
    desk.page.get_by_role("searchbox", name="Filter conversations").fill("")
    grace.send(conversation, "Still there?")
    for device in devices:
        expect(device.line(grace.name)).to_contain_text("Still there?")
        device.page.get_by_role("region", name="Details").get_by_role("button", name="Close").click()


def test_everything_is_read_at_once(devices: Devices, grace: Api, api: Callable[[str], Api]) -> None:
    desk = devices[0]
    alan = api(unique("Alan"))
    for other in (grace, alan):
        _talk(other, devices, "Unread")
    desk.page.get_by_role("button", name="More for all conversations").click()
    desk.page.get_by_role("menuitem", name="Mark all as read").click()
    for device in devices:
        for other in (grace, alan):
            expect(device.line(other.name).get_by_test_id("unread")).to_have_count(0)


def test_what_is_saved_mentioned_or_to_be_reminded_of_is_found_under_later(devices: Devices, grace: Api) -> None:
    desk, laptop = devices
    conversation = _talk(grace, devices, "The plan")
    me = grace.user_id_of(desk.name)
    grace.send(conversation, f"@{desk.name} look at this", mentions=[me])
    root = grace.send(conversation, "Shall we?")
    grace.send(conversation, "I would", thread_seq=root, mentions=[me])
    desk.open(grace.name)
    desk.choose(desk.row("The plan"), "Save for later")
    desk.choose(desk.row("The plan"), "Remind me")
    desk.page.get_by_role("button", name="Tomorrow at nine").click()
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    laptop.page.goto("/")
    screen = _later(laptop, "Saved")
    expect(screen.get_by_role("listitem")).to_contain_text("The plan")
    screen.get_by_role("radio", name="Reminders").click()
    expect(screen.get_by_role("listitem")).to_contain_text("Reminder")
    screen.get_by_role("button", name="Cancel reminder").click()
    expect(screen).to_contain_text("No reminders")
    screen.get_by_role("radio", name="Threads").click()
    expect(screen.get_by_role("listitem")).to_contain_text("Shall we?")
    screen.get_by_role("button", name="Open thread").click()
    expect(laptop.page.get_by_role("region", name="Thread").locator("article", has_text="I would")).to_be_visible()
    screen = _later(laptop, "Threads")
    screen.get_by_role("button", name="Unfollow").click()
    expect(screen).to_contain_text("You follow no thread")
    screen.get_by_role("radio", name="Mentions").click()
    mention = screen.get_by_role("listitem").filter(has_text="look at this")
    mention.get_by_role("button", name="Go to message").click()
    expect(laptop.page.get_by_role("dialog")).to_have_count(0)
    expect(laptop.row("look at this")).to_be_visible()


def test_a_message_waits_for_its_time_is_changed_elsewhere_and_sent(devices: Devices, grace: Api) -> None:
    desk, laptop = devices
    conversation = _talk(grace, devices)
    desk.open(grace.name)
    desk.box.fill("See you tomorow")
    desk.page.get_by_role("button", name="Send later").click()
    desk.page.get_by_role("menuitem", name="Choose a time …").click()
    asked = desk.page.get_by_role("dialog", name="Send later")
    wanted = datetime.now(UTC).astimezone() + timedelta(days=2)
    asked.get_by_label("Date and time").fill("2020-01-01T10:00")
    asked.get_by_role("button", name="Save").click()
    asked.get_by_label("Date and time").fill(wanted.strftime("%Y-%m-%dT%H:%M"))
    asked.get_by_role("button", name="Save").click()
    expect(desk.page.get_by_text("It will be sent")).to_be_visible()
    expect(desk.box).to_have_value("")
    screen = _later(laptop, "Scheduled")
    expect(screen.get_by_role("listitem")).to_contain_text("See you tomorow")
    screen.get_by_role("button", name="Edit text").click()
    edit = laptop.page.get_by_role("dialog", name="Edit text")
    edit.get_by_label("Message").fill("See you tomorrow")
    edit.get_by_role("button", name="Save").click()
    expect(screen.get_by_role("listitem")).to_contain_text("See you tomorrow")
    screen.get_by_role("button", name="Send now").click()
    expect(desk.row("See you tomorrow")).to_be_visible(timeout=15_000)
    expect(screen).to_contain_text("Nothing waits")
    laptop.page.keyboard.press("Escape")
    assert [one["body"] for one in grace.messages(conversation)][-1] == "See you tomorrow"


def test_settings_are_the_same_on_both_devices(devices: Devices) -> None:
    for device in devices:
        device.page.get_by_role("button", name=f"{device.name}: settings").click()
    shown = [device.page.get_by_role("dialog", name="Settings") for device in devices]
    shown[0].get_by_role("checkbox", name="Quiet hours").check()
    expect(shown[1].get_by_label("From")).to_have_value("22:00")
    shown[1].get_by_label("From").fill("21:30")
    shown[1].get_by_label("From").blur()
    expect(shown[0].get_by_label("From")).to_have_value("21:30")
    shown[0].get_by_role("radio", name="Mentions").click()
    expect(shown[1].get_by_role("radio", name="Mentions")).to_be_checked()
    for device in devices:
        device.page.keyboard.press("Escape")


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1440, 900), ("dark", 360, 740)])
def test_no_screen_of_ones_own_has_a_fault_that_axe_finds(
    scheme: str, width: int, height: int, context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context = context_of(color_scheme=scheme, viewport={"width": width, "height": height}, locale="en-GB")
    page = context.new_page()
    ada = Person.sign_up(page, unique("Ada"))
    looker = Looker(page, f"{scheme}-{width}")
    page.goto(f"/c/{_fill(ada, api)}")
    _look_at_sending_later(ada, looker)
    ada.choose(ada.row("Here is the agenda"), "Save for later")
    ada.choose(ada.row("Here is the agenda"), "Remind me")
    page.get_by_role("button", name="In 1 hour").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    _look_at_details(page, looker)
    if width < 640:
        page.get_by_role("button", name="Back").click()
    looker.look("list-own")
    page.get_by_role("button", name="Later", exact=True).click()
    screen = page.get_by_role("dialog", name="Later")
    for tab in ("Mentions", "Saved", "Reminders", "Scheduled", "Threads"):
        screen.get_by_role("radio", name=tab).click()
        expect(screen.get_by_role("listitem").first).to_be_visible()
        looker.look(f"later-{tab.lower()}")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Later", exact=True)).to_be_focused()
    page.get_by_role("button", name=f"{ada.name}: settings").click()
    page.get_by_role("checkbox", name="Quiet hours").check()
    expect(page.get_by_label("From")).to_be_visible()
    looker.look("settings-own")
    assert not looker.faults, "\n".join(looker.faults)


def _look_at_sending_later(ada: Person, looker: Looker) -> None:
    ada.box.fill("We could meet at noon")
    ada.page.get_by_role("button", name="Send later").click()
    looker.look("send-later")
    ada.page.get_by_role("menuitem", name="Choose a time …").click()
    looker.look("send-later-time")
    ada.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(ada.page.get_by_text("It will be sent")).to_be_visible()


def _look_at_details(page: Page, looker: Looker) -> None:
    page.get_by_role("button", name="Details").click()
    details = page.get_by_role("region", name="Details")
    details.get_by_role("button", name="Mute").click()
    looker.look("mute-menu")
    page.get_by_role("menuitem", name="Until tomorrow at nine").click()
    details.get_by_role("button", name="Pin to top").click()
    expect(details.get_by_role("button", name="Unpin from top")).to_be_visible()
    looker.look("details-own")
    details.get_by_role("button", name="Close").click()


def _fill(ada: Person, api: Callable[[str], Api]) -> int:
    """Make a conversation with all that can be kept of it, and others beside it."""
    grace, alan = api(unique("Grace")), api(unique("Alan"))
    me = grace.user_id_of(ada.name)
    conversation = grace.create("group", [me, alan.user_id], "Donaudampfschifffahrtsgesellschaftskapitäne")
    agenda = grace.send(conversation, "Here is the agenda of Thursday:\n\n1. What we learnt\n2. What **comes next**")
    grace.send(conversation, f"@{ada.name} can you bring the numbers?", mentions=[me])
    alan.send(conversation, "I have something to add", thread_seq=agenda, mentions=[me])
    grace.send(grace.create("direct", [me]), "Do you have a minute?")
    return conversation
