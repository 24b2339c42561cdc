"""`seriatim trace` and `seriatim demo` as programs of their own, on a whole server."""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

from seriatim.client import Client, ConversationKind, Store
from seriatim.core.ids import uuid7
from world import PASSWORD, Server

WITHIN_S = 90.0
HOPS = ("receive", "decode", "authorize", "queue", "commit", "publish", "fan_out", "ack", "write")


async def command(*words: str, folder: Path, **variables: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from seriatim.app.cli import main; main()",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "XDG_DATA_HOME": str(folder), "COLUMNS": "100", **variables},
    )
    async with asyncio.timeout(WITHIN_S):
        out, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


async def test_a_traced_message_is_shown_hop_by_hop_with_its_total(server: Server, tmp_path: Path) -> None:
    name = f"ada-{uuid7()}"
    path = tmp_path / "ada.db"
    async with await Client.sign_up(server.url, name, PASSWORD, store=path) as ada:
        here = (await ada.create(ConversationKind.GROUP, title="notes")).conversation_id
        plain = await ada.send(here, "not traced")
    account = ("--name", name, "--store", str(path))
    code, out, errors = await command(
        "trace", server.url, str(here), "--send", "where does it go", *account, folder=tmp_path
    )
    assert (code, errors) == (0, "")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]
    assert tuple(row[0] for row in rows[:-1]) == HOPS
    assert rows[-1][0] == "total"
    assert rows[-1][3:] == ["4", "1", "3", "1"], "in, to PostgreSQL and back, out to the only session"
    code, again, _ = await command("trace", server.url, str(here), str(plain.seq + 1), *account, folder=tmp_path)
    assert (code, again) == (0, out), "asking later shows the same hops"
    code, out, errors = await command("trace", server.url, str(here), str(plain.seq), *account, folder=tmp_path)
    assert (code, out) == (1, "")
    assert errors.startswith("seriatim: this message was not sampled")
    code, _, errors = await command("trace", server.url, str(here), *account, folder=tmp_path)
    assert code == 2
    assert "SEQ" in errors


async def test_the_demo_fills_a_server_once_and_its_account_has_something_to_read(
    server: Server, postgres_dsn: str, tmp_path: Path
) -> None:
    code, out, errors = await command("demo", server.url, "--once", folder=tmp_path, SERIATIM_DATABASE_URL=postgres_dsn)
    assert (code, errors) == (0, ""), out
    assert "have a look around" in out
    async with await Client.log_in(server.url, "demo", "have a look around", store=Store(":memory:")) as demo:
        first = await demo.http.conversations()
        kinds = Counter(conversation.kind for conversation in first)
        assert kinds == {ConversationKind.CHANNEL: 3, ConversationKind.GROUP: 4, ConversationKind.DIRECT: 6}
        assert all(conversation.unread > 0 for conversation in first)
        assert sum(conversation.head for conversation in first) > 150
        code, _, errors = await command(
            "demo", server.url, "--once", folder=tmp_path, SERIATIM_DATABASE_URL=postgres_dsn
        )
        assert (code, errors) == (0, "")
        again = await demo.http.conversations()
        assert [(one.conversation_id, one.head) for one in again] == [(one.conversation_id, one.head) for one in first]
