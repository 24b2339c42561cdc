"""People and places: ways in, rules, moderation, blocks, commands: two people at their pages."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from e2e.people import Api, Person, sign_up_here, unique


@pytest.fixture
def place(couple: tuple[Person, Person], api: Callable[[str], Api]) -> tuple[str, int]:
    """Return a fresh channel that both have open: Ada owns it, Grace is a member."""
    maker, title = api(unique("Maker")), unique("Place")
    ada, grace = (maker.user_id_of(one.name) for one in couple)
    channel = maker.create("channel", [ada, grace], title)
    maker.set_role(channel, ada, "owner")
    for one in couple:
        one.page.goto(f"/c/{channel}")
        expect(one.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        one.wait_until_live()
    return title, channel


def _details(person: Person) -> Locator:
    person.page.get_by_role("button", name="Details").click()
    return person.page.get_by_role("region", name="Details")


def _way(person: Person, name: str) -> Locator:
    """Open a layer of the details."""
    _details(person).get_by_role("button", name=name, exact=True).click()
    return person.page.get_by_role("dialog")


def _close(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_link_lets_a_stranger_sign_up_and_in_and_works_no_more_when_it_is_revoked(
    couple: tuple[Person, Person], place: tuple[str, int], context_of: Callable[..., BrowserContext]
) -> None:
    ada, grace = couple
    links = _way(ada, "Invite by link")
    links.get_by_label("How many may use it").select_option("5")
    links.get_by_role("button", name="Create link").click()
    address = links.get_by_label("Invitation link").input_value()
    assert "/join/" in address
    stranger = context_of().new_page()
    stranger.goto(address)
    expect(stranger.get_by_text("You were invited to a conversation")).to_be_visible()
    name = unique("Alan")
    sign_up_here(stranger, name)
    invitation = stranger.get_by_role("dialog", name="You were invited")
    expect(invitation).to_contain_text(place[0])
    expect(invitation).to_contain_text(f"You join as {name}")
    invitation.get_by_role("button", name="Join", exact=True).click()
    expect(stranger.get_by_role("heading", level=1, name=place[0])).to_be_visible()
    stranger.goto(address)
    expect(invitation).to_contain_text("You are a member already")
    invitation.get_by_role("button", name="Open").click()
    expect(stranger.get_by_role("heading", level=1, name=place[0])).to_be_visible()
    links.get_by_role("button", name="Revoke link 1").click()
    expect(links.get_by_text("No link works at present")).to_be_visible()
    _close(ada.page)
    grace.page.goto(address)
    expect(grace.page.get_by_role("dialog")).to_contain_text("This invitation does not work")
    _close(grace.page)
    expect(grace.page).to_have_url(re.compile(r"/(c/\d+)?$"))


def test_a_listed_channel_is_found_and_asked_for_and_whoever_asks_is_let_in(
    couple: tuple[Person, Person], api: Callable[[str], Api]
) -> None:
    ada, grace = couple
    maker, title = api(unique("Maker")), unique("Garden")
    channel = maker.create("channel", [maker.user_id_of(ada.name)], title, "listed")
    maker.set_role(channel, maker.user_id_of(ada.name), "owner")
    grace.page.goto("/")
    grace.wait_until_live()
    grace.page.get_by_role("button", name="New conversation").first.click()
    grace.page.get_by_role("radio", name="Join").click()
    grace.page.get_by_label("Channel name").fill(title[2:])
    found = grace.page.get_by_role("dialog").get_by_role("listitem").filter(has_text=title)
    expect(found).to_contain_text("2 members · by request")
    found.get_by_role("button", name=f"Ask to join {title}").click()
    expect(found).to_contain_text("Asked")
    ada.page.goto(f"/c/{channel}")
    requests = _way(ada, "Invite by link")
    requests.get_by_role("button", name=f"Let {grace.name} in").click()
    expect(requests.get_by_text("Nobody asks to join")).to_be_visible()
    _close(ada.page)
    _close(grace.page)
    expect(grace.line(title)).to_be_visible()


def test_rules_hold_at_once_and_the_composer_says_why_one_cannot_write(
    couple: tuple[Person, Person], place: tuple[str, int]
) -> None:
    ada, grace = couple
    rules = _way(ada, "Settings")
    rules.get_by_label("Slow mode").select_option("30")
    rules.get_by_role("button", name="Save").click()
    expect(grace.page.get_by_text("Slow mode: 30 seconds between messages")).to_be_visible()
    grace.write("One of these")
    expect(grace.page.get_by_role("timer")).to_contain_text(re.compile(r"you can write again in \d+ s"))
    grace.write("And at once another")
    expect(grace.box).to_have_value("And at once another")
    expect(grace.row("another")).to_have_count(0)
    ada.page.get_by_role("region", name="Details").get_by_role("button", name="Settings", exact=True).click()
    rules.get_by_label("Slow mode").select_option("0")
    rules.get_by_label("Who may write").select_option("admin")
    rules.get_by_role("button", name="Save").click()
    expect(grace.page.get_by_text("Only some people write here")).to_be_visible()
    expect(ada.box).to_be_visible()
    ada.page.get_by_role("region", name="Details").get_by_role("button", name="Settings", exact=True).click()
    rules.get_by_label("Who may write").select_option("member")
    rules.get_by_role("button", name="Save").click()
    expect(grace.box).to_have_value("And at once another")
    ada.page.get_by_role("region", name="Details").get_by_role("button", name="Settings", exact=True).click()
    rules.get_by_role("button", name="Archive").click()
    ada.page.get_by_role("dialog").last.get_by_role("button", name="Archive").click()
    for one in couple:
        expect(one.page.get_by_text("This conversation is archived")).to_be_visible()
    rules.get_by_role("button", name="Open again").click()
    expect(grace.box).to_be_visible()


def test_a_report_is_decided_and_a_member_silenced_and_banned(
    couple: tuple[Person, Person], place: tuple[str, int]
) -> None:
    ada, grace = couple
    ada.write("Something that hurts")
    grace.choose(grace.row("that hurts"), "Report")
    report = grace.page.get_by_role("dialog", name="Report this message")
    report.get_by_label("What is wrong with it?").fill("It hurts")
    report.get_by_role("button", name="Report", exact=True).click()
    expect(grace.page.get_by_text("Reported.")).to_be_visible()
    queue = _way(ada, "Moderation")
    expect(queue).to_contain_text(f"Reported by {grace.name}")
    expect(queue).to_contain_text("It hurts")
    queue.get_by_role("button", name="I deal with it").click()
    expect(queue).to_contain_text(f"{ada.name} deals with it")
    queue.get_by_role("button", name="Delete message").click()
    expect(queue).to_contain_text("Nothing is reported")
    expect(grace.row("This message was deleted")).to_be_visible()
    _close(ada.page)
    ada.page.get_by_role("button", name=f"Actions for {grace.name}").click()
    ada.page.get_by_role("menuitem", name="Silence for a time").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="An hour").click()
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    grace.write("May I?")
    expect(grace.page.get_by_text("A moderator lets you only read here")).to_be_visible()
    ada.page.get_by_role("button", name=f"Actions for {grace.name}").click()
    ada.page.get_by_role("menuitem", name="Ban").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Ban").click()
    expect(grace.page.get_by_text("You are no longer a member")).to_be_visible()
    ada.page.get_by_role("region", name="Details").get_by_role("button", name="Moderation").click()
    queue.get_by_role("radio", name="Kept out").click()
    queue.get_by_role("button", name=f"Lift the ban of {grace.name}").click()
    expect(queue).to_contain_text("Nobody is banned")
    queue.get_by_role("radio", name="What was done").click()
    for act in ("banned", "silenced", "decided a report", "lifted the ban of"):
        expect(queue.get_by_role("listitem").filter(has_text=act).first).to_be_visible()


def test_who_is_slower_than_another_moderator_is_told(
    couple: tuple[Person, Person], place: tuple[str, int], api: Callable[[str], Api], server: str
) -> None:
    channel, other = place[1], api(unique("Other"))
    ada, grace = (Api.log_in(server, one.name) for one in couple)
    ada.act(channel, "invite", user_ids=[other.user_id], role="admin")
    grace.tell(f"/v1/conversations/{channel}/reports", {"seq": ada.send(channel, "Something that hurts")})
    queue = _way(couple[0], "Moderation")
    expect(queue).to_contain_text(f"Reported by {grace.name}")
    other.take_reports(channel)
    queue.get_by_role("button", name="I deal with it").click()
    expect(queue.get_by_role("alert")).to_have_text("Another moderator deals with this report already.")
    expect(queue).to_contain_text(f"{other.name} deals with it")
    _close(couple[0].page)
    for one in (ada, grace):
        one.close()


def test_what_somebody_blocked_writes_is_folded_away_until_it_is_asked_for_or_the_block_is_lifted(
    couple: tuple[Person, Person], place: tuple[str, int]
) -> None:
    ada, grace = couple
    grace.write("Look at me")
    expect(ada.row("Look at me")).to_be_visible()
    _details(ada)
    ada.page.get_by_role("button", name=f"Actions for {grace.name}").click()
    ada.page.get_by_role("menuitem", name="Block").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Block").click()
    folded = ada.row("From somebody you blocked")
    expect(folded).to_be_visible()
    expect(ada.row("Look at me")).to_have_count(0)
    expect(ada.line(place[0])).not_to_contain_text("Look at me")
    folded.get_by_role("button", name="Show").click()
    expect(ada.row("Look at me")).to_be_visible()
    ada.page.get_by_role("button", name=f"{ada.name}: settings").click()
    ada.page.get_by_role("button", name=f"Unblock {grace.name}").click()
    expect(ada.page.get_by_text("You have blocked nobody")).to_be_visible()
    _close(ada.page)
    grace.write("And again")
    expect(ada.row("And again")).to_be_visible()


def test_commands_are_offered_and_done_and_a_webhook_speaks_under_its_name(
    couple: tuple[Person, Person], place: tuple[str, int]
) -> None:
    ada, grace = couple
    ada.box.press_sequentially("/sh")
    expect(ada.page.get_by_role("option")).to_contain_text(["/shrug text"])
    ada.box.press("Enter")
    ada.box.press_sequentially("why not")
    ada.box.press("Enter")
    expect(grace.row(r"why not ¯\_(ツ)_/¯")).to_be_visible()
    ada.write("/topic Only what matters")
    expect(
        grace.page.get_by_role("banner").or_(grace.page.locator("header")).get_by_text("Only what matters")
    ).to_be_visible()
    ada.write("/nonsense now")
    expect(ada.page.get_by_text("There is no command /nonsense")).to_be_visible()
    expect(ada.box).to_have_value("/nonsense now")
    ada.box.fill("")
    hooks = _way(ada, "Webhooks")
    hooks.get_by_label("Name", exact=True).fill("Build")
    hooks.get_by_role("button", name="Create webhook").click()
    address = hooks.get_by_label("Webhook", exact=True).input_value()
    assert ada.page.request.post(address, data={"text": "It is green", "username": "CI"}).ok
    expect(grace.row("It is green")).to_contain_text("Webhook")
    hooks.get_by_role("button", name="Remove Build").click()
    expect(hooks.get_by_text("There are no webhooks yet")).to_be_visible()
