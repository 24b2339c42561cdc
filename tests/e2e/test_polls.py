"""Polls, with two people at their pages."""

from collections.abc import Callable

from playwright.sync_api import Locator, expect

from e2e.people import Person, unique


def ask(one: Person, question: str, *options: str, checks: tuple[str, ...] = ()) -> None:
    """Start a poll with the form."""
    one.page.get_by_role("button", name="Poll").click()
    form = one.page.get_by_role("dialog", name="New poll")
    form.get_by_label("Question").fill(question)
    for _ in options[2:]:
        form.get_by_role("button", name="Add option").click()
    for number, option in enumerate(options, start=1):
        form.get_by_label(f"Option {number}", exact=True).fill(option)
    for name in checks:
        form.get_by_label(name).check()
    form.get_by_role("button", name="Start poll").click()


def poll(one: Person, question: str) -> Locator:
    return one.feed.get_by_role("group", name=question)


def test_a_poll_is_answered_counted_and_closed(person: Callable[..., Person]) -> None:
    ada, grace = person(unique("Ada")), person(unique("Grace"))
    ada.with_person(grace.name)
    ask(ada, "Where to?", "The bridge", "The mill", "Home")
    grace.open(ada.name)
    expect(grace.line(ada.name)).to_contain_text("Where to?")
    poll(grace, "Where to?").get_by_role("button", name="The mill").click()
    expect(poll(ada, "Where to?").get_by_role("button", name="The mill")).to_contain_text("1 vote")
    poll(ada, "Where to?").get_by_role("button", name="Home").click()
    poll(ada, "Where to?").get_by_role("button", name="The mill").click()
    for one in (ada, grace):
        expect(poll(one, "Where to?").get_by_role("button", name="The mill")).to_contain_text("2 votes")
        expect(poll(one, "Where to?").get_by_role("button", name="Home")).to_contain_text("0 votes")
        expect(poll(one, "Where to?")).to_contain_text("2 people have voted")
    poll(grace, "Where to?").get_by_role("button", name="Who voted").click()
    expect(grace.page.get_by_role("dialog", name="Who voted for what")).to_contain_text(ada.name)
    grace.page.keyboard.press("Escape")
    poll(ada, "Where to?").get_by_role("button", name="Close poll").click()
    expect(poll(grace, "Where to?")).to_contain_text("Closed")
    expect(poll(grace, "Where to?").get_by_role("button", name="Home")).to_be_disabled()


def test_of_an_anonymous_poll_one_keeps_ones_own_choice_and_sees_no_names(person: Callable[..., Person]) -> None:
    ada, grace = person(unique("Ada")), person(unique("Grace"))
    ada.with_person(grace.name)
    ask(ada, "Cake?", "Yes", "No", checks=("Several answers may be chosen", "Anonymous: nobody sees who chose what"))
    grace.open(ada.name)
    for option in ("Yes", "No"):
        poll(grace, "Cake?").get_by_role("button", name=option).click()
    expect(poll(ada, "Cake?").get_by_role("button", name="Yes")).to_contain_text("1 vote")
    expect(poll(ada, "Cake?").get_by_role("button", name="No")).to_contain_text("1 vote")
    grace.wait_until_still()
    for _ in range(2):
        for option in ("Yes", "No"):
            expect(poll(grace, "Cake?").get_by_role("button", name=option)).to_have_attribute("aria-pressed", "true")
        expect(poll(grace, "Cake?").get_by_role("button", name="Who voted")).to_have_count(0)
        grace.page.reload()
