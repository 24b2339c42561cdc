"""The page is looked at, moved in and answered by keys as one likes, on this device."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from e2e.people import Api, Person, unique
from e2e.test_screens import Looker

CLEAR = "for (const key of Object.keys(localStorage)) if (key.startsWith('seriatim:')) delete localStorage[key]"


BREAK = """() => {
    const { get } = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, "format");
    window.broken = true;
    Object.defineProperty(Intl.DateTimeFormat.prototype, "format", {
        get() {
            if (window.broken && this.resolvedOptions().dateStyle === "full") throw new TypeError("no time");
            return get.call(this);
        },
    });
}"""
"""Lets the list of messages break, which alone says times in full."""


@pytest.fixture(autouse=True)
def _as_it_is_by_itself(couple: tuple[Person, Person]) -> None:
    """Leave nothing chosen on the device that these tests share."""
    page = couple[0].page
    page.evaluate(CLEAR)
    page.goto("/")
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()


def _settings(page: Page) -> None:
    page.keyboard.press("Control+,")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()


def test_size_density_and_motion_are_shown_at_once_and_kept(
    couple: tuple[Person, Person], api: Callable[[str], Api]
) -> None:
    ada, grace = couple[0], api(unique("Grace"))
    page = ada.page
    grace.send(grace.create("direct", [grace.user_id_of(ada.name)]), "look at this")
    ada.open(grace.name)
    height = "(row) => row.getBoundingClientRect().height"
    cosy = ada.row("look at this").evaluate(height)
    _settings(page)
    page.get_by_role("radio", name="Compact").click()
    page.get_by_label("Text size").select_option("150 %")
    page.get_by_label("Less motion").check()
    page.keyboard.press("Escape")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--menu-time')") in ("0s", "0ms")
    page.reload()
    expect(ada.row("look at this")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "24px"
    Looker(page, "light-1280").picture("compact-150")
    _settings(page)
    page.get_by_label("Text size").select_option("100 %")
    page.keyboard.press("Escape")
    assert ada.row("look at this").evaluate(height) < cosy - 15  # name and words on one line


def test_single_keys_are_switched_off_and_enter_makes_lines(
    couple: tuple[Person, Person], api: Callable[[str], Api]
) -> None:
    ada, grace = couple[0], api(unique("Grace"))
    page = ada.page
    grace.send(grace.create("direct", [grace.user_id_of(ada.name)]), "answer me")
    ada.open(grace.name)
    ada.row("answer me").focus()
    page.keyboard.press("r")
    expect(page.get_by_text(f"Replying to {grace.name}")).to_be_visible()
    page.keyboard.press("Escape")
    _settings(page)
    page.get_by_label("Single keys act on messages").uncheck()
    page.get_by_label("Enter starts a new line").check()
    page.keyboard.press("Escape")
    ada.row("answer me").focus()
    page.keyboard.press("r")
    page.keyboard.press("e")
    expect(page.get_by_text(f"Replying to {grace.name}")).to_have_count(0)
    ada.box.focus()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    expect(ada.box).to_have_value("one\ntwo")
    page.keyboard.press("Control+Enter")
    expect(ada.row("two")).to_have_count(1)
    expect(ada.box).to_have_value("")


def test_a_few_letters_lead_to_a_conversation(couple: tuple[Person, Person], api: Callable[[str], Api]) -> None:
    ada, grace = couple[0], api(unique("Grace"))
    page, own = ada.page, grace.user_id_of(ada.name)
    grace.create("group", [own], "Lunch on Thursday")
    grace.send(grace.create("group", [own], "Team of Émile"), "new")
    grace.create("channel", [own], "engineering", "public")
    expect(ada.line("engineering")).to_be_visible()
    ada.open("Lunch on Thursday")
    ada.box.fill("a draft")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Name of a conversation or person")
    expect(field).to_be_focused()
    expect(page.get_by_role("option").first).to_contain_text("1 unread message")
    page.keyboard.type("emil")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Team of Émile")).to_be_visible()
    expect(ada.box).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_count(1)
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.type("nothing like it")
    expect(page.get_by_role("status").filter(has_text="Nothing by this name.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(ada.box).to_be_focused()


def test_what_is_chosen_stays_chosen_while_news_reorders_the_list(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    page, own = ada.page, grace.user_id_of(ada.name)
    quiet, busy, last = (grace.create("group", [own], title) for title in ("Quiet", "Busy", "Last"))
    for place in (quiet, busy, last):
        grace.send(place, "hello")
    expect(ada.line("Last").get_by_test_id("unread")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Name of a conversation or person")).to_be_focused()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_contain_text("Busy")
    grace.send(quiet, "news")
    expect(page.get_by_role("option").first).to_contain_text("Quiet")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Busy")).to_be_visible()


def test_the_keys_are_listed(couple: tuple[Person, Person]) -> None:
    ada = couple[0]
    page = ada.page
    page.keyboard.press("Control+/")
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_contain_text("Go to a conversation")
    expect(keys).to_contain_text("Reply")
    page.keyboard.press("Escape")
    _settings(page)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(keys).to_be_visible()


def test_in_high_contrast_what_is_chosen_is_still_seen(
    browser: Browser, server: str, api: Callable[[str], Api]
) -> None:
    context = browser.new_context(base_url=server, forced_colors="active", viewport={"width": 1280, "height": 800})
    ada, grace = Person.sign_up(context.new_page(), unique("Ada")), api(unique("Grace"))
    page = ada.page
    grace.send(grace.create("direct", [grace.user_id_of(ada.name)]), "in few colours")
    ada.open(grace.name)
    Looker(page, "forced-1280").picture("conversation")
    outline = "(one) => getComputedStyle(one).outlineStyle"
    assert page.locator("nav a[aria-current=page]").evaluate(outline) == "solid"
    _settings(page)
    assert page.get_by_role("radio", name="System").evaluate(outline) == "solid"
    Looker(page, "forced-1280").picture("settings")
    context.close()


def test_a_line_of_the_list_has_a_menu(couple: tuple[Person, Person], api: Callable[[str], Api]) -> None:
    ada, grace = couple[0], api(unique("Grace"))
    page, own, title, other = ada.page, grace.user_id_of(ada.name), unique("Lunch"), unique("engineering")
    grace.send(grace.create("group", [own], title), "Noon?")
    grace.create("channel", [own], other, "public")
    ada.open(other)
    line = ada.line(title)
    expect(line.get_by_test_id("unread")).to_be_visible()
    line.click(button="right")
    menu = page.get_by_role("menu", name=title)
    menu.get_by_role("menuitem", name="Mark as read").click()
    expect(line.get_by_test_id("unread")).to_have_count(0)
    expect(menu).to_be_hidden()
    line.focus()
    page.keyboard.press("Shift+F10")
    expect(menu.get_by_role("menuitem", name="Mark as unread")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2, name="Pinned")).to_be_visible()
    expect(line).to_be_focused()


def test_what_another_app_shares_is_written_where_one_goes(
    couple: tuple[Person, Person], api: Callable[[str], Api]
) -> None:
    ada, grace = couple[0], api(unique("Grace"))
    grace.create("direct", [grace.user_id_of(ada.name)])
    ada.open(grace.name)
    ada.box.fill("begun")
    ada.page.goto("/share?title=A+page&text=look&url=https%3A%2F%2Fexample.org")
    share = ada.page.get_by_role("dialog", name="Share in")
    expect(share).to_contain_text("https://example.org")
    share.get_by_role("option", name=grace.name).click()
    expect(ada.box).to_have_value("begun\nA page\nlook\nhttps://example.org")


def test_what_is_formatted_is_shown_before_it_is_sent(couple: tuple[Person, Person], api: Callable[[str], Api]) -> None:
    ada, grace = couple[0], api(unique("Grace"))
    page = ada.page
    grace.create("direct", [grace.user_id_of(ada.name)])
    ada.open(grace.name)
    ada.box.fill("some words")
    expect(page.get_by_role("button", name="Preview")).to_have_count(0)
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+b")
    expect(ada.box).to_have_value("**some words**")
    page.get_by_role("button", name="Preview").click()
    shown = page.get_by_role("group", name="Preview")
    expect(shown.locator("strong")).to_have_text("some words")
    ada.box.press("End")
    page.keyboard.type(" and `code`")
    expect(shown.locator("code")).to_have_text("code")
    Looker(page, "light-1280").picture("preview")
    ada.box.press("Enter")
    expect(shown).to_have_count(0)
    expect(ada.row("some words").locator("strong")).to_have_text("some words")


def test_a_part_that_breaks_is_a_card_in_its_place(couple: tuple[Person, Person], api: Callable[[str], Api]) -> None:
    ada, grace, alan = couple[0], api(unique("Grace")), api(unique("Alan"))
    page = ada.page
    for one in (grace, alan):
        one.send(one.create("direct", [one.user_id_of(ada.name)]), "hello")
    ada.open(grace.name)
    ada.box.fill("kept")
    page.evaluate(BREAK)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type(alan.name)
    page.keyboard.press("Enter")
    card = page.get_by_role("alert").filter(has_text="This part of the page broke.")
    expect(card).to_be_visible()
    expect(ada.line(grace.name)).to_be_visible()
    Looker(page, "light-1280").picture("crashed")
    page.evaluate("window.broken = false")
    card.get_by_role("button", name="Retry").click()
    expect(ada.row("hello")).to_be_visible()
    ada.open(grace.name)
    expect(ada.box).to_have_value("kept")


def test_nothing_stands_under_a_camera_or_the_bar_at_the_bottom(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada"), viewport={"width": 390, "height": 844}), api(unique("Grace"))
    page = ada.page
    insets = {"insets": {"top": 47, "topMax": 47, "bottom": 34, "bottomMax": 34}}
    page.context.new_cdp_session(page).send("Emulation.setSafeAreaInsetsOverride", insets)
    grace.create("direct", [grace.user_id_of(ada.name)])
    ada.open(grace.name)
    box = page.get_by_role("button", name="Back").bounding_box()
    assert box is not None
    assert box["y"] >= 47
    box = ada.box.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 844 - 34
    page.get_by_role("button", name="Details").click()
    box = page.get_by_role("region", name="Details").get_by_role("button", name="Close").bounding_box()
    assert box is not None
    assert box["y"] >= 47
