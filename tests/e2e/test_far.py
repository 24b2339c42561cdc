"""Scrolling through thousands of messages: the page never holds more than it may, and nothing on screen jumps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import expect

from e2e.people import Api, Person, unique

MESSAGES = 2_060
MOST_ROWS = 2_000
# Scrolls to one end in steps; after each, frame by frame, how far a row on screen moves by itself, how many
# rows there are (the last one is always drawn, and knows its place), and which were seen.
SCROLL = """
async (feed, step) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const top = feed.getBoundingClientRect().top;
  const rows = () => [...feed.querySelectorAll("article")];
  const at = (row) => row.getBoundingClientRect().top;
  const edge = top + 50 + Math.max(0, step); // a row below it stays on screen after the step
  const anchor = () => rows().filter((row) => at(row) >= edge).sort((a, b) => at(a) - at(b))[0]?.dataset.key;
  const stands = (key) => { const row = rows().find((one) => one.dataset.key === key); return row && at(row); };
  const isOver = () => step < 0
    ? feed.scrollTop === 0 && feed.querySelector(".start") !== null
    : document.querySelector("[data-testid=to-newest]") === null
      && feed.scrollHeight - feed.scrollTop - feed.clientHeight < 2;
  const seen = new Set(), moves = [];
  let most = 0, still = 0, isNear = step > 0;
  const until = performance.now() + 40_000;
  for (; still < 5 && performance.now() < until; still = isOver() ? still + 1 : 0) {
    await new Promise((resolve) => setTimeout(resolve)); // between two frames, as a wheel does
    if (!isNear && most > 1_800) { // before that nothing is cut
      isNear = true;
      for (let frames = 0; frames < 30; frames += 1) await frame(); // rows that flew by are measured
    }
    const key = anchor(), from = feed.scrollTop;
    let before = stands(key);
    feed.scrollTop += isNear ? step : 3 * step;
    before -= feed.scrollTop - from;
    for (let frames = 0; frames < 3; frames += 1) {
      await frame();
      const now = stands(key) ?? Infinity;
      if (isNear && Math.abs(now - before) > 1) moves.push({ key, before, now, most, top: feed.scrollTop });
      before = now;
      for (const row of rows()) {
        seen.add(Number(row.dataset.seq));
        most = Math.max(most, Number(row.getAttribute("aria-posinset")));
      }
    }
  }
  return { over: still >= 5, moves, most, seen: [...seen] };
}
"""


def test_far_back_the_newest_rows_go_and_on_the_way_down_they_come_again_without_a_jump(
    person: Callable[..., Person], api: Callable[[str], Api]
) -> None:
    ada, grace = person(unique("Ada")), api(unique("Grace"))
    conversation = grace.create("direct", [grace.user_id_of(ada.name)])
    with ThreadPoolExecutor(16) as together:
        list(together.map(lambda number: grace.send(conversation, f"message {number}"), range(MESSAGES)))
    ada.page.goto(f"/c/{conversation}")
    expect(ada.page.get_by_test_id("new-line")).to_be_attached()
    ada.to_newest()
    up = ada.feed.evaluate(SCROLL, -400)
    assert up["over"]
    assert up["moves"] == []
    assert 1_000 < up["most"] <= MOST_ROWS + 10, "days and the beginning have places too"
    ada.feed.evaluate("(feed) => { feed.scrollTop = feed.scrollHeight - 6_000 }")  # what is loaded still
    ada.wait_until_still()
    down = ada.feed.evaluate(SCROLL, 400)
    assert down["over"]
    assert down["moves"] == []
    assert down["most"] <= MOST_ROWS + 10
    assert min(down["seen"]) < MOST_ROWS - 200, "from among the rows that had stayed"
    assert sorted(down["seen"]) == list(range(min(down["seen"]), MESSAGES + 2))
