"""A newer version of the page: it waits, says so, takes over when the user agrees, and nothing is lost."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

import seriatim
from e2e.conftest import serving
from e2e.people import Api, Person, unique, watched

CONTROLLED = "navigator.serviceWorker.controller !== null"
LOOK_FOR_A_NEW_ONE = "navigator.serviceWorker.getRegistration().then((one) => one.update()).then(() => null)"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return a copy of the server's code, whose page a test may release anew."""
    shutil.copytree(Path(seriatim.__file__).parent, tmp_path / "seriatim", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.fixture
def own_server(code: Path) -> Iterator[str]:
    with serving(PYTHONPATH=str(code)) as url:
        yield url


def _release(code: Path) -> None:
    """Put another page on the server, as an upgrade does: another shell, and a service worker that names it."""
    static = code / "seriatim/static"
    page = static / "index.html"
    page.write_text(page.read_text().replace("<head>", '<head><meta name="release" content="second">'))
    worker = static / "sw.js"
    changed, count = re.subn(r'"version":"\w+"', '"version":"second"', worker.read_text())
    assert count == 1
    worker.write_text(changed)


def test_a_new_version_waits_until_the_user_agrees_and_then_nothing_is_lost(
    browser: Browser, code: Path, own_server: str
) -> None:
    context = browser.new_context(base_url=own_server)
    faults = watched(context)
    grace = Api.sign_up(own_server, unique("Grace"))
    ada = Person.sign_up(context.new_page(), unique("Ada"))
    page = ada.page
    ada.with_person(grace.name)
    ada.write("before")
    expect(ada.row("before").locator("[data-state=sent]")).to_be_attached()
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.reload()
    page.wait_for_function(CONTROLLED)

    banner = page.get_by_role("status").get_by_text("A new version is ready.")
    second = page.locator("meta[name=release]")
    expect(banner).to_have_count(0)
    _release(code)
    page.evaluate(LOOK_FOR_A_NEW_ONE)
    expect(banner).to_be_visible()
    page.reload()
    expect(banner).to_be_visible()
    expect(second).to_have_count(0)

    other = context.new_page()
    other.goto("/")
    expect(other.get_by_text("Continue as")).to_be_visible()
    page.bring_to_front()
    ada.write("at the last moment")
    ada.box.press_sequentially("half a thou")
    page.get_by_role("button", name="Reload").click()
    expect(second).to_be_attached()
    expect(banner).to_have_count(0)
    expect(ada.box).to_have_value("half a thou")
    expect(ada.row("at the last moment").locator("[data-state=sent]")).to_be_attached()
    expect(other.locator("meta[name=release]")).to_be_attached()  # or it would miss what it has not loaded yet
    (conversation,) = [one["conversation_id"] for one in grace.conversations()]
    assert [one["body"] for one in grace.messages(conversation)] == ["before", "at the last moment"]
    grace.close()
    context.close()
    assert faults == []
