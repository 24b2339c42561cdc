"""What becomes of one's own messages: sent, delivered, read; and what is read here is read on one's other devices."""

import re
import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, expect

from e2e.people import Api, Person, unique


def test_ticks_follow_a_message_and_lead_to_its_readers(
    couple: tuple[Person, Person], api: Callable[[str], Api]
) -> None:
    ada, grace = couple
    alan = api(unique("Alan"))
    conversation = alan.create(
        "group", [alan.user_id_of(ada.name), alan.user_id_of(grace.name)], title := unique("Trip")
    )
    ada.open(title)
    ada.write("Who drives?")
    message = ada.row("Who drives?")
    expect(message.get_by_text("Delivered to 1 of 2")).to_be_attached(timeout=8_000)
    grace.open(title)
    expect(grace.row("Who drives?")).to_be_visible()
    expect(message.get_by_text("Read by 1 of 2")).to_be_attached()
    expect(ticks(message)).to_have_attribute("data-reached", "sent")
    ada.choose(message, "Who has read it")
    dialog = ada.page.get_by_role("dialog", name="Who has read it")
    section = dialog.locator("section")
    expect(section.filter(has_text=re.compile("^Read"))).to_contain_text(grace.name)
    expect(section.filter(has_text="Not delivered")).to_contain_text(alan.name)
    alan.read(conversation, alan.messages(conversation)[-1]["seq"])
    expect(section.filter(has_text=re.compile("^Read"))).to_contain_text(alan.name)
    ada.page.keyboard.press("Escape")
    expect(ticks(message)).to_have_attribute("data-reached", "read")


def test_who_gives_no_read_receipts_gets_none(couple: tuple[Person, Person]) -> None:
    ada, grace = couple
    ada.with_person(grace.name)
    grace.page.get_by_role("button", name=f"{grace.name}: settings").click()
    own = grace.page.get_by_role("dialog", name="Settings").get_by_label("Read receipts")
    own.uncheck()
    grace.page.keyboard.press("Escape")
    grace.with_person(ada.name)
    ada.write("Seen?")
    expect(grace.row("Seen?")).to_be_visible()
    expect(ada.row("Seen?").get_by_text("Delivered", exact=True)).to_be_attached(timeout=8_000)
    grace.write("Yes")
    expect(ada.row("Yes")).to_be_visible()
    expect(grace.row("Yes").get_by_text("Delivered", exact=True)).to_be_attached(timeout=8_000)
    grace.page.get_by_role("button", name=f"{grace.name}: settings").click()
    own.check()
    grace.page.keyboard.press("Escape")
    grace.write("Now?")
    expect(ada.row("Seen?").get_by_text("Read", exact=True)).to_be_attached()


def test_what_is_read_here_loses_its_marks_everywhere_within_a_second(
    couple: tuple[Person, Person], context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    ada, _ = couple
    other = Person.log_in(context_of().new_page(), ada.name)
    alan = api(unique("Alan"))
    me = alan.user_id_of(ada.name)
    conversation = alan.create("group", [me], title := unique("Plans"))
    alan.send(conversation, f"@{ada.name} have a look", mentions=[me])
    for device in (ada, other):
        expect(device.line(title).get_by_test_id("unread")).to_contain_text("1")
        expect(device.line(title).get_by_test_id("mentions")).to_be_visible()
        expect(device.page.locator("link[rel=icon]")).to_have_attribute("href", "/icon-unread.svg")
    ada.open(title)
    expect(ada.line(title).get_by_test_id("unread")).to_have_count(0)
    began = time.monotonic()
    expect(other.line(title).get_by_test_id("unread")).to_have_count(0, timeout=3_000)
    assert time.monotonic() - began < 1
    expect(other.line(title).get_by_test_id("mentions")).to_have_count(0)


def ticks(message: Locator) -> Locator:
    return message.locator("[data-reached]")
