"""Who is here and who types, as two people at their pages see it of each other."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from e2e.people import Person

MOVED = """
(box) => new Promise((resolve) => {
  const before = box.getBoundingClientRect().top, until = performance.now() + 1_500;
  let most = 0;
  (function look() {
    most = Math.max(most, Math.abs(box.getBoundingClientRect().top - before));
    if (performance.now() < until) requestAnimationFrame(look);
    else resolve(most);
  })();
})
"""


def test_a_status_is_chosen_seen_and_taken_back(couple: tuple[Person, Person]) -> None:
    ada, grace = couple
    ada.with_person(grace.name)
    expect(header(ada)).to_contain_text("Online")
    expect(dot(ada.line(grace.name))).to_have_attribute("data-presence", "online")
    own(grace.page).click()
    dialog = grace.page.get_by_role("dialog", name="Your status")
    dialog.get_by_role("radio", name="Do not disturb").check()
    dialog.get_by_label("What are you doing?").fill("In a meeting")
    dialog.get_by_label("Until", exact=True).select_option(label="In an hour")
    dialog.get_by_label("Who sees when you were last here").select_option(label="Nobody")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(own(grace.page)).to_have_accessible_name("Your status: Do not disturb, In a meeting")
    expect(header(ada)).to_contain_text("Do not disturb")
    expect(header(ada)).to_contain_text("In a meeting")
    expect(dot(ada.line(grace.name))).to_have_attribute("data-presence", "do_not_disturb")
    own(grace.page).click()
    expect(dialog.get_by_label("Who sees when you were last here")).to_have_value("nobody")
    dialog.get_by_role("radio", name="Automatic").check()
    dialog.get_by_label("What are you doing?").fill("")
    dialog.get_by_label("Who sees when you were last here").select_option(label="Everybody on this server")
    dialog.get_by_role("button", name="Save").click()
    expect(header(ada)).to_have_text("Online")


@pytest.mark.promise("D7")
def test_typing_is_shown_without_moving_anything_and_ends(couple: tuple[Person, Person]) -> None:
    ada, grace = couple
    ada.with_person(grace.name)
    grace.open(ada.name)
    line = ada.page.get_by_test_id("typing")
    grace.box.focus()
    began = time.monotonic()
    grace.box.press_sequentially("So what I think of it", delay=50)
    expect(line).to_have_text(f"{grace.name} is typing")
    assert grace.page.get_by_test_id("typing").count() == 0, "one is not told of oneself"
    grace.box.fill("")
    expect(line).to_have_count(0, timeout=2_000)
    time.sleep(max(0.0, 3.1 - (time.monotonic() - began)))
    grace.box.press_sequentially("again")
    expect(line).to_be_visible()
    moved = ada.box.evaluate_handle("(box) => box")
    grace.write("again")
    assert ada.page.evaluate(MOVED, moved) == 0
    expect(line).to_have_count(0)
    expect(ada.row("again")).to_be_visible()


def header(person: Person) -> Locator:
    """What stands under the name of the open conversation."""
    return person.page.get_by_role("region", name="Messages").locator("header p")


def own(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Your status"))


def dot(place: Locator) -> Locator:
    return place.locator("[data-presence]")
