"""Taking data along in the page: one's own as an archive, a conversation as a page to read."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, expect

from e2e.people import Api, Person, unique


def saved(ada: Person, button: Locator) -> Path:
    with ada.page.expect_download() as download:
        button.click()
    return download.value.path()


def test_ones_own_data_and_a_conversation_are_saved_as_files(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    grace.send(conversation, "Take me along")
    ada.open(grace.name)
    ada.page.get_by_role("button", name="Details").click()
    details = ada.page.get_by_role("region", name="Details")
    page = saved(ada, details.get_by_role("button", name="Export")).read_text(encoding="utf-8")
    assert "Take me along" in page
    assert page.endswith("</html>\n")
    ada.page.get_by_role("button", name=f"{ada.name}: settings").click()
    screen = ada.page.get_by_role("dialog", name="Settings")
    screen.get_by_role("button", name="Export my data").click()
    expect(screen.get_by_text("Your file is ready")).to_be_visible(timeout=15_000)
    with zipfile.ZipFile(saved(ada, screen.get_by_role("button", name="Download"))) as archive:
        assert b'"Take me along"' in archive.read("export.jsonl")
