"""A forgotten password at the page: ask, follow the link, set another one, log in with it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from e2e.conftest import serving
from e2e.people import Api, unique, watched

NEW = "another horse battery"


@pytest.fixture
def own_server() -> Iterator[str]:
    """Return the URL of a server whose first account is the admin's."""
    with serving() as url:
        yield url


def test_a_link_of_an_admin_sets_a_new_password(browser: Browser, own_server: str) -> None:
    admin, ada = Api.sign_up(own_server, unique("Root")), Api.sign_up(own_server, unique("Ada"))
    context = browser.new_context(base_url=own_server)
    faults = watched(context)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Name or mail address").fill(ada.name)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("alert")).to_contain_text("Ask one of its admins")

    address = admin.reset_link(ada.user_id)
    page.goto(address)
    expect(page).to_have_url(f"{own_server}/reset")  # the secret is not left in the address
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Too short")).to_be_visible()
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is set")

    page.get_by_role("link", name="To the log-in").click()
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Name").fill(ada.name)
    page.get_by_label("Password").fill(NEW)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    context.close()
    admin.close()
    ada.close()
    assert faults == []
