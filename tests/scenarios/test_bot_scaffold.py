"""`seriatim bot new`: what it writes runs as it stands, and takes its token from where its README says."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scenarios.test_bots import admin, make_bot
from seriatim.client import Client, SlashCalled
from seriatim.core.errors import Unauthenticated
from seriatim.protocol.http.bots import NewSlashCommand
from world import WITHIN_S, Server


async def scaffold(folder: Path, name: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-c", "from seriatim.app.cli import main; main()", "bot", "new", name]
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stderr=asyncio.subprocess.PIPE)
    await process.wait()
    return process


@asynccontextmanager
async def running(folder: Path, url: str, token: str) -> AsyncIterator[None]:
    """Run the bot with the variables that its example names, and kill it when the block ends."""
    example = (folder / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"^(\w+)=", example, re.MULTILINE)
    assert names == ["SERIATIM_URL", "SERIATIM_TOKEN"]
    environment = os.environ | dict(zip(names, (url, token), strict=True))
    process = await asyncio.create_subprocess_exec(sys.executable, "bot.py", cwd=folder, env=environment)
    try:
        yield
        assert process.returncode is None, "it ended by itself"
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_the_bot_that_is_written_answers_though_it_is_killed(server: Server, tmp_path: Path) -> None:
    assert (await scaffold(tmp_path, "echo")).returncode == 0
    folder = tmp_path / "echo"
    assert {path.name for path in folder.iterdir()} == {"bot.py", "README.md", ".env.example", ".gitignore"}
    assert '"name": "echo"' in (folder / "README.md").read_text(encoding="utf-8")
    root = await admin(server)
    made = await make_bot(root, "echo", "read", "send")
    answer = await root.command("create", kind="direct", members=[made["user_id"]])
    here = answer["conversation_id"]
    for said in ("one", "two"):
        await root.send(here, said)
        async with running(folder, server.url, made["token"]), asyncio.timeout(WITHIN_S):
            while (await root.event(here)).get("body") != f"you said: {said}":
                pass
    heard = [entry["body"] for entry in await root.history(here) if entry["kind"] == "message_sent"]
    assert heard == ["one", "you said: one", "two", "you said: two"], "each once"


async def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for name in ("mine", "../outside", "a b", ""):
        process = await scaffold(tmp_path, name)
        assert process.returncode not in (0, None), name
        assert process.stderr is not None
        assert b"Traceback" not in await process.stderr.read()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert list((tmp_path / "mine").iterdir()) == []


async def test_the_sdk_offers_and_answers_commands(server: Server) -> None:
    root = await admin(server)
    made = await make_bot(root, "bot")
    here = await root.group()
    await root.command("invite", conversation_id=here, user_id=made["user_id"])
    name = f"sdk-{made['user_id']}"
    async with await Client.bot(server.url, made["token"]) as client:
        assert (client.user_id, client.account.device_id) == (made["user_id"], made["device_id"])
        await client.calls.offer([NewSlashCommand(name=name, description="An example")])
        async with asyncio.timeout(WITHIN_S):
            while not server.parts.sockets.fan_out.sessions_of(client.user_id):
                await asyncio.sleep(0.01)

        async def serve() -> SlashCalled:
            async for call in client.calls:
                client.calls.answer(call, f"hello {call.text}")
                return call
            raise AssertionError

        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(serve())
            answer = await root.command("slash", conversation_id=here, name=name, text="there")
        assert (answer["type"], answer["text"]) == ("slashed", "hello there")
        assert serving.result().user_id == root.user_id


async def test_a_bot_whose_token_ended_stops_and_says_so(server: Server) -> None:
    root = await admin(server)
    made = await make_bot(root, "bot")

    async def live() -> None:
        async with await Client.bot(server.url, made["token"]) as client:
            await root.http("DELETE", f"/v1/admin/bots/{client.user_id}")
            await asyncio.sleep(WITHIN_S)

    with pytest.raises(Unauthenticated):
        await live()
    with pytest.raises(Unauthenticated):
        await Client.bot(server.url, made["token"])
