"""The index survives its writer, however it dies, and is built anew beside the one that answers."""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest
import tantivy

from scenarios.log_world import until
from seriatim.app.streams.searching import FOLDER, Indexing
from seriatim.core.ids import ConversationId
from seriatim.features.search.feed import Feed
from seriatim.protocol.commands import Delete, Edit, SendMessage
from seriatim.protocol.fields import ConversationKind
from seriatim.protocol.search.query import Clause, Words
from seriatim.protocol.sender import Sender
from seriatim.storage.postgres.database import Database
from seriatim.storage.search import writing
from seriatim.storage.search.keeping import Keeper, Standing, wish
from seriatim.storage.search.manifest import current
from seriatim.storage.search.matching import Match
from seriatim.storage.search.reading import IndexReader
from seriatim.storage.search.schema import open_slice
from seriatim.storage.search.writing import IndexWriter
from speaking import Speaking, speaking

WORDS = ["heron", "egret", "stork"]
KILLS = 4


async def talk(world: Speaking, who: Sender, place: ConversationId, chance: random.Random, count: int) -> None:
    """Say, edit and delete at random."""
    said: list[int] = []
    for number in range(count):
        body = " ".join([str(number), *(chance.choice(WORDS) for _ in range(3))])
        if said and chance.random() < 0.3:
            target = said.pop(chance.randrange(len(said)))
            command, more = (Edit, {"body": body}) if chance.random() < 0.6 else (Delete, {})
            await world.do(command, who, place, target_seq=target, **more)
        else:
            said.append((await world.do(SendMessage, who, place, body=body)).seq)


def found(root: Path, word: str, place: ConversationId) -> list[tuple[int, int, int]]:
    """Return everything that the index finds, twice where it is in it twice."""
    match = Match((Clause((Words(word),)),), (), {place: (1, 10**9)})
    return [
        hit.key for hit in IndexReader(root).newest(match, limit=10**4, after=None, until_s=time.monotonic() + 9).hits
    ]


def generation_in(root: Path) -> Path:
    keeper = Keeper(root)
    writer, _ = keeper.open("e")
    writer.close()
    return writer.folder


@pytest.mark.promise("D10")
async def test_an_indexer_that_is_killed_anywhere_leaves_what_a_full_rebuild_makes(
    postgres_dsn: str, database: Database, tmp_path: Path
) -> None:
    chance = random.Random(7)
    root, anew = tmp_path / "killed", tmp_path / "anew"
    folder = generation_in(root)
    script = str(Path(__file__).with_name("dying_indexer.py"))
    async with speaking(database) as world:
        who = await world.person()
        place = await world.make(who, ConversationKind.GROUP)
        for _ in range(KILLS):
            dying = await asyncio.create_subprocess_exec(
                sys.executable,
                script,
                postgres_dsn,
                str(folder),
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            assert dying.stdout is not None
            async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
                assert await dying.stdout.readline() == b"feeding\n"
                tasks.create_task(talk(world, who, place, chance, 80))
                await asyncio.sleep(0.1 + chance.random() / 5)
                dying.send_signal(signal.SIGKILL)
                await dying.wait()
    fed = Feed(database, IndexWriter(folder, "e", slice_documents=60))
    rebuilt = Feed(database, IndexWriter(generation_in(anew), "e"))
    for feed in (fed, rebuilt):
        while await feed.step():
            pass
    assert len(fed.writer.manifest.slices) > 1
    for word in WORDS:
        assert found(root, word, place) == found(anew, word, place) != []
    assert fed.count() == rebuilt.count()
    fed.close()
    rebuilt.close()


async def test_it_is_built_anew_when_it_is_wished_or_damaged(database: Database, tmp_path: Path) -> None:
    root = tmp_path / FOLDER
    indexing = Indexing(database, tmp_path)
    async with speaking(database) as world, asyncio.TaskGroup() as tasks:
        who = await world.person()
        place = await world.make(who, ConversationKind.GROUP)
        first = (await world.do(SendMessage, who, place, body="heron")).seq
        running = tasks.create_task(indexing.run())

        async def finds(*seqs: int) -> None:
            async def all_of_them() -> bool:
                return [seq for *_, seq in found(root, "heron", place)] == list(seqs)

            await until(all_of_them)

        await finds(first)
        before = Standing(root).generation
        wish(root)

        async def another() -> bool:
            assert found(root, "heron", place), "the old one answers until the new one is whole"
            return Standing(root).generation != before

        await until(another)
        second = (await world.do(SendMessage, who, place, body="heron")).seq
        await finds(second, first)
        assert [one.name for one in root.iterdir() if one.is_dir()] == [Standing(root).generation]
        running.cancel()
        await asyncio.wait([running])
        damaged = current(root)
        assert damaged is not None
        (damaged / "0000" / "meta.json").write_bytes(b"{")
        again = tasks.create_task(Indexing(database, tmp_path).run())
        await finds(second, first)
        assert Standing(root).generation != damaged.name
        again.cancel()


async def test_an_index_that_cannot_be_begun_is_tried_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 2

    def full(folder: Path) -> tantivy.Index:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise ValueError("No space left on device")
        return open_slice(folder)

    monkeypatch.setattr(writing, "open_slice", full)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(Indexing(database, tmp_path).run())

        async def begun() -> bool:
            return running.done() or Standing(tmp_path / FOLDER).is_usable

        await until(begun)
        assert not running.done()
        running.cancel()
