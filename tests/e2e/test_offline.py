"""What is written without a network survives the browser's death and arrives once, in order, with honest states."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright, expect

from e2e.conftest import CHROMIUM, FLAGS
from e2e.people import REACHED, Api, Person, unique, watched

COUNT = 20
DRAFT_ON_DISK = """
async (text) => {
  for (const { name } of await indexedDB.databases()) {
    const opening = indexedDB.open(name);
    const disk = await new Promise((resolve) => (opening.onsuccess = () => resolve(opening.result)));
    const asking = disk.transaction("drafts").objectStore("drafts").getAll();
    const drafts = await new Promise((resolve) => (asking.onsuccess = () => resolve(asking.result)));
    disk.close();
    if (JSON.stringify(drafts).includes(`"${text}"`)) return true;
  }
  return false;
}
"""


@pytest.fixture
def profile(playwright: Playwright, server: str, tmp_path: Path) -> Iterator[Callable[[], BrowserContext]]:
    """Open the browser of one profile on disk; each call opens it again."""
    opened: list[BrowserContext] = []

    def open_browser() -> BrowserContext:
        context = playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=FLAGS, base_url=server, viewport={"width": 1280, "height": 800}
        )
        watched(context)
        opened.append(context)
        return context

    yield open_browser
    opened[-1].close()


@pytest.mark.promise("L1")
def test_twenty_messages_written_offline_arrive_once_and_in_order_after_the_browser_was_killed(
    profile: Callable[[], BrowserContext], api: Callable[[str], Api], tmp_path: Path
) -> None:
    grace = api(unique("Grace"))
    browser = profile()
    ada = Person.sign_up(browser.pages[0], unique("Ada"))
    ada.with_person(grace.name)
    ada.write("before")
    expect(ada.row("before").get_by_text(REACHED)).to_be_attached()
    (conversation,) = [one["conversation_id"] for one in grace.conversations()]
    browser.close()  # in good order: a browser killed seconds after the sign-up would not even have kept the cookie

    browser = profile()
    ada = Person(browser.pages[0], ada.name)
    ada.page.goto(f"/c/{conversation}")
    expect(ada.row("before")).to_be_visible()
    ada.wait_until_live()
    browser.set_offline(True)
    for number in range(COUNT):
        ada.write(f"offline {number:02}")
        expect(ada.row(f"offline {number:02}").locator("[data-state=queued], [data-state=sending]")).to_be_attached()
    expect(ada.feed.locator("[data-state=sent]", has_text="offline")).to_have_count(0)
    expect(ada.page.get_by_role("status").get_by_text("You are offline")).to_be_visible()
    ada.box.press_sequentially("half a thou")
    ada.page.wait_for_function(DRAFT_ON_DISK, arg="half a thou")
    assert [one["body"] for one in grace.messages(conversation)] == ["before"]
    _kill(tmp_path)

    again = Person(profile().pages[0], ada.name)
    again.page.goto(f"/c/{conversation}")
    expect(again.row(f"offline {COUNT - 1:02}").locator("[data-state=sent]")).to_be_attached(timeout=20_000)
    expect(again.feed.locator("[data-state=queued], [data-state=sending], [data-state=failed]")).to_have_count(0)
    wanted = ["before", *(f"offline {number:02}" for number in range(COUNT))]
    assert [one["body"] for one in grace.messages(conversation)] == wanted
    assert [body for body in again.bodies() if body.startswith("offline")] == wanted[-len(again.bodies()) :][-COUNT:]
    expect(again.box).to_have_value("half a thou")


def _kill(profile: Path) -> None:
    """Kill the browser of this profile as a crash would."""
    wanted = f"--user-data-dir={profile}".encode()
    pids = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if wanted in _read(path)]
    assert pids
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # the process has ended meanwhile
