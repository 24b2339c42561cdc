"""The whole first day without a pointer: sign up, find somebody, write, read, answer, move about."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect

from e2e.people import PASSWORD, Api, Person, unique

FOCUSED = """
(() => { const { ariaLabel, textContent } = document.activeElement; return `${ariaLabel ?? ""} ${textContent}`; })()
"""


def _tab_to(page: Page, name: str, most: int = 20) -> None:
    """Press Tab until the element with this accessible name has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if name in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"Tab does not reach {name}")


def test_the_first_day_by_keyboard_alone(context_of: Callable[..., BrowserContext], api: Callable[[str], Api]) -> None:
    grace, name = api(unique("Grace")), unique("Ada")
    page = context_of().new_page()
    page.goto("/")
    page.get_by_label("Name").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    if page.evaluate("document.activeElement.tagName") != "INPUT":
        page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    _tab_to(page, "New conversation")
    page.keyboard.press("Enter")
    _tab_to(page, "Person")
    page.keyboard.press("Tab")
    page.keyboard.type(grace.name)
    expect(page.get_by_role("dialog").get_by_role("button", name=grace.name)).to_be_visible()
    page.keyboard.press("Enter")
    ada = Person(page, name)
    expect(ada.box).to_be_focused()
    page.keyboard.type("typed by keyboard")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("on two lines")
    page.keyboard.press("Enter")
    expect(ada.row("on two lines")).to_have_count(1)


def test_messages_are_read_and_answered_by_keyboard_alone(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    page = ada.page
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    ada.page.goto(f"/c/{conversation}")
    expect(ada.box).to_be_focused()
    grace.send(conversation, "first answer")
    grace.send(conversation, "second answer")
    expect(ada.row("second answer")).to_be_visible()
    page.keyboard.press("Shift+Tab")
    expect(ada.row("second answer")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(ada.row("first answer")).to_be_focused()
    page.keyboard.press("Enter")
    expect(ada.row("first answer").get_by_role("button", name="React")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(ada.row("first answer").get_by_role("button", name="Reply")).to_be_focused()
    page.keyboard.press("Escape")
    expect(ada.row("first answer")).to_be_focused()
    page.keyboard.press("r")
    expect(ada.box).to_be_focused()
    expect(page.get_by_text(f"Replying to {grace.name}")).to_be_visible()
    page.keyboard.type("r is a letter here")
    page.keyboard.press("Enter")
    expect(ada.row("r is a letter here")).to_contain_text("first answer")


def test_f6_goes_round_the_regions_and_alt_arrows_through_the_conversations(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada = person(unique("Ada"))
    titles: list[str] = []
    for name in ("Grace", "Alan", "Katherine"):
        other = api(unique(name))
        conversation = other.create("direct", [other.user_id_of(ada.name)])
        other.send(conversation, "hello")
        titles.insert(0, other.name)
    expect(ada.line(titles[0])).to_be_visible()
    page = ada.page
    heading = page.get_by_role("heading", level=1)
    for title in titles:
        page.keyboard.press("Alt+ArrowDown")
        expect(heading).to_have_text(title)
    page.keyboard.press("Alt+ArrowUp")
    expect(heading).to_have_text(titles[1])
    expect(ada.box).to_be_focused()
    region = "document.activeElement.closest('[data-region]')?.getAttribute('aria-label')"
    page.keyboard.press("F6")
    assert page.evaluate(region) == "Conversations"
    page.keyboard.press("F6")
    assert page.evaluate(region) == "Messages"
    expect(ada.box).to_be_focused()
    page.keyboard.press("Shift+F6")
    assert page.evaluate(region) == "Conversations"


def test_the_message_list_is_one_tab_stop_and_says_name_text_and_time(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    grace.send(conversation, "see https://example.org and **this**")
    grace.send(conversation, "and that")
    ada.open(grace.name)
    expect(ada.row("and that")).to_be_visible()
    stops = ada.feed.evaluate("(feed) => [...feed.querySelectorAll('*')].filter((one) => one.tabIndex >= 0).length")
    assert stops == 1
    name = re.compile(rf"^{grace.name}: and that, \d")
    expect(ada.row("and that")).to_have_accessible_name(name)


def test_enter_waits_for_actions_that_are_still_on_their_way(
    context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context, held = context_of(), list[Route]()
    # The service worker would bring them unseen; and a script that a test hands over counts as from elsewhere.
    context.add_init_script("delete Navigator.prototype.serviceWorker")
    context.grant_permissions(["local-network-access"])

    def hold(route: Route) -> None:
        held.append(route)

    context.route("**/assets/ActionBar-*.js", hold)
    ada, grace = Person.sign_up(context.new_page(), unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    ada.page.goto(f"/c/{conversation}")
    expect(ada.box).to_be_focused()
    grace.send(conversation, "first answer")
    expect(ada.row("first answer")).to_be_visible()
    ada.page.keyboard.press("Shift+Tab")
    expect(ada.row("first answer")).to_be_focused()
    ada.page.keyboard.press("Enter")
    assert held
    expect(ada.row("first answer").get_by_role("button", name="React")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(ada.row("first answer").get_by_role("button", name="React")).to_be_focused()
