"""What one writes: mentions and emoji that are suggested, and text that is drawn with its marks."""

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.people import REACHED, Api, Person, unique


def test_a_mention_is_suggested_marked_and_told(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada, grace = person(unique("Ada")), person(unique("Grace"))
    alan = api(unique("Alan"))
    group = alan.create("group", [alan.user_id_of(ada.name), alan.user_id_of(grace.name)], "Crew")
    ada.open("Crew")
    ada.box.press_sequentially("@gra")
    option = ada.page.get_by_role("option", name=grace.name)
    expect(option).to_have_attribute("aria-selected", "true")
    ada.box.press("Enter")
    expect(ada.box).to_have_value(f"@{grace.name} ")
    ada.box.press_sequentially("look")
    ada.box.press("Enter")
    grace.open("Crew")
    mention = grace.row("look").locator(".body").get_by_text(f"@{grace.name}")
    expect(mention).to_be_visible()
    expect(ada.row("look").locator(".body").get_by_text(f"@{grace.name}")).to_be_visible()
    assert alan.messages(group)[-1]["mentions"] == [alan.user_id_of(grace.name)]
    ada.write("`@all` is how everybody is named")
    expect(grace.row("is how everybody")).to_be_visible()
    ada.write("@all lunch")
    expect(grace.row("lunch")).to_be_visible()
    assert [message.get("mentions", []) for message in alan.messages(group)[-2:]] == [[], [0]]


def test_everybody_of_a_large_conversation_is_mentioned_after_a_question(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, alan = person(unique("Ada")), api(unique("Alan"))
    own = alan.user_id_of(ada.name)
    others = [api(unique("Member")).user_id for _ in range(50)]
    group = alan.create("group", [own, *others], "Everybody here")
    alan.set_role(group, own, "admin")
    ada.open("Everybody here")
    ada.write("@all lunch")
    question = ada.page.get_by_role("dialog", name="Notify 51 people?")
    question.get_by_role("button", name="Cancel").click()
    expect(ada.box).to_have_value("@all lunch")
    ada.box.press("Enter")
    question.get_by_role("button", name="Send").click()
    expect(ada.row("lunch").get_by_text(REACHED)).to_be_attached()
    assert alan.messages(group)[-1]["mentions"] == [0]


def test_emoji_come_from_names_and_from_the_choice(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    ada.page.goto(f"/c/{conversation}")
    ada.box.press_sequentially("so :heart_ey")
    expect(ada.page.get_by_role("option", name=":heart_eyes:")).to_be_visible()
    ada.box.press("Tab")
    ada.box.press_sequentially("and :tada: but `:tada:`")
    ada.page.get_by_role("button", name="Emoji").click()
    ada.page.get_by_role("dialog", name="Choose an emoji").get_by_role("button", name="rocket").first.click()
    expect(ada.box).to_be_focused()
    ada.box.press("Enter")
    expect(ada.row("😍 and 🎉 but").get_by_text(REACHED)).to_be_attached()
    assert grace.messages(conversation)[-1]["body"] == "so 😍 and 🎉 but `:tada:`🚀"


def test_spoilers_tables_and_code_are_drawn(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    ada.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ada.page.goto(f"/c/{conversation}")
    grace.send(conversation, "the butler ||**did it**||")
    spoiler = ada.row("the butler").get_by_role("button", name="Spoiler: press to show")
    spoiler.click()
    expect(ada.row("the butler").locator("strong")).to_have_text("did it")
    expect(spoiler).to_have_count(0)
    grace.send(conversation, "| a | b |\n|:-:|--:|\n| **1** | 2 |")
    expect(ada.feed.get_by_role("table").get_by_role("cell", name="1")).to_have_css("text-align", "center")
    grace.send(conversation, "```python\ndef main():\n    return None\n```")
    expect(ada.row("def main").locator(".keyword").first).to_have_text("def")
    ada.row("def main").hover()
    ada.row("def main").get_by_role("button", name="Copy").click()
    assert ada.page.evaluate("navigator.clipboard.readText()") == "def main():\n    return None"
