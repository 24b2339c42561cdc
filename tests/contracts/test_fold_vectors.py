"""Recorded stories of what becomes of messages, folded in Python; the web client must come to the same page."""

from pathlib import Path

import msgspec
import pytest

from properties.test_snapshot import Recorded
from seriatim.protocol.entries import ENTRY_TYPES, MessageSent
from seriatim.protocol.messages import fold

STORIES = [
    msgspec.json.decode(path.read_bytes(), type=Recorded)
    for path in sorted((Path(__file__).parent / "vectors/folds").glob("*.json"))
]


@pytest.mark.promise("L6")
@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"seed {story.seed}, user {story.reader}")
def test_the_fold_comes_to_the_recorded_page(story: Recorded) -> None:
    assert story.folded() == story.told()


def test_the_stories_need_every_kind() -> None:
    for kind in (*fold.CHANGES, MessageSent):
        left = [one for one in ENTRY_TYPES if one is not kind]
        assert any(story.folded(left) != story.told() for story in STORIES), kind
