"""A process that starts the embedded PostgreSQL, prints `<pid> <url>` and waits for the end: to be killed, or by EOF.

As root it gives up its rights first when told to (`--as-nobody`), so that one machine can test both kinds of user.
"""

import asyncio
import os
import pwd
import sys
from pathlib import Path

from seriatim.storage.postgres.finder import Found, find
from seriatim.storage.postgres.place import settle
from seriatim.storage.postgres.server import DataFolderInUse, EmbeddedServer


class Nothing:
    database_url: str | None = None
    pg_bin: Path | None = None


async def main(folder: Path) -> None:
    found = find(Nothing())
    if "--as-nobody" in sys.argv and os.geteuid() == 0:
        assert found.bin_dir is not None
        place = await asyncio.to_thread(settle, folder / "roots", found.bin_dir)
        found = Found("pg_bin", "can be reached", bin_dir=place.bin_dir)
        nobody = pwd.getpwnam("nobody")
        folder = folder / "nobodys"
        folder.mkdir(mode=0o700)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    server = EmbeddedServer(folder, found)
    try:
        dsn = await server.start()
    except DataFolderInUse as error:
        sys.exit(str(error))
    print(server.pid, dsn, flush=True)  # noqa: T201 - the test reads it
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
