"""What changes redraws what shows it, and nothing else: no row for a key, few lines for many conversations."""

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.people import Api, Person, unique

COUNT = """(list) => {
    window.redrawn = 0;
    new MutationObserver((changes) => { window.redrawn += changes.length })
        .observe(list, { subtree: true, childList: true, attributes: true, characterData: true });
}"""
MESSAGES = 60
CONVERSATIONS = 150


def test_a_key_and_somebodys_presence_redraw_no_row(
    couple: tuple[Person, Person], room: str, api: Callable[[str], Api]
) -> None:
    ada, grace = couple
    page, writer = ada.page, api(unique("Writer"))
    conversation = writer.create("group", [writer.user_id_of(one.name) for one in couple], unique("Busy"))
    for number in range(MESSAGES):
        writer.send(conversation, f"message {number}")
    page.goto(f"/c/{conversation}")
    grace.page.goto(f"/c/{conversation}")
    expect(ada.row(f"message {MESSAGES - 1}")).to_be_visible()
    ada.wait_until_live()
    ada.wait_until_still()
    ada.feed.evaluate(COUNT)
    ada.box.press_sequentially("as fast as one types, with *marks* and @names")
    grace.box.press_sequentially("hello")
    expect(page.get_by_text(f"{grace.name} is typing")).to_be_visible()
    assert page.evaluate("window.redrawn") == 0


def test_of_many_conversations_few_are_drawn(couple: tuple[Person, Person], api: Callable[[str], Api]) -> None:
    ada = couple[0]
    page, maker = ada.page, api(unique("Maker"))
    own = maker.user_id_of(ada.name)
    titles = [unique(f"Group {number}") for number in range(CONVERSATIONS)]
    for title in titles:
        maker.create("group", [own], title)
    lines = page.get_by_role("navigation", name="Conversations").get_by_role("link")
    wanted = page.get_by_label("Filter conversations")
    wanted.fill(titles[-1])
    expect(lines).to_have_count(1)
    wanted.fill("")
    expect(lines.nth(5)).to_be_visible()
    assert lines.count() <= 60
    lines.first.focus()
    page.keyboard.press("End")
    expect(lines.last).to_be_focused()
    assert lines.count() <= 60
