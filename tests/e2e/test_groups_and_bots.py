"""Groups of people and the bots of a server: its admin changes them, others see them; each screen is looked at."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from e2e.conftest import serving
from e2e.people import Api, Person, unique, watched
from e2e.test_emoji_and_unreads import WIDE, look, settings

VIEWS = (WIDE, ("dark", 1280, 800), ("light", 360, 740))


@pytest.fixture(scope="module")
def own_server() -> Iterator[str]:
    """Return the URL of a server whose first account is Ada's: she is its admin."""
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def ada(browser: Browser, own_server: str) -> Iterator[Person]:
    context = browser.new_context(base_url=own_server, viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    faults = watched(context)
    yield Person.sign_up(context.new_page(), unique("Ada"))
    context.close()
    assert faults == []


@pytest.fixture
def grace(ada: Person, own_server: str) -> Iterator[Api]:
    grace = Api.sign_up(own_server, unique("Grace"))
    yield grace
    grace.close()


def groups_of(page: Page) -> Locator:
    """Open the groups from the menu above the conversations."""
    page.get_by_role("button", name="More for all conversations").click()
    page.get_by_role("menuitem", name="Groups of people").click()
    return page.get_by_role("dialog", name="Groups of people")


def add(dialog: Locator, name: str) -> None:
    dialog.get_by_label("Search people by name").fill(name)
    dialog.get_by_role("button", name=name, exact=True).click()


def test_an_admin_makes_changes_and_deletes_a_group(ada: Person, grace: Api) -> None:
    page = ada.page
    screen = groups_of(page)
    expect(screen.get_by_text("There are no groups yet.")).to_be_visible()
    look(page, "groups-none", WIDE)
    screen.get_by_role("button", name="New group").click()
    form = page.get_by_role("dialog", name="New group of people")
    form.get_by_label("Name", exact=True).fill("two words")
    add(form, grace.name)
    add(form, ada.name)
    form.get_by_role("button", name="Make group").click()
    expect(form.get_by_text("One word of letters")).to_be_visible()
    look(page, "group-refused")
    form.get_by_label("Name", exact=True).fill("on-call")
    form.get_by_role("button", name="Make group").click()
    expect(form).to_have_count(0)
    change = screen.get_by_role("button", name="Change on-call")
    expect(change).to_be_focused()
    expect(screen.get_by_text("2 people")).to_be_visible()
    look(page, "groups", *VIEWS)

    change.click()
    form = page.get_by_role("dialog", name="Group on-call")
    form.get_by_role("button", name=f"Remove {ada.name}").click()
    form.get_by_label("Name", exact=True).fill("on-duty")
    form.get_by_role("button", name="Save").click()
    expect(screen.get_by_text("@on-duty")).to_be_visible()
    expect(screen.get_by_text("1 person")).to_be_visible()

    screen.get_by_role("button", name="New group").click()
    form = page.get_by_role("dialog", name="New group of people")
    form.get_by_label("Name", exact=True).fill("On-Duty")
    form.get_by_role("button", name="Make group").click()
    expect(form.get_by_text("Another group has this name.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(screen.get_by_role("button", name="New group")).to_be_focused()

    screen.get_by_role("button", name="Delete on-duty").click()
    look(page, "group-delete", WIDE)
    page.get_by_role("dialog", name="Delete the group").get_by_role("button", name="Delete").click()
    expect(screen.get_by_text("There are no groups yet.")).to_be_visible()
    expect(screen.get_by_role("button", name="New group")).to_be_focused()
    page.keyboard.press("Escape")


def test_who_saves_over_what_another_admin_changed_is_told(ada: Person, grace: Api, own_server: str) -> None:
    page, screen = ada.page, groups_of(ada.page)
    screen.get_by_role("button", name="New group").click()
    form = page.get_by_role("dialog", name="New group of people")
    form.get_by_label("Name", exact=True).fill("shared")
    add(form, grace.name)
    form.get_by_role("button", name="Make group").click()
    screen.get_by_role("button", name="Change shared").click()
    form = page.get_by_role("dialog", name="Group shared")
    form.get_by_role("button", name=f"Remove {grace.name}").click()
    elsewhere = Api.log_in(own_server, ada.name)
    elsewhere.change_group("shared", [elsewhere.user_id, grace.user_id])
    elsewhere.close()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Somebody else changed this group meanwhile.")).to_be_visible()
    expect(form.get_by_text("2 of at most")).to_be_visible()
    look(page, "group-changed", WIDE)
    form.get_by_role("button", name=f"Remove {grace.name}").click()
    form.get_by_role("button", name="Save").click()
    expect(screen.get_by_text("1 person")).to_be_visible()
    screen.get_by_role("button", name="Delete shared").click()
    page.get_by_role("dialog", name="Delete the group").get_by_role("button", name="Delete").click()
    expect(screen.get_by_text("There are no groups yet.")).to_be_visible()
    page.keyboard.press("Escape")


def test_everybody_sees_the_groups_as_they_are_when_he_looks(
    ada: Person, grace: Api, browser: Browser, own_server: str
) -> None:
    context = browser.new_context(base_url=own_server, viewport={"width": 1280, "height": 800})
    faults = watched(context)
    bob = Person.sign_up(context.new_page(), unique("Bob"))
    expect(groups_of(bob.page).get_by_text("There are no groups yet.")).to_be_visible()
    bob.page.keyboard.press("Escape")

    screen = groups_of(ada.page)
    screen.get_by_role("button", name="New group").click()
    form = ada.page.get_by_role("dialog", name="New group of people")
    form.get_by_label("Name", exact=True).fill("reviewers")
    add(form, grace.name)
    form.get_by_role("button", name="Make group").click()
    expect(form).to_have_count(0)

    seen = groups_of(bob.page)
    expect(seen.get_by_text("Admins of this server make and change them.")).to_be_visible()
    expect(seen.get_by_role("button", name="New group")).to_have_count(0)
    expect(seen.get_by_role("button", name="Delete reviewers")).to_have_count(0)
    seen.get_by_role("button", name="Show who is in reviewers").click()
    shown = bob.page.get_by_role("dialog", name="Group reviewers")
    expect(shown.get_by_text(grace.name)).to_be_visible()
    look(bob.page, "group-shown")
    bob.page.keyboard.press("Escape")

    screen.get_by_role("button", name="Delete reviewers").click()
    ada.page.get_by_role("dialog", name="Delete the group").get_by_role("button", name="Delete").click()
    expect(screen.get_by_text("There are no groups yet.")).to_be_visible()
    ada.page.keyboard.press("Escape")
    seen.get_by_role("button", name="Show who is in reviewers").click()
    expect(shown.get_by_text("This group was deleted meanwhile.")).to_be_visible()
    bob.page.keyboard.press("Escape")
    bob.page.evaluate("dispatchEvent(new Event('focus'))")  # as when he comes back to the page
    expect(seen.get_by_text("There are no groups yet.")).to_be_visible()
    context.close()
    assert faults == []


def bots_button(ada: Person) -> Locator:
    return settings(ada).get_by_role("button", name="Bots", exact=True)


def made(screen: Locator, name: str) -> Locator:
    """Make a bot with the form that is open, and return where its token is shown."""
    screen.get_by_label("Name", exact=True).fill(name)
    screen.get_by_role("button", name="Make bot").click()
    shown = screen.get_by_role("group", name=f"Token of {name}")
    expect(shown).to_be_focused()
    return shown


def said_to(url: str, token: str) -> int:
    """Return the status that a program with this token is answered with."""
    answer = httpx.get(f"{url}/v1/conversations", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    return answer.status_code


def test_a_bot_is_made_and_its_token_shown_once(ada: Person, own_server: str) -> None:
    page, name, button = ada.page, unique("Deploy"), bots_button(ada)
    button.scroll_into_view_if_needed()
    look(page, "server-section", *VIEWS)
    button.click()
    screen = page.get_by_role("dialog", name="Bots")
    expect(screen.get_by_text("There are no bots yet.")).to_be_visible()
    screen.get_by_role("button", name="New bot").click()
    expect(screen.get_by_label("Name", exact=True)).to_be_focused()
    screen.get_by_label("Name", exact=True).fill(ada.name)
    screen.get_by_role("checkbox", name="React").uncheck()
    screen.get_by_role("button", name="Make bot").click()
    expect(screen.get_by_text("A person or another bot has this name.")).to_be_visible()
    look(page, "bot-new")
    shown = made(screen, name)
    token = shown.get_by_label("Token of").input_value()
    expect(screen.get_by_text("Read · Write", exact=True)).to_be_visible()
    expect(screen.get_by_text(f"made by {ada.name}")).to_be_visible()
    shown.get_by_role("button", name="Copy token").click()
    expect(shown.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == token
    assert said_to(own_server, token) == 200
    look(page, "bot-token", *VIEWS)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    button.click()
    expect(screen.get_by_text(name)).to_be_visible()
    expect(shown).to_have_count(0)
    screen.get_by_role("button", name=f"Change what {name} may do").click()
    form = page.get_by_role("dialog", name=f"What {name} may do")
    for scope in ("Read", "Write"):
        form.get_by_role("checkbox", name=scope).uncheck()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text("Choose at least one")).to_be_visible()
    look(page, "bot-change")
    form.get_by_role("checkbox", name="Write").check()
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    expect(screen.get_by_role("listitem").get_by_text("Write", exact=True)).to_be_visible()
    assert said_to(own_server, token) == 403
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def test_another_token_ends_the_first_and_a_removed_bot_has_none(ada: Person, own_server: str) -> None:
    page, name = ada.page, unique("Nightly")
    bots_button(ada).click()
    screen = page.get_by_role("dialog", name="Bots")
    screen.get_by_role("button", name="New bot").click()
    shown = made(screen, name)
    expect(screen.get_by_text("Read · Write · React")).to_be_visible()
    first = shown.get_by_label("Token of").input_value()
    screen.get_by_role("button", name=f"New token for {name}").click()
    look(page, "bot-renew", WIDE)
    page.get_by_role("dialog", name="A new token for").get_by_role("button", name="New token").click()
    expect(shown.get_by_label("Token of")).not_to_have_value(first)
    expect(shown).to_be_focused()
    second = shown.get_by_label("Token of").input_value()
    assert (said_to(own_server, first), said_to(own_server, second)) == (401, 200)
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as without HTTPS
    shown.get_by_role("button", name="Copy token").click()
    expect(shown.get_by_role("alert")).to_contain_text("copy it from the field")
    assert page.evaluate("() => getSelection().toString()") == second
    look(page, "bot-by-hand", ("light", 360, 740))
    screen.get_by_role("button", name=f"Remove {name}").click()
    page.get_by_role("dialog", name="Remove the bot").get_by_role("button", name="Remove").click()
    expect(screen.get_by_role("button", name=f"Remove {name}")).to_have_count(0)
    expect(screen.get_by_role("button", name="New bot")).to_be_focused()
    assert said_to(own_server, second) == 401


def test_who_is_no_admin_is_offered_no_bots(ada: Person, browser: Browser, own_server: str) -> None:
    context = browser.new_context(base_url=own_server)
    eve = Person.sign_up(context.new_page(), unique("Eve"))
    screen = settings(eve)
    expect(screen.get_by_role("button", name="Groups of people")).to_be_visible()
    expect(screen.get_by_role("button", name="Bots", exact=True)).to_have_count(0)
    expect(screen.get_by_role("button", name="Reports and audit")).to_have_count(0)
    context.close()
