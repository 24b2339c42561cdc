"""What becomes of messages, with two people at their pages: edits, deletes, reactions, pins, forwards, links."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from e2e.people import REACHED, Api, Person, unique

Pair = tuple[Person, Person]


@pytest.fixture
def pair(couple: Pair, room: str) -> Pair:
    """Return two people in a conversation in which one has greeted the other."""
    ada, grace = couple
    ada.write("Hello, Grace")
    expect(grace.row("Hello, Grace")).to_be_visible()
    expect(ada.row("Hello, Grace").get_by_text(REACHED)).to_be_attached()
    return ada, grace


def test_an_edit_is_seen_by_both_and_its_history_too(pair: Pair) -> None:
    ada, grace = pair
    ada.choose(ada.row("Hello, Grace"), "Edit message")
    expect(ada.box).to_have_value("Hello, Grace")
    ada.write("Good morning, Grace")
    for one in pair:
        expect(one.row("Good morning, Grace")).to_contain_text("(edited)")
        expect(one.row("Hello, Grace")).to_have_count(0)
    grace.row("Good morning, Grace").get_by_role("button", name="edited").click()
    history = grace.page.get_by_role("dialog", name="What this message has said")
    expect(history.get_by_role("listitem")).to_have_text([re.compile("Sent.*Hello, Grace"), re.compile("Edited.*Good")])


def test_the_last_message_is_edited_with_arrow_up_and_a_draft_waits_meanwhile(pair: Pair) -> None:
    ada, _ = pair
    ada.box.press("ArrowUp")
    expect(ada.box).to_have_value("Hello, Grace")
    ada.box.press("Escape")
    expect(ada.box).to_have_value("")
    ada.box.fill("half a thought")
    ada.choose(ada.row("Hello, Grace"), "Edit message")
    ada.write("Hello")
    expect(ada.row("(edited)")).to_be_visible()
    expect(ada.box).to_have_value("half a thought")


def test_a_deleted_message_leaves_its_place_only(pair: Pair) -> None:
    ada, grace = pair
    grace.row("Hello, Grace").hover()
    grace.page.get_by_role("button", name="Reply", exact=True).click()
    grace.write("Hello to you")
    expect(ada.row("Hello to you")).to_contain_text("Hello, Grace")
    ada.choose(ada.row("Hello, Grace").first, "Delete message")
    ada.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    for one in pair:
        expect(one.row("This message was deleted")).to_be_visible()
        expect(one.row("Hello to you")).to_contain_text("Message deleted")
        expect(one.feed.get_by_text("Hello, Grace")).to_have_count(0)
    grace.row("This message was deleted").hover()
    expect(grace.row("This message was deleted").get_by_role("button", name="More actions")).to_have_count(0)


def test_reactions_are_counted_taken_back_and_have_names(pair: Pair) -> None:
    ada, grace = pair
    grace.row("Hello, Grace").hover()
    grace.row("Hello, Grace").get_by_role("button", name="React").click()
    grace.page.get_by_role("searchbox", name="Search emoji").fill("tada")
    grace.page.keyboard.press("Enter")
    chip = ada.row("Hello, Grace").get_by_role("button", name="🎉, 1 person")
    chip.click()
    expect(grace.row("Hello, Grace").get_by_role("button", name="🎉, 2 people, you too")).to_be_visible()
    ada.choose(ada.row("Hello, Grace"), "Who reacted")
    people = ada.page.get_by_role("dialog", name="Reactions")
    expect(people.get_by_role("listitem")).to_have_count(2)
    expect(people).to_contain_text(grace.name)
    ada.page.keyboard.press("Escape")
    grace.row("Hello, Grace").get_by_role("button", name="🎉, 2 people, you too").click()
    expect(ada.row("Hello, Grace").get_by_role("button", name="🎉, 1 person, you too")).to_be_visible()


def test_pins_are_listed_and_lead_to_their_messages(pair: Pair) -> None:
    ada, grace = pair
    ada.choose(ada.row("Hello, Grace"), "Pin for everybody")
    expect(grace.row("Hello, Grace")).to_contain_text("Pinned")
    for number in range(40):
        ada.write(f"filler {number}")
    expect(grace.row("filler 39")).to_be_visible()
    grace.page.get_by_role("button", name="Pinned messages").click()
    pins = grace.page.get_by_role("dialog", name="Pinned messages")
    expect(pins).to_contain_text("Hello, Grace")
    pins.get_by_role("button", name="Go to message").click()
    expect(grace.row("Hello, Grace")).to_be_in_viewport()
    grace.page.get_by_role("button", name="Pinned messages").click()
    pins.get_by_role("button", name="Unpin").click()
    expect(pins).to_contain_text("Nothing is pinned")
    expect(ada.row("Hello, Grace").get_by_text("Pinned")).to_have_count(0)


def test_a_message_is_forwarded_with_its_author(pair: Pair, api: Callable[[str], Api]) -> None:
    ada, grace = pair
    alan = api(unique("Alan"))
    group = alan.create("group", [alan.user_id_of(ada.name), alan.user_id_of(grace.name)], "Forwards")
    grace.choose(grace.row("Hello, Grace"), "Forward")
    grace.page.get_by_role("searchbox", name="Find a conversation").fill("forw")
    grace.page.get_by_role("button", name="Forward to Forwards").click()
    expect(grace.page.get_by_text("Forwarded to Forwards.")).to_be_visible()
    ada.open("Forwards")
    expect(ada.row("Hello, Grace")).to_contain_text(f"Forwarded, written by {ada.name}")
    sent = alan.messages(group)[-1]["forwarded"]
    assert sent["sender_id"] == alan.user_id_of(ada.name)


def test_a_copied_link_leads_to_the_message(pair: Pair) -> None:
    ada, grace = pair
    grace.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    grace.choose(grace.row("Hello, Grace"), "Copy link")
    expect(grace.page.get_by_text("Link copied")).to_be_visible()
    link = grace.page.evaluate("navigator.clipboard.readText()")
    for number in range(60):
        ada.write(f"filler {number}")
    expect(grace.row("filler 59")).to_be_visible()
    grace.page.goto(link)
    expect(grace.row("Hello, Grace")).to_be_in_viewport()
    expect(grace.row("filler 59")).not_to_be_in_viewport()


def test_what_is_refused_is_taken_back_with_a_word(pair: Pair) -> None:
    ada, grace = pair
    context = grace.page.context
    context.set_offline(True)
    grace.row("Hello, Grace").hover()
    grace.row("Hello, Grace").get_by_role("button", name="React").click()
    grace.page.get_by_role("searchbox", name="Search emoji").fill("rocket")
    grace.page.keyboard.press("Enter")
    mine = grace.row("Hello, Grace").get_by_role("button", name="🚀, 1 person, you too")
    expect(mine).to_be_visible()
    expect(grace.row("Hello, Grace").get_by_text("Waiting for the network")).to_be_attached()
    ada.choose(ada.row("Hello, Grace"), "Delete message")
    ada.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(ada.row("This message was deleted")).to_be_visible()
    context.set_offline(False)
    expect(grace.row("This message was deleted")).to_be_visible(timeout=15_000)
    expect(mine).to_have_count(0)
    expect(grace.page.get_by_role("alert")).to_contain_text("Your reaction was not taken")


def test_what_was_wished_offline_is_done_after_a_reload(pair: Pair) -> None:
    ada, grace = pair
    ada.page.context.set_offline(True)
    ada.choose(ada.row("Hello, Grace"), "Edit message")
    ada.write("Hello from the train")
    expect(ada.row("Hello from the train")).to_contain_text("(edited)")
    ada.page.context.set_offline(False)
    ada.page.reload()
    expect(grace.row("Hello from the train")).to_be_visible(timeout=15_000)


def test_a_long_press_opens_the_actions(pair: Pair) -> None:
    ada, _ = pair
    ada.row("Hello, Grace").evaluate(
        """(row) => row.dispatchEvent(
          new PointerEvent("contextmenu", { pointerType: "touch", bubbles: true, cancelable: true }))"""
    )
    expect(ada.page.get_by_role("menuitem", name="Reply in thread")).to_be_visible()
    ada.page.keyboard.press("Escape")
