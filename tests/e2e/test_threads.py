"""Threads, with two people at their pages: replies beside the messages, followers and their own counts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from e2e.people import Api, Person, unique

Pair = tuple[Person, Person]


@pytest.fixture
def pair(couple: Pair, room: str) -> Pair:
    """Return two people in a conversation in which one has asked something."""
    ada, grace = couple
    ada.write("Where shall we meet?")
    expect(grace.row("Where shall we meet?")).to_be_visible()
    return ada, grace


def pane(one: Person) -> Locator:
    return one.page.get_by_role("region", name="Thread")


def open_thread(one: Person, text: str) -> Locator:
    """Open the thread of a message with its button, and return the pane."""
    one.row(text).hover()
    one.row(text).get_by_role("button", name="Thread", exact=True).click()
    expect(pane(one).get_by_role("textbox")).to_be_visible()
    return pane(one)


def said(one: Person, text: str) -> Locator:
    """Return the text of a message in the thread that is open."""
    return pane(one).locator("article .body").get_by_text(text, exact=True)


def reply(one: Person, text: str) -> None:
    box = pane(one).get_by_role("textbox", name="Reply in thread")
    box.fill(text)
    box.press("Enter")


def test_replies_stand_in_the_thread_and_count_at_its_root(pair: Pair, room: str) -> None:
    ada, grace = pair
    open_thread(grace, "Where shall we meet?")
    reply(grace, "At the bridge")
    reply(grace, "or at the mill")
    root = ada.row("Where shall we meet?")
    expect(root.get_by_role("button", name="2 replies")).to_contain_text("2 new")
    expect(ada.feed.get_by_text("At the bridge")).to_have_count(0)
    root.get_by_role("button", name="2 replies").click()
    expect(said(ada, "or at the mill")).to_be_visible()
    expect(root.get_by_role("button", name="2 replies")).not_to_contain_text("new")
    reply(ada, "The mill it is")
    expect(said(grace, "The mill it is")).to_be_visible()
    expect(ada.line(room)).not_to_contain_text("unread")


def test_a_reply_that_is_sent_to_the_conversation_too_stands_in_both(pair: Pair) -> None:
    ada, grace = pair
    open_thread(grace, "Where shall we meet?")
    pane(grace).get_by_role("checkbox", name="Also send to the conversation").check()
    reply(grace, "At the bridge")
    expect(ada.row("At the bridge")).to_contain_text("replied to a thread")
    ada.row("At the bridge").get_by_role("button", name="Where shall we meet?").click()
    expect(said(ada, "At the bridge")).to_be_visible()
    expect(pane(grace).get_by_role("checkbox", name="Also send")).not_to_be_checked()


def test_a_thread_is_followed_and_left(pair: Pair) -> None:
    ada, grace = pair
    open_thread(grace, "Where shall we meet?")
    follow = pane(grace).get_by_role("button", name="Follow", exact=True)
    expect(follow).to_have_attribute("aria-pressed", "false")
    follow.click()
    expect(pane(grace).get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")
    pane(grace).get_by_role("button", name="Close").click()
    open_thread(ada, "Where shall we meet?")
    reply(ada, "Anybody?")
    root = grace.row("Where shall we meet?")
    expect(root.get_by_role("button", name="1 reply")).to_contain_text("1 new")
    open_thread(grace, "Where shall we meet?")
    pane(grace).get_by_role("button", name="Following").click()
    pane(grace).get_by_role("button", name="Close").click()
    reply(ada, "Well then")
    expect(root.get_by_role("button", name="2 replies")).to_be_visible()
    expect(root.get_by_role("button", name="2 replies")).not_to_contain_text("new")


def test_reading_a_thread_here_clears_it_on_the_other_device(
    pair: Pair, room: str, context_of: Callable[..., BrowserContext]
) -> None:
    ada, grace = pair
    phone = Person.log_in(context_of(viewport={"width": 390, "height": 800}).new_page(), ada.name)
    phone.line(room).click()
    open_thread(grace, "Where shall we meet?")
    reply(grace, "At the bridge")
    for device in (ada, phone):
        expect(device.row("Where shall we meet?").get_by_role("button", name="1 reply")).to_contain_text("1 new")
    open_thread(ada, "Where shall we meet?")
    expect(phone.row("Where shall we meet?").get_by_role("button", name="1 reply")).not_to_contain_text("new")


def test_what_is_written_in_a_thread_is_a_draft_of_its_own(pair: Pair) -> None:
    ada, _ = pair
    ada.box.fill("for everybody")
    open_thread(ada, "Where shall we meet?").get_by_role("textbox").fill("for the thread")
    ada.page.reload()
    expect(ada.box).to_have_value("for everybody")
    open_thread(ada, "Where shall we meet?")
    expect(pane(ada).get_by_role("textbox")).to_have_value("for the thread")


def test_slow_mode_counts_what_one_wrote_in_a_thread_for_both_composers(
    couple: Pair, api: Callable[[str], Api]
) -> None:
    ada, maker = couple[0], api(unique("Maker"))
    group = maker.create("group", [maker.user_id_of(ada.name)], unique("Slow"))
    maker.act(group, "set_settings", slow_mode_s=600)
    maker.send(group, "Only now and then, please")
    ada.page.goto(f"/c/{group}")
    main = ada.page.locator("#messages form")
    open_thread(ada, "Only now and then, please")
    for place in (main, pane(ada)):
        expect(place.get_by_text("Slow mode: 10 minutes between messages.")).to_be_visible()
    reply(ada, "I understand")
    for place in (main, pane(ada)):
        expect(place.get_by_role("timer")).to_contain_text("you can write again in")
        place.get_by_role("textbox").fill("at once")
        expect(place.get_by_role("button", name="Send", exact=True)).to_be_disabled()
        place.get_by_role("textbox").fill("")


def test_older_replies_of_a_long_thread_are_loaded(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    root = grace.send(conversation, "a long story")
    for number in range(120):
        grace.send(conversation, f"part {number}", thread_seq=root)
    for number in range(60):
        grace.send(conversation, f"meanwhile {number}")
    ada.page.goto(f"/c/{conversation}/{root}")
    ada.row("a long story").get_by_role("button", name="120 replies").click()
    expect(said(ada, "part 119")).to_be_visible()
    expect(said(ada, "part 0")).to_have_count(0)
    for _ in range(2):
        pane(ada).get_by_role("button", name="Older replies").click()
    expect(said(ada, "part 0")).to_have_count(1)
    expect(pane(ada).locator("article")).to_have_count(121)
