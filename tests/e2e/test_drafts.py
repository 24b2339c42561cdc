"""A draft is lost by nothing but sending it or deleting it, and stays with its conversation."""

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.people import Api, Person, unique


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
