"""The bot of docs/tutorial.md, exactly as the page shows it, against a real server: killed, it answers all the same."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from world import PASSWORD, Device, Server

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial.md"
WITHIN_S = 30.0


def program() -> str:
    """Return the one Python block of the page."""
    (found,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return found


@asynccontextmanager
async def bot(folder: Path, url: str, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the program in this folder, and kill it when the block ends."""
    (folder / "echo.py").write_text(program(), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(sys.executable, "echo.py", url, name, PASSWORD, cwd=folder)
    try:
        yield process
        assert process.returncode is None, "it ended by itself"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def found(ada: Device, name: str) -> int:
    """Wait until somebody of this name has an account, and return his id."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            users = (await ada.http("GET", "/v1/users", params={"name": name})).json()["users"]
            if users:
                return users[0]["user_id"]
            await asyncio.sleep(0.05)


async def answered(ada: Device, here: int, seq: int) -> None:
    """Wait until the log reaches this seq."""
    async with asyncio.timeout(WITHIN_S):
        while (await ada.event(here))["seq"] < seq:
            pass


async def test_the_bot_of_the_tutorial_answers_each_message_once_though_it_is_killed(
    server: Server, tmp_path: Path
) -> None:
    ada = await server.device("ada")
    name = f"echo-{ada.user_id}"
    async with bot(tmp_path, server.url, name):
        answer = await ada.command("create", kind="direct", members=[await found(ada, name)])
        here = answer["conversation_id"]
        await ada.send(here, "one")
        await answered(ada, here, 3)
    await ada.send(here, "two")
    await ada.send(here, "three")
    async with bot(tmp_path, server.url, name):
        await answered(ada, here, 7)
    said = [entry["body"] for entry in await ada.history(here) if entry["kind"] == "message_sent"]
    assert said == ["one", "you said: one", "two", "three", "you said: two", "you said: three"]


def test_the_bot_has_no_more_than_twenty_lines() -> None:
    lines = [line for line in program().splitlines() if line.strip()]
    assert len(lines) <= 20
