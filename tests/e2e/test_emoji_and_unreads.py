"""The server's own emoji, from picture to reaction, and all that is unread in one list; each screen is looked at."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.conftest import serving
from e2e.people import Api, Person, unique, watched
from e2e.test_screens import Looker
from pictures import png

WIDE = ("light", 1280, 800)
NARROW = ("dark", 360, 740)


@pytest.fixture(scope="module")
def own_server() -> Iterator[str]:
    with serving(SERIATIM_ADD_EMOJI="everybody") as url:
        yield url


@pytest.fixture(scope="module")
def ada(browser: Browser, own_server: str) -> Iterator[Person]:
    context = browser.new_context(base_url=own_server, viewport={"width": 1280, "height": 800})
    faults = watched(context)
    yield Person.sign_up(context.new_page(), unique("Ada"))
    context.close()
    assert faults == []


@pytest.fixture
def grace(own_server: str) -> Iterator[Api]:
    grace = Api.sign_up(own_server, unique("Grace"))
    yield grace
    grace.close()


def look(page: Page, screen: str, *views: tuple[str, int, int]) -> None:
    """Look at a screen, wide and light, narrow and dark; the page is wide and light again afterwards."""
    faults: list[str] = []
    for scheme, width, height in views or (WIDE, NARROW):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": height})
        looker = Looker(page, f"{scheme}-{width}")
        looker.look(screen)
        faults += looker.faults
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert faults == []


def settings(ada: Person) -> Locator:
    ada.page.get_by_role("button", name=f"{ada.name}: settings").click()
    return ada.page.get_by_role("dialog", name="Settings")


def add_square(ada: Person) -> None:
    """Add an emoji in the settings, after a file that is no picture."""
    screen = settings(ada)
    screen.get_by_label("Name", exact=True).fill("square")
    screen.get_by_label("Picture").set_input_files({"name": "a.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    screen.get_by_role("button", name="Add emoji").click()
    expect(screen.get_by_text("This is no whole PNG")).to_be_visible()
    picture = {"name": "square.png", "mimeType": "image/png", "buffer": png(48, 32)}
    screen.get_by_label("Picture").set_input_files(picture)  # type: ignore[arg-type]
    screen.get_by_role("button", name="Add emoji").click()
    expect(screen.get_by_text(":square: is there for everybody.")).to_be_visible()
    screen.get_by_role("button", name="Remove :square:").scroll_into_view_if_needed()
    look(ada.page, "own-emoji")
    ada.page.keyboard.press("Escape")


def test_an_emoji_is_added_written_and_reacted_with(ada: Person, grace: Api) -> None:
    page = ada.page
    here = grace.create("direct", [grace.user_id_of(ada.name)])
    said = grace.send(here, "Ship it? :square: in `:square:` at 12:30:45")
    ada.open(grace.name)
    expect(ada.row("Ship it?").locator(".body")).to_contain_text("Ship it? :square:")
    add_square(ada)

    shown = ada.row("Ship it?").locator(".body").get_by_role("img", name=":square:")
    expect(shown).to_have_count(1)  # not in code
    assert shown.evaluate("(one) => one.decode().then(() => one.naturalWidth)") == 48
    ada.box.press_sequentially("yes :squ")
    expect(page.get_by_role("option", name=":square:")).to_be_visible()
    ada.box.press("Enter")
    expect(ada.box).to_have_value("yes :square: ")
    ada.box.press("Enter")
    expect(ada.row("yes").get_by_role("img", name=":square:")).to_be_visible()

    ada.row("Ship it?").hover()
    ada.row("Ship it?").get_by_role("button", name="React").click()
    choice = page.get_by_role("dialog", name="Choose an emoji")
    expect(choice.get_by_role("heading", name="Emoji of this server")).to_be_visible()
    look(page, "own-emoji-picker", WIDE)
    choice.get_by_role("button", name="square", exact=True).last.click()
    mine = ada.row("Ship it?").get_by_role("button", name=":square:")
    expect(mine.get_by_role("img", name=":square:")).to_be_visible()
    expect(mine).to_have_attribute("aria-pressed", "true")
    look(page, "own-emoji-message")
    (first,) = [one for one in grace.messages(here) if one["seq"] == said]
    assert first["reactions"] == [[":square:", 1, False]]


def test_a_removed_emoji_is_its_name_again(ada: Person, grace: Api) -> None:
    page = ada.page
    here = grace.create("direct", [grace.user_id_of(ada.name)])
    grace.send(here, "Over there: :square:")
    page.reload()
    ada.open(grace.name)
    shown = ada.row("Over there").locator(".body").get_by_role("img", name=":square:")
    expect(shown).to_have_count(1)
    screen = settings(ada)
    screen.get_by_role("button", name="Remove :square:").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(screen.get_by_text(":square: is removed.")).to_be_attached()
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    expect(ada.row("Over there").locator(".body")).to_contain_text("Over there: :square:")


def test_all_that_is_unread_is_read_and_opened_from_one_list(ada: Person, grace: Api) -> None:
    page, own = ada.page, grace.user_id_of(ada.name)
    for title, bodies in (("Plans", ["When do we start?", "Monday?"]), ("Lunch", [f"Menu {n}" for n in range(1, 8)])):
        group = grace.create("group", [own], title)
        for body in bodies:
            grace.send(group, body, mentions=[own] if body == "Monday?" else [])
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_role("button", name="Back").click()  # there the list is a screen of its own
    page.get_by_role("button", name="More for all conversations").click()
    page.get_by_role("menuitem", name="All unread").click()
    screen = page.get_by_role("dialog", name="All unread")
    lunch, plans = screen.get_by_role("region", name="Lunch"), screen.get_by_role("region", name="Plans")
    expect(lunch).to_contain_text("7 unread messages")
    expect(lunch).to_contain_text("and 2 more messages")
    expect(plans).to_contain_text("1 mention")
    look(page, "all-unread")
    lunch.get_by_role("button", name="Mark Lunch as read").click()
    expect(lunch).to_have_count(0)
    expect(ada.line("Lunch").get_by_test_id("unread")).to_have_count(0)
    plans.get_by_role("button", name="Open Plans").click()
    expect(screen).to_have_count(0)
    expect(page.get_by_role("heading", level=1, name="Plans")).to_be_visible()
    expect(ada.row("When do we start?")).to_be_visible()
