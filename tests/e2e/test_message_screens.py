"""The screens of messages, threads and polls: no fault that axe finds, and a picture of each to look at."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from e2e.people import Api, Person, unique
from e2e.test_screens import Looker

CODE = """```python
def mean(values: list[float]) -> float:
    # empty lists have none
    return sum(values) / len(values)
```"""
TABLE = "| run | p50 | p99 |\n|:--|--:|--:|\n| before | 3.1 ms | **48 ms** |\n| after | 3.0 ms | 12 ms |"


@pytest.mark.parametrize(("scheme", "width", "height"), [("light", 1440, 900), ("dark", 360, 740)])
def test_no_screen_of_messages_has_a_fault_that_axe_finds(
    scheme: str, width: int, height: int, context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context = context_of(color_scheme=scheme, viewport={"width": width, "height": height}, locale="en-GB")
    page = context.new_page()
    ada = Person.sign_up(page, unique("Ada"))
    looker = Looker(page, f"{scheme}-{width}")
    _fill(ada, api)
    page.get_by_role("link", name="engineering").click()
    expect(ada.row("Where do we eat?")).to_be_visible()
    ada.wait_until_still()
    looker.look("messages")
    ada.act(ada.row("def mean"), "More actions")
    looker.look("message-menu")
    page.keyboard.press("Escape")
    ada.row("def mean").get_by_role("button", name="React", exact=True).click()
    looker.look("emoji")
    page.keyboard.press("Escape")
    _look_at_layers(ada, page, looker)
    ada.row("Here are the numbers").get_by_role("button", name="2 replies").click()
    pane = page.get_by_role("region", name="Thread")
    expect(pane.get_by_role("textbox")).to_be_visible()
    expect(pane.locator("article")).to_have_count(3)
    looker.look("thread")
    pane.get_by_role("button", name="Close").click()
    ada.box.press_sequentially("@g")
    expect(page.get_by_role("option").first).to_be_visible()
    looker.look("suggestions")
    assert not looker.faults, "\n".join(looker.faults)


def _look_at_layers(ada: Person, page: Page, looker: Looker) -> None:
    for action, screen in (("Forward", "forward"), ("Remind me", "remind")):
        ada.choose(ada.row("def mean"), action)
        expect(page.get_by_role("dialog")).to_be_visible()
        looker.look(screen)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Pinned messages").click()
    expect(page.get_by_role("dialog")).to_contain_text("Here are the numbers")
    looker.look("pins")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Poll", exact=True).click()
    looker.look("new-poll")
    page.keyboard.press("Escape")
    ada.row("12 ms for sure").get_by_role("button", name="edited").click()
    expect(page.get_by_role("dialog")).to_contain_text("12 ms or so")
    looker.look("history")
    page.keyboard.press("Escape")


def _fill(ada: Person, api: Callable[[str], Api]) -> None:
    """Make a channel in which messages were changed, answered and asked about in every way."""
    grace, alan = api(unique("Grace")), api(unique("Alan"))
    own = grace.user_id_of(ada.name)
    channel = grace.create("channel", [own, alan.user_id], "engineering", "public")
    grace.set_role(channel, own, "owner")
    numbers = grace.send(channel, f"Here are the numbers of last night\n\n{TABLE}")
    for one, body in ((alan, "That is a lot less"), (grace, "and it stays there")):
        one.send(channel, body, thread_seq=numbers)
    grace.act(channel, "pin", target_seq=numbers)
    for one in (grace, alan):
        one.act(channel, "react", target_seq=numbers, emoji="🎉")
    alan.act(channel, "react", target_seq=numbers, emoji="👀")
    alan.send(channel, CODE)
    edited = alan.send(channel, "12 ms or so")
    alan.act(channel, "edit", target_seq=edited, body="12 ms for sure")
    grace.act(channel, "delete", target_seq=grace.send(channel, "never mind"))
    alan.send(channel, f"@{ada.name} do you know why? ||It is the lock||", mentions=[own], target_seq=numbers)
    poll = grace.act(
        channel, "start_poll", question="Where do we eat?", options=["At the mill", "By the river", "Here"]
    )
    alan.act(channel, "vote", target_seq=poll, options=[0])
    grace.act(channel, "vote", target_seq=poll, options=[1])
