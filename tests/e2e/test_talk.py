"""The headline story in a real browser: two people sign up and chat, in two browsers and in two windows of one."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from e2e.people import Api, Person, sign_up_here, unique

NEW_DEVICE = Callable[..., BrowserContext]


def test_two_people_in_two_browsers_chat_both_ways(person: Callable[..., Person]) -> None:
    ada, grace = person(unique("Ada")), person(unique("Grace"))
    ada.with_person(grace.name)
    ada.write("Hello, **Grace**")
    grace.open(ada.name)
    expect(grace.row("Hello, Grace").locator("strong")).to_have_text("Grace")
    grace.write("Hello, Ada")
    expect(ada.row("Hello, Ada")).to_be_visible()
    expect(ada.row("Hello, Grace")).to_have_count(1)


def test_two_people_in_two_windows_of_one_browser_chat(context_of: NEW_DEVICE) -> None:
    browser = context_of()
    first, second = unique("Ada"), unique("Grace")
    ada = Person.sign_up(browser.new_page(), first)
    window = browser.new_page()
    window.goto("/")
    expect(window.get_by_text(f"Continue as {first}")).to_be_visible()
    sign_up_here(window, second)
    grace = Person(window, second)
    ada.with_person(second)
    ada.write("Two windows")
    grace.open(first)
    grace.write("one browser")
    expect(ada.row("one browser")).to_be_visible()
    for page, name in ((ada.page, first), (grace.page, second)):
        page.reload()
        expect(page.get_by_role("button", name=f"{name}: settings")).to_be_visible()
    expect(ada.row("one browser")).to_be_visible()


def test_reading_here_clears_the_badge_on_the_other_device(
    person: Callable[..., Person], context_of: NEW_DEVICE, api: Callable[[str], Api]
) -> None:
    ada = person(unique("Ada"))
    other = Person.log_in(context_of().new_page(), ada.name)
    grace = api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    for text in ("one", "two", "three"):
        grace.send(conversation, text)
    for device in (ada, other):
        expect(device.line(grace.name).get_by_test_id("unread")).to_contain_text("3")
        expect(device.page).to_have_title("(3) Seriatim")
    ada.open(grace.name)
    for device in (ada, other):
        expect(device.line(grace.name).get_by_test_id("unread")).to_have_count(0)
        expect(device.page).to_have_title("Seriatim")


def test_a_group_is_made_renamed_replied_in_and_left(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    page = ada.page
    page.get_by_role("button", name="New conversation").first.click()
    page.get_by_role("radio", name="Group").click()
    page.get_by_label("Group name").fill("Lunch")
    page.get_by_label("Search people by name").fill(grace.name)
    page.get_by_role("dialog").get_by_role("button", name=grace.name).click()
    page.get_by_role("button", name="Create group").click()
    expect(page.get_by_role("heading", level=1, name="Lunch")).to_be_visible()
    expect(ada.row("You created this conversation")).to_be_visible()
    (conversation,) = [one["conversation_id"] for one in grace.conversations() if one.get("title") == "Lunch"]
    grace.send(conversation, "Thursday at noon?")
    ada.row("Thursday at noon?").hover()
    page.get_by_role("button", name="Reply").click()
    expect(page.get_by_text(f"Replying to {grace.name}")).to_be_visible()
    ada.write("Yes")
    expect(ada.row("Yes").get_by_role("button", name="Thursday at noon?")).to_be_visible()
    page.get_by_role("button", name="Details").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("region", name="Details").get_by_label("Name").fill("Dinner")
    page.get_by_role("button", name="Save").click()
    expect(ada.row("You changed the name to")).to_be_visible()
    expect(ada.line("Dinner")).to_be_visible()
    page.get_by_role("button", name="Leave conversation").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave conversation").click()
    expect(page.get_by_role("dialog").get_by_text("last owner").or_(page.get_by_text("last owner"))).to_be_visible()


def test_a_public_channel_is_found_and_joined(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    title = unique("garden")
    channel = grace.create("channel", [], title, "public")
    grace.send(channel, "Seeds are in")
    page = ada.page
    page.get_by_role("button", name="New conversation").first.click()
    page.get_by_role("radio", name="Join").click()
    page.get_by_label("Channel name").fill(title)
    page.get_by_role("button", name=f"Join {title}").click()
    expect(ada.row("Seeds are in")).to_be_visible()
    expect(ada.row("You joined")).to_be_visible()
    ada.write("Thank you")
    expect(ada.row("Thank you")).to_be_visible()


def test_refusals_of_the_first_screen_stand_in_words_at_their_field(
    context_of: NEW_DEVICE, api: Callable[[str], Api]
) -> None:
    taken = api(unique("Ada"))
    page = context_of().new_page()
    page.goto("/")
    name, password = page.get_by_label("Name"), page.get_by_label("Password", exact=True)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(name).to_have_accessible_description("Please enter a name.")
    name.fill(taken.name)
    password.fill("short")
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(password).to_have_accessible_description("Too short: at least 10 characters.")
    password.fill("long enough to pass")
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(name).to_have_accessible_description("This name is taken. Choose another one, or log in.")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(password).to_have_accessible_description("Name or password is wrong.")


def test_a_revoked_device_is_signed_out(person: Callable[..., Person], context_of: NEW_DEVICE, server: str) -> None:
    ada = person(unique("Ada"))
    there = Api.log_in(server, ada.name)
    ada.page.get_by_role("button", name=f"{ada.name}: settings").click()
    dialog = ada.page.get_by_role("dialog")
    expect(dialog.get_by_text("This device")).to_be_visible()
    dialog.get_by_role("button", name="Sign out test").click()
    expect(dialog.get_by_role("button", name="Sign out test")).to_have_count(0)
    there.close()
    dialog.get_by_role("button", name="Log out", exact=True).click()
    expect(ada.page.get_by_role("heading", name="Create your account")).to_be_visible()
