"""Record stories of what becomes of messages: `PYTHONPATH=tests python tests/contracts/record_folds.py`.

They happen on the real log and are those of tests/properties/test_snapshot.py: so many that without any one kind of
entry some would end otherwise. Run it when entries have changed, and look at what changes in the files.
"""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from conftest import NothingGiven
from properties.test_snapshot import Recorded, part_of
from seriatim.protocol.entries import ENTRY_TYPES, EntryFields, MessageSent
from seriatim.protocol.messages import fold
from seriatim.storage.postgres.finder import find
from seriatim.storage.postgres.migrate import migrate
from seriatim.storage.postgres.server import EmbeddedServer

FOLDER = Path(__file__).parent / "vectors/folds"
NEEDED = (*fold.CHANGES, MessageSent)


def shown(story: Recorded) -> set[type[EntryFields]]:
    """Return the kinds without which this story would end otherwise."""
    told = story.told()
    return {kind for kind in NEEDED if story.folded([one for one in ENTRY_TYPES if one is not kind]) != told}


def chosen(stories: Iterable[Recorded]) -> list[Recorded]:
    """Return few stories that show every kind, those that show the most first."""
    left = {id(story): (story, shown(story)) for story in stories}
    found: list[Recorded] = []
    missing = set(NEEDED)
    while missing:
        story, kinds = max(left.values(), key=lambda one: len(one[1] & missing))
        found.append(story)
        missing -= kinds
        del left[id(story)]
    return found


def main() -> None:
    """Write the stories again."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedServer(Path(folder), find(NothingGiven()), fsync=False)
        dsn = asyncio.run(server.start())
        try:
            migrate(dsn)
            stories = chosen(part_of(dsn, 0))
        finally:
            asyncio.run(server.stop())
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for number, story in enumerate(stories, start=1):
        text = msgspec.json.format(msgspec.json.encode(story), indent=1)
        (FOLDER / f"history_{number}.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
