"""Governing a conversation and one's devices: roles, removal, leaving, names of devices, logging out everywhere."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, expect

from e2e.people import Api, Person, unique

GOVERNED = ["Silence for a time", "Block", "Remove from conversation", "Ban"]
"""What may be done with a member by who governs the conversation."""


def _member_menu(ada: Person, name: str) -> Locator:
    """Open what may be done with this member."""
    ada.page.get_by_role("button", name=f"Actions for {name}").click()
    return ada.page.locator("[role=menu]:popover-open")


def _details(ada: Person) -> Locator:
    ada.page.get_by_role("button", name="Details").click()
    return ada.page.get_by_role("region", name="Details")


def test_an_owner_gives_roles_and_removes_and_then_may_leave(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace, alan = person(unique("Ada")), api(unique("Grace")), api(unique("Alan"))
    page = ada.page
    page.get_by_role("button", name="New conversation").first.click()
    page.get_by_role("radio", name="Group").click()
    page.get_by_label("Group name").fill("Lunch")
    for one in (grace, alan):
        page.get_by_label("Search people by name").fill(one.name)
        page.get_by_role("dialog").get_by_role("button", name=one.name).click()
    page.get_by_role("button", name="Create group").click()
    details = _details(ada)
    menu = _member_menu(ada, grace.name)
    expect(menu.get_by_role("menuitem")).to_have_text(["Make owner", "Make admin", *GOVERNED])
    expect(menu.get_by_role("menuitem", name="Make owner")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(ada.row("an admin")).to_be_visible()
    expect(details.get_by_text("Admin", exact=True)).to_be_visible()
    _member_menu(ada, alan.name).get_by_role("menuitem", name="Remove from conversation").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Remove {alan.name}?")
    dialog.get_by_role("button", name="Remove").click()
    expect(ada.row("You removed")).to_be_visible()
    expect(details.get_by_text(alan.name)).to_have_count(0)
    (conversation,) = [one for one in grace.conversations() if one.get("title") == "Lunch"]
    assert conversation["role"] == "admin"
    assert [one.get("role") for one in alan.conversations() if one.get("title") == "Lunch"] == [None]
    details.get_by_role("button", name="Leave conversation").click()
    dialog.get_by_role("button", name="Leave conversation").click()
    expect(dialog.get_by_role("alert")).to_contain_text("You are the last owner")
    dialog.get_by_role("button", name="Cancel").click()
    _member_menu(ada, grace.name).get_by_role("menuitem", name="Make owner").click()
    expect(ada.row("an owner")).to_be_visible()
    details.get_by_role("button", name="Leave conversation").click()
    dialog.get_by_role("button", name="Leave conversation").click()
    expect(page).to_have_url("/")


def test_an_admin_removes_members_and_nobody_else(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada, grace, alan = person(unique("Ada")), api(unique("Grace")), api(unique("Alan"))
    own = grace.user_id_of(ada.name)
    conversation = grace.create("group", [own, alan.user_id], "Council")
    ada.page.goto(f"/c/{conversation}")
    details = _details(ada)
    expect(details.get_by_text(alan.name)).to_be_visible()
    expect(_member_menu(ada, alan.name).get_by_role("menuitem")).to_have_text(["Block"])
    ada.page.keyboard.press("Escape")
    grace.set_role(conversation, own, "admin")
    expect(ada.row("you an admin")).to_be_visible()
    expect(_member_menu(ada, grace.name).get_by_role("menuitem")).to_have_text(["Block"])
    ada.page.keyboard.press("Escape")
    expect(_member_menu(ada, alan.name).get_by_role("menuitem")).to_have_text(GOVERNED)
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("menu")).to_be_hidden()
    expect(ada.page.get_by_role("button", name=f"Actions for {alan.name}")).to_be_focused()


def test_a_device_is_renamed_and_all_are_logged_out_everywhere(
    person: Callable[..., Person], context_of: Callable[..., BrowserContext]
) -> None:
    ada = person(unique("Ada"))
    phone = Person.log_in(context_of().new_page(), ada.name).page
    page = ada.page
    page.get_by_role("button", name=f"{ada.name}: settings").click()
    dialog = page.get_by_role("dialog", name="Settings")
    here = dialog.get_by_role("listitem").filter(has_text="This device")
    here.get_by_role("button", name="Rename").click()
    field = dialog.get_by_label("Device name")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    here.get_by_role("button", name="Rename").click()
    field.fill("Kitchen table")
    field.press("Enter")
    expect(dialog.get_by_text("Kitchen table")).to_be_visible()
    dialog.get_by_role("button", name="Log out everywhere").click()
    sure = page.get_by_role("dialog", name="Log out everywhere")
    expect(sure).to_contain_text("this one too")
    sure.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Log out everywhere").click()
    sure.get_by_role("button", name="Log out everywhere").click()
    for screen in (page, phone):
        expect(screen.get_by_role("heading", name="Create your account")).to_be_visible(timeout=10_000)
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Continue as")).to_have_count(0)
