"""One's name and one's mail in the settings, whom an admin lets in, who follows a thread; each screen is looked at."""

import re
import uuid
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Browser, Locator, expect

from e2e.conftest import serving
from e2e.people import Api, Person, sign_up_here, unique, watched
from e2e.test_emoji_and_unreads import look, settings
from e2e.test_threads import open_thread
from scenarios.mail_world import Postbox, postbox, secret_of


@pytest.fixture(scope="module")
def box() -> Iterator[tuple[Postbox, Callable[[], EmailMessage]]]:
    """Run an SMTP server beside the test, and return it with what waits for its next mail."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(postbox()) as box:
        yield box, lambda: portal.call(box.next)


@pytest.fixture(scope="module")
def own_server(box: tuple[Postbox, object]) -> Iterator[str]:
    with serving(
        SERIATIM_PUBLIC_URL="https://chat.example.org",
        SERIATIM_SMTP_URL=f"smtp://127.0.0.1:{box[0].port}",
        SERIATIM_MAIL_FROM="chat@example.org",
    ) as url:
        yield url


@pytest.fixture(scope="module")
def ada(browser: Browser, own_server: str) -> Iterator[Person]:
    context = browser.new_context(base_url=own_server, viewport={"width": 1280, "height": 800})
    faults = watched(context)
    yield Person.sign_up(context.new_page(), unique("Ada"))
    context.close()
    assert faults == []


def test_who_renames_himself_is_called_so_here_and_on_the_open_pages_of_others(
    ada: Person, browser: Browser, own_server: str
) -> None:
    context = browser.new_context(base_url=own_server)
    page = context.new_page()
    page.clock.install()
    grace = Person.sign_up(page, unique("Grace"))
    grace.with_person(ada.name)
    grace.write("hello")
    grace.wait_until_live()
    screen = settings(ada)
    shown = f"Lovelace {uuid.uuid4().hex[:8]}"
    field = screen.get_by_label("What others call you")
    expect(screen.get_by_text(f"You log in as {ada.name}")).to_be_visible()
    field.fill(grace.name)
    field.press("Enter")
    expect(screen.get_by_text("Somebody has this name already.")).to_be_visible()
    field.fill(shown)
    screen.get_by_role("button", name="Save").click()
    expect(screen.get_by_text("Saved.")).to_be_visible()
    ada.page.keyboard.press("Escape")
    for _ in range(2):
        expect(ada.page.get_by_role("button", name=f"{shown}: settings")).to_be_visible()
        ada.page.reload()
    expect(grace.line(ada.name)).to_be_visible()
    elsewhere = Api.log_in(own_server, grace.name)
    elsewhere.block(elsewhere.user_id_of(shown))
    ada.open(grace.name)
    expect(ada.row("hello")).to_be_visible()
    page.clock.fast_forward("01:01")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(grace.line(shown)).to_be_visible()
    expect(page.get_by_role("heading", level=1, name=shown)).to_be_visible()
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_role("button", name=f"Unblock {shown}")).to_be_visible()
    elsewhere.close()
    ada.name = shown
    context.close()


def test_an_address_is_ones_own_once_its_link_is_followed_and_then_digests_go_on_and_off(
    ada: Person, box: tuple[Postbox, Callable[[], EmailMessage]]
) -> None:
    screen, address = settings(ada), "ada@example.org"
    screen.get_by_label("Mail address").fill("nobody")
    screen.get_by_role("button", name="Send me a link").click()
    expect(screen.get_by_text("This is no mail address.")).to_be_visible()
    screen.get_by_label("Mail address").fill(address)
    screen.get_by_role("button", name="Send me a link").click()
    said = screen.get_by_text(f"A link is on its way to {address}")
    expect(said).to_be_visible()
    said.scroll_into_view_if_needed()
    look(ada.page, "profile")
    digest = screen.get_by_label("Tell me by mail what I missed")
    expect(digest).to_have_count(0)

    mail = box[1]()
    assert mail["To"] == address
    tab = ada.page.context.new_page()
    tab.goto(f"/confirm#{secret_of(mail)}")
    tab.get_by_role("button", name="Confirm address").click()
    expect(tab.get_by_role("status")).to_contain_text("Your address is confirmed.")
    tab.close()
    ada.page.evaluate("dispatchEvent(new Event('focus'))")  # each page of a test has it all the time
    expect(screen.locator(".address")).to_have_text(address)
    expect(said).to_have_count(0)

    expect(digest).not_to_be_checked()
    for wanted in (True, False):
        with ada.page.expect_response("**/v1/me/mail") as answer:
            digest.set_checked(wanted)
        assert answer.value.ok
        ada.page.reload()
        settings(ada)
        expect(digest).to_be_checked(checked=wanted)
    digest.scroll_into_view_if_needed()
    look(ada.page, "profile-confirmed")
    ada.page.keyboard.press("Escape")


def test_an_admin_lets_a_guest_in_by_a_link_and_by_mail_and_gives_him_a_new_password(
    ada: Person, browser: Browser, own_server: str, box: tuple[Postbox, Callable[[], EmailMessage]]
) -> None:
    page, name = ada.page, unique("Guest")
    screen = _letting_in(ada)
    context = browser.new_context(base_url=own_server)
    tab = context.new_page()
    tab.goto(_link_for_a_guest(screen))
    look(page, "let-in", ("light", 1280, 800), ("dark", 1280, 800), ("light", 360, 740))
    sign_up_here(tab, name)
    guest = Api.log_in(own_server, name)
    assert guest.is_guest()
    guest.close()

    screen.get_by_label("Mail address").fill("nobody@")
    screen.get_by_role("button", name="Send invitation").click()
    expect(screen.get_by_text("This is no mail address.")).to_be_visible()
    screen.get_by_label("Mail address").fill("new@example.org")
    screen.get_by_role("button", name="Send invitation").click()
    expect(screen.get_by_text("An invitation is on its way to new@example.org.")).to_be_visible()
    assert box[1]()["To"] == "new@example.org"

    screen.get_by_label("Search people by name").fill(name)
    screen.get_by_role("button", name=name, exact=True).click()
    shown = screen.get_by_role("group", name=f"Link for a new password for {name}")
    expect(shown).to_be_focused()
    tab.goto(f"/reset#{shown.get_by_label('Link for a new password').input_value().partition('#')[2]}")
    tab.get_by_label("New password").fill("another long password")
    tab.get_by_role("button", name="Set password").click()
    expect(tab.get_by_role("status")).to_contain_text("Your password is set.")
    context.close()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


def test_a_guest_is_added_among_others_and_begins_no_group_of_his_own(
    ada: Person, browser: Browser, own_server: str
) -> None:
    page, name, title = ada.page, unique("Guest"), unique("Visit")
    bob, carol = (Api.sign_up(own_server, unique(one)) for one in ("Bob", "Carol"))
    address = _link_for_a_guest(_letting_in(ada))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    context = browser.new_context(base_url=own_server)
    tab = context.new_page()
    tab.goto(address)
    sign_up_here(tab, name)
    page.get_by_role("button", name="New conversation").first.click()
    page.get_by_role("radio", name="Group").click()
    page.get_by_label("Group name").fill(title)
    page.get_by_role("button", name="Create group").click()
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    page.get_by_role("button", name="Details").click()
    details = page.get_by_role("region", name="Details")
    details.get_by_role("button", name="Add people").click()
    form = page.get_by_role("dialog", name="Add people")
    for one in (bob.name, name, carol.name):
        form.get_by_label("Search people by name").fill(one)
        form.get_by_role("button", name=one, exact=True).click()
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form).to_have_count(0)
    expect(ada.feed.get_by_text(re.compile(f"You added .*{bob.name}.* and .*{carol.name}"))).to_be_visible()
    expect(details.get_by_role("listitem").filter(has_text=name)).to_contain_text("Guest")
    expect(tab.get_by_role("link", name=title)).to_be_visible()
    tab.get_by_role("button", name="New conversation").first.click()
    dialog = tab.get_by_role("dialog", name="New conversation")
    expect(dialog.get_by_text("As a guest you write to people")).to_be_visible()
    expect(dialog.get_by_role("radio")).to_have_count(0)
    details.get_by_role("button", name="Close").click()
    for opened in (bob, carol, context):
        opened.close()


def _letting_in(ada: Person) -> Locator:
    settings(ada).get_by_role("button", name="Let people in").click()
    return ada.page.get_by_role("dialog", name="Let people in")


def _link_for_a_guest(screen: Locator) -> str:
    screen.get_by_label("As a guest").check()
    screen.get_by_role("button", name="Make link").click()
    shown = screen.get_by_role("group", name="Link to sign up")
    expect(shown).to_be_focused()
    return shown.get_by_label("Link to sign up").input_value()


def test_a_thread_says_who_follows_it(ada: Person, own_server: str) -> None:
    bob = Api.sign_up(own_server, unique("Bob"))
    bob.close()
    ada.with_person(bob.name)
    expect(ada.page.get_by_role("heading", level=1, name=bob.name)).to_be_visible()
    ada.write("the root")
    open_thread(ada, "the root")
    ada.page.get_by_role("button", name="Who follows this thread").click()
    dialog = ada.page.get_by_role("dialog", name="Who follows this thread")
    expect(dialog.get_by_text("Nobody follows this thread yet.")).to_be_visible()
    ada.page.keyboard.press("Escape")
    ada.page.get_by_role("button", name="Follow", exact=True).click()
    expect(ada.page.get_by_role("button", name="Following")).to_be_visible()
    ada.page.get_by_role("button", name="Who follows this thread").click()
    expect(dialog.get_by_text(ada.name)).to_be_visible()
    look(ada.page, "followers")
