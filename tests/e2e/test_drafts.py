"""A draft is lost by nothing but sending it or deleting it, and stays with its conversation."""

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.people import Api, Person, unique
from e2e.test_emoji_and_unreads import look
from e2e.test_threads import open_thread


def test_a_draft_survives_escape_switching_and_a_reload_and_stays_where_it_was_written(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace, alan = person(unique("Ada")), api(unique("Grace")), api(unique("Alan"))
    ada.with_person(grace.name)
    ada.box.press_sequentially("for Grace only")
    ada.box.press("Escape")
    expect(ada.box).to_have_value("for Grace only")
    ada.with_person(alan.name)
    expect(ada.page.get_by_role("heading", level=1, name=alan.name)).to_be_visible()
    expect(ada.box).to_have_value("")
    expect(ada.line(grace.name)).to_contain_text("Draft:")
    ada.box.press_sequentially("for Alan")
    ada.page.reload()
    expect(ada.box).to_have_value("for Alan")
    ada.open(grace.name)
    expect(ada.box).to_have_value("for Grace only")
    ada.box.press("Enter")
    expect(ada.row("for Grace only")).to_be_visible()
    expect(ada.box).to_have_value("")
    expect(ada.line(grace.name)).not_to_contain_text("Draft:")
    ada.page.reload()
    expect(ada.row("for Grace only")).to_have_count(1)
    expect(ada.box).to_have_value("")


def test_a_draft_outlasts_the_right_to_send_it_and_the_composer_says_why(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, maker = person(unique("Ada"), permissions=["clipboard-read", "clipboard-write"]), api(unique("Maker"))
    member = maker.user_id_of(ada.name)
    group = maker.create("group", [member], unique("Group"))
    ada.page.goto(f"/c/{group}")
    form = ada.page.locator("#messages form")
    maker.send(group, "What do you think?")
    thread = open_thread(ada, "What do you think?")
    thread.get_by_role("textbox").fill("half a reply")
    ada.box.press_sequentially("half a")
    maker.act(group, "set_settings", archived=True)
    expect(thread.get_by_text("This conversation is archived. What you wrote is kept here.")).to_be_visible()
    expect(thread.get_by_role("textbox")).to_have_value("half a reply")
    thread.get_by_role("button", name="Close").click()
    expect(form.get_by_text("This conversation is archived. What you wrote is kept here.")).to_be_visible()
    expect(ada.box).to_have_value("half a")
    ada.box.press_sequentially(" and nothing more")
    ada.box.press("Enter")
    expect(ada.box).to_have_value("half a")
    expect(form.get_by_role("button", name="Send", exact=True)).to_have_count(0)
    look(ada.page, "draft-kept")
    maker.act(group, "set_settings", archived=False)
    ada.box.press("End")
    ada.box.press_sequentially(" thought")
    maker.act(group, "remove", user_id=member)
    for _ in range(2):
        expect(form.get_by_text("You are no longer a member.")).to_be_visible()
        expect(ada.box).to_have_value("half a thought")
        ada.page.reload()
    form.get_by_role("button", name="Copy text").click()
    assert ada.page.evaluate("navigator.clipboard.readText()") == "half a thought"
    assert len(maker.messages(group)) == 1


def test_who_leaves_in_the_moment_of_sending_finds_no_draft_of_what_was_sent(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace, alan = person(unique("Ada")), api(unique("Grace")), api(unique("Alan"))
    page = ada.page
    for one in (grace, alan):
        one.create("direct", [one.user_id_of(ada.name)])
    expect(ada.line(alan.name)).to_be_visible()
    ada.open(grace.name)
    ada.box.fill("sent in leaving")
    ada.line(alan.name).evaluate(
        """(line) => {
            const key = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
            document.querySelector("textarea").dispatchEvent(key);
            line.click();
        }"""
    )
    expect(page.get_by_role("heading", level=1, name=alan.name)).to_be_visible()
    ada.open(grace.name)
    expect(ada.row("sent in leaving")).to_have_count(1)
    expect(ada.box).to_have_value("")
