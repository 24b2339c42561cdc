"""What the browser's storage may do to the page: run full, be forbidden; the page works on and says so."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from e2e.people import Api, Person, unique

COUNT_ASKS = """
window.asks = 0;
navigator.storage.persist = async () => { window.asks += 1; return false; };
"""
MISSING = "delete WorkerGlobalScope.prototype.indexedDB;"
REFUSED = """
IDBFactory.prototype.open = () => { throw new DOMException("The operation is insecure.", "SecurityError"); };
"""
FULL_AT_THE_LAST = """
const put = IDBObjectStore.prototype.put;
let full = false;
IDBObjectStore.prototype.put = function (...given) {
  if (!full && given[0].body === "the last straw") {
    full = true;
    throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
  }
  return put.apply(this, given);
};
"""
TO_THE_BEGINNING = """
async (feed) => {
  for (const since = performance.now(); feed.querySelector(".start") === null && performance.now() - since < 5_000; ) {
    feed.scrollTop = 0;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}
"""
STORED_ROWS = """
async () => {
  for (const { name } of await indexedDB.databases()) {
    const opening = indexedDB.open(name);
    const disk = await new Promise((resolve) => (opening.onsuccess = () => resolve(opening.result)));
    const asking = disk.transaction("messages").objectStore("messages").getAllKeys();
    const keys = await new Promise((resolve) => (asking.onsuccess = () => resolve(asking.result)));
    disk.close();
    return keys.map(([, seq]) => seq);
  }
}
"""


def test_the_browser_is_asked_once_to_keep_the_data(person: Callable[..., Person], api: Callable[[str], Api]) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    page = ada.page
    page.add_init_script(COUNT_ASKS)
    page.reload()
    expect(page.get_by_role("heading", name="Nobody here yet")).to_be_visible()
    assert page.evaluate("asks") == 0
    ada.with_person(grace.name)
    page.wait_for_function("asks === 1")
    page.reload()
    expect(ada.box).to_be_visible()
    assert page.evaluate("asks") == 0


def test_on_a_full_disk_old_bodies_go_and_writing_and_reading_go_on(
    context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context = context_of()
    _in_the_worker(context, FULL_AT_THE_LAST)
    ada, grace = Person.sign_up(context.new_page(), unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    ada.page.goto(f"/c/{conversation}")
    expect(ada.box).to_be_visible()
    ada.box.fill("a draft that stays")
    for number in range(90):
        grace.send(conversation, f"message {number}")
    expect(ada.row("message 89")).to_be_visible()
    notice = ada.page.get_by_role("status").get_by_text("short of space")
    expect(notice).to_have_count(0)
    assert 2 in ada.page.evaluate(STORED_ROWS)
    grace.send(conversation, "the last straw")
    expect(ada.row("the last straw")).to_be_visible()
    expect(notice).to_be_visible()
    stored = ada.page.evaluate(STORED_ROWS)
    assert 2 not in stored
    assert stored[-1] == 92
    ada.page.get_by_role("button", name="OK").click()
    expect(notice).to_have_count(0)
    expect(ada.box).to_have_value("a draft that stays")
    ada.write("and on")
    expect(ada.row("and on").locator("[data-state=sent]")).to_be_attached()
    ada.page.reload()
    expect(ada.row("and on")).to_be_visible()
    ada.feed.evaluate(TO_THE_BEGINNING)
    expect(ada.row("created this conversation")).to_be_visible()


@pytest.mark.parametrize("forbidden", [MISSING, REFUSED], ids=["missing", "refused"])
def test_without_a_disk_the_page_works_and_says_that_nothing_survives(
    forbidden: str, context_of: Callable[..., BrowserContext], api: Callable[[str], Api]
) -> None:
    context = context_of()
    _in_the_worker(context, forbidden)
    ada, grace = Person.sign_up(context.new_page(), unique("Ada")), api(unique("Grace"))
    expect(ada.page.get_by_role("status").get_by_text("is lost when the page closes")).to_be_visible()
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    grace.send(conversation, "Hello, Ada")
    ada.open(grace.name)
    expect(ada.row("Hello, Ada")).to_be_visible()
    ada.write("Hello, Grace")
    expect(ada.row("Hello, Grace").locator("[data-state=sent]")).to_be_attached()
    assert [one["body"] for one in grace.messages(conversation)] == ["Hello, Ada", "Hello, Grace"]
    ada.page.reload()
    expect(ada.row("Hello, Grace")).to_be_visible()
    expect(ada.page.get_by_role("status").get_by_text("is lost when the page closes")).to_be_visible()
    assert ada.page.evaluate("indexedDB.databases().then((all) => all.length)") == 0


def _in_the_worker(context: BrowserContext, script: str) -> None:
    """Run this in every worker of the page before its own script."""

    def add(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=f"{script}\n{answer.text()}")

    # The service worker would bring the worker as it is; and a script that a test hands over counts as from elsewhere.
    context.add_init_script("delete Navigator.prototype.serviceWorker")
    context.grant_permissions(["local-network-access"])
    context.route("**/assets/worker-*.js", add)
