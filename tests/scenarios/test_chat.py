"""`seriatim chat` line by line, as a program of its own: two people talk through pipes."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from textual.widgets import Input, RichLog

from seriatim.app.cli.chat.screen import ChatScreen
from seriatim.client import Client
from seriatim.core.ids import uuid7
from world import PASSWORD, WITHIN_S, Server


class Terminal:
    """One running `seriatim chat --plain`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def of(cls, server: Server, name: str, folder: Path) -> "Terminal":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from seriatim.app.cli import main; main()",
            *("chat", server.url, "--name", name, "--plain", "--sign-up", "--store", str(folder / f"{name}.db")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "SERIATIM_PASSWORD": PASSWORD},
        )
        return cls(process)

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def shows(self, text: str) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(WITHIN_S * 2):
            while line := (await self.process.stdout.readline()).decode():
                if text in line:
                    return line
        raise AssertionError(f"{text!r} was never shown")

    async def leaves(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(WITHIN_S):
            return await self.process.wait()


async def test_two_terminals_talk(server: Server, tmp_path: Path) -> None:
    number = uuid7().hex[:12] + uuid7().hex[-6:]
    bob = await Terminal.of(server, f"bob{number}", tmp_path)
    bob.type("/list")
    ada = await Terminal.of(server, f"ada{number}", tmp_path)
    ada.type("hello?")
    await ada.shows("nowhere yet")
    async with asyncio.timeout(WITHIN_S * 2):
        line = ""
        while "in bob" not in line:  # bob may still be signing up
            ada.type(f"/with bob{number}")
            line = await ada.shows("")
    ada.type("hello bob")
    assert await bob.shows("hello bob") == f"[ada{number}] ada{number}: hello bob\n"
    bob.type(f"/open ada{number}")
    await bob.shows("* in ada")
    bob.type("hello ada")
    await ada.shows("hello ada")
    bob.type("/history")
    await bob.shows(f"  3 bob{number}: hello ada")
    for typed, told in (
        ("/edit 2 hello Bob!", f"* ada{number} changed 2: hello Bob!"),
        ("/react 2 👍", f"* ada{number}: 👍 to 2"),
        ("/poll lunch? now, later", f"ada{number} asks: lunch? [0] now 0 [1] later 0"),
        ("/vote 6 1", f"* ada{number} voted in 6"),
        ("/reply 2 in its thread", f"ada{number} (to 2): in its thread"),
        ("/quote 3 so do I", f"ada{number} (to 3): so do I"),
        ("/pin 2", f"* ada{number} pinned 2"),
        ("/unpin 2", f"* ada{number} unpinned 2"),
        ("/join https://chat.example/join/nothing", ""),
        ("/invite nobody-of-this-name", ""),
        ("/leave", ""),  # a direct conversation cannot be left
        (f"/group trip bob{number}", f"* ada{number} began the conversation"),
        (f"/with bob{number}", "* in"),
        ("/delete 3", ""),
        ("/react two", ""),
    ):
        ada.type(typed)
        await (bob if told.startswith(("* ada", "ada")) else ada).shows(told or "! ")
    bob.type("/open trip")
    bob.type("/leave")
    await ada.shows(f"* bob{number} left")
    bob.type("nowhere")
    await bob.shows("! nowhere yet")
    bob.type(f"/open ada{number}")
    bob.type("/delete 3")
    await ada.shows(f"* bob{number} deleted 3")
    bob.type("/history")
    await bob.shows(f"  2 ada{number}: hello Bob! (edited)  👍1")
    await bob.shows(f"  3 bob{number}: (deleted)")
    await bob.shows(f"  6 ada{number} asks: lunch? [0] now 0 [1] later 1")
    assert await ada.leaves() == await bob.leaves() == 0


@pytest.mark.promise("D4")
async def test_a_terminal_goes_on_where_it_was_killed(server: Server, tmp_path: Path) -> None:
    number = uuid7().hex[:12] + uuid7().hex[-6:]
    ada = await Terminal.of(server, f"ada{number}", tmp_path)
    ada.type("/group notes")
    await ada.shows("* in notes")
    ada.type("to myself")
    await ada.shows("to myself")
    ada.process.kill()
    await ada.process.wait()
    ada = await Terminal.of(server, f"ada{number}", tmp_path)
    ada.type("/open notes")
    await ada.shows("* in notes")
    ada.type("again")
    ada.type("/history")
    await ada.shows("  2 ada")
    await ada.shows("  3 ada")
    assert await ada.leaves() == 0


async def test_the_screen_shows_what_is_said_and_sends_what_is_typed(server: Server) -> None:
    number = uuid7().hex[:12] + uuid7().hex[-6:]
    bob = await Client.sign_up(server.url, f"bob{number}", PASSWORD)
    ada = await Client.sign_up(server.url, f"ada{number}", PASSWORD)
    async with ada, bob:
        screen = ChatScreen(ada)
        async with screen.run_test() as pilot, asyncio.timeout(WITHIN_S):
            line = screen.query_one("#line", Input)
            for text in (f"/with bob{number}", "hello bob"):
                line.value = text
                await pilot.press("enter")
                while "began" not in shown(screen):
                    await pilot.pause()
            while "hello bob" not in shown(screen):
                await pilot.pause()
            (here,) = [conversation.conversation_id for conversation in await bob.http.conversations()]
            await bob.send(here, "hello ada")
            while "hello ada" not in shown(screen):
                await pilot.pause()


def shown(screen: ChatScreen) -> str:
    return "\n".join(line.text for line in screen.query_one("#messages", RichLog).lines)
