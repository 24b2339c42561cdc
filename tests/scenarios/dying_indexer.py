"""A process that feeds the index and is killed somewhere in it: usage: dying_indexer.py DSN FOLDER."""

import asyncio
import sys
from pathlib import Path

from seriatim.features.search.feed import Feed
from seriatim.storage.postgres.database import Database
from seriatim.storage.search.writing import IndexWriter


async def follow(dsn: str, folder: Path) -> None:
    database = Database(dsn, writing=1, reading=1)
    await database.open()
    feed = Feed(database, IndexWriter(folder, "e", slice_documents=60), batch=7, commit_every_s=0)
    sys.stdout.write("feeding\n")
    sys.stdout.flush()
    while True:
        if not await feed.step():
            await asyncio.sleep(0.01)


asyncio.run(follow(sys.argv[1], Path(sys.argv[2])))
