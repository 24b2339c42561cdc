"""The message list keeps its place: by the anchor when older rows come, at the end when newer ones do."""

from collections.abc import Callable

from playwright.sync_api import expect

from e2e.people import Api, Person, unique

MESSAGES = 500
# Scrolls to the beginning in steps; after each, frame by frame, how far the first row on screen moves by itself.
SCROLL_BACK = """
async (feed) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const top = feed.getBoundingClientRect().top;
  const rows = () => [...feed.querySelectorAll("article")];
  const anchor = () =>
    rows().map((row) => [row.dataset.key, row.getBoundingClientRect().top]).filter(([, at]) => at >= top)
      .sort((a, b) => a[1] - b[1])[0];
  const at = (key) => rows().find((row) => row.dataset.key === key)?.getBoundingClientRect().top;
  let worst = 0, prepended = 0, blank = 0, steps = 0;
  const moves = [];
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve)); // between two frames, as a wheel does
    feed.scrollTop -= 400;
    steps += 1;
    await frame();
    const kept = anchor();
    if (kept === undefined) { blank += 1; continue; }
    let [key, before] = kept, height = feed.scrollHeight;
    for (let frames = 0; frames < 8; frames += 1) {
      await frame();
      if (feed.scrollHeight - height > 1_000) prepended += 1;
      height = feed.scrollHeight;
      const now = at(key) ?? Infinity;
      worst = Math.max(worst, Math.abs(now - before));
      if (Math.abs(now - before) > 1) moves.push({ steps, frames, before, now, top: feed.scrollTop });
      before = now;
    }
    if (feed.scrollTop === 0 && feed.querySelector(".start") !== null) break;
  }
  return { worst, prepended, blank, steps, moves };
}
"""


def _with_history(ada: Person, grace: Api, count: int) -> int:
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    for number in range(count):
        grace.send(conversation, f"message {number}" + " and more of it" * (number * 7 % 23))
    return conversation


def _heights(ada: Person) -> dict[str, float]:
    """Return where the rows in the middle of the screen stand, by seq."""
    rows = ada.feed.evaluate(
        """(feed) => [...feed.querySelectorAll("article")]
          .map((row) => [row.dataset.seq, row.getBoundingClientRect().top])"""
    )
    return {seq: top for seq, top in rows if 100 < top < 700}


def _moved(before: dict[str, float], after: dict[str, float]) -> list[str]:
    return [seq for seq, top in before.items() if abs(after.get(seq, -1) - top) > 1]


def test_five_hundred_messages_scroll_back_and_the_first_row_stays_where_it_is(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = _with_history(ada, grace, MESSAGES)
    ada.page.goto(f"/c/{conversation}")
    expect(ada.page.get_by_test_id("new-line")).to_be_attached()
    ada.to_newest()
    expect(ada.row(f"message {MESSAGES - 1}")).to_be_in_viewport()
    seen = ada.feed.evaluate(SCROLL_BACK)
    assert seen["worst"] <= 1, seen["moves"]
    assert seen["blank"] == 0, seen
    assert seen["prepended"] >= 5, seen
    expect(ada.feed.locator("article").first).to_contain_text("created this conversation")
    assert ada.bodies()[0] == "message 0"


def test_a_conversation_opens_at_its_oldest_unread_message_a_third_down(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = _with_history(ada, grace, 30)
    ada.open(grace.name)
    expect(ada.line(grace.name).get_by_test_id("unread")).not_to_have_text("30")
    ada.to_newest()
    expect(ada.line(grace.name).get_by_test_id("unread")).to_have_count(0)
    # A worker outlives its page for a moment: what it still hears would be there at once, and the rest come below it.
    ada.page.context.set_offline(True)
    ada.page.goto("about:blank")
    for number in range(40):
        grace.send(conversation, f"later {number}")
    ada.page.context.set_offline(False)
    ada.page.goto(f"/c/{conversation}")
    line = ada.page.get_by_test_id("new-line")
    expect(line).to_be_visible()
    expect(line).to_be_in_viewport()
    ada.wait_until_still()
    feed, box = ada.feed.bounding_box(), line.bounding_box()
    assert feed is not None
    assert box is not None
    assert abs((box["y"] - feed["y"]) / feed["height"] - 1 / 3) < 0.03
    expect(ada.row("later 39")).not_to_be_in_viewport()


def test_at_the_end_new_messages_keep_the_end_and_elsewhere_nothing_moves(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = _with_history(ada, grace, 60)
    ada.page.goto(f"/c/{conversation}")
    ada.to_newest()
    for number in range(10):
        grace.send(conversation, f"live {number}")
    expect(ada.row("live 9")).to_be_in_viewport()
    ada.scroll_up(900)
    before = _heights(ada)
    for number in range(3):
        grace.send(conversation, f"unseen {number}")
    expect(ada.page.get_by_role("button", name="3 new")).to_be_visible()
    assert _moved(before, _heights(ada)) == []
    ada.write("my own goes to the end")
    expect(ada.row("my own goes to the end")).to_be_in_viewport()
    expect(ada.page.get_by_role("button", name="3 new")).to_have_count(0)


def test_coming_back_finds_the_same_row_at_the_same_height(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace, alan = person(unique("Ada")), api(unique("Grace")), api(unique("Alan"))
    conversation = _with_history(ada, grace, 120)
    _with_history(ada, alan, 3)
    ada.page.goto(f"/c/{conversation}")
    ada.to_newest()
    expect(ada.row("message 119")).to_be_in_viewport()
    expect(ada.line(grace.name).get_by_test_id("unread")).to_have_count(0)
    ada.scroll_up(1500)
    ada.box.fill("half written")
    before = _heights(ada)
    ada.open(alan.name)
    expect(ada.box).to_have_value("")
    ada.open(grace.name)
    expect(ada.feed.locator(f"article[data-seq='{next(iter(before))}']")).to_be_in_viewport()
    ada.wait_until_still()
    assert _moved(before, _heights(ada)) == []
    expect(ada.box).to_have_value("half written")
