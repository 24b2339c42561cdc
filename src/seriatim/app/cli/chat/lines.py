"""Chat line by line: entries go to standard output as they arrive, lines of standard input are sent."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable

from seriatim.app.cli.chat.acts import ACTS, HELP
from seriatim.app.cli.chat.names import Names, title_of
from seriatim.app.cli.chat.words import FOLDED
from seriatim.client import Client, ConversationKind, MessageSent, PollStarted
from seriatim.core.errors import ChatError, NotFound
from seriatim.core.ids import ConversationId

LINES = 100
"""Most lines read ahead of what is being sent."""


async def chat(client: Client) -> None:
    """Print entries and send lines until the input ends; every line read is stored by the server before leaving."""
    lines = Lines(client)
    async with asyncio.TaskGroup() as tasks:
        printing = tasks.create_task(lines.print_entries())
        await lines.read()
        printing.cancel()


class Lines:
    """One conversation at a time is the one that lines go to."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._names = Names(client)
        self._here: ConversationId | None = None
        self._verbs: dict[str, Callable[[list[str]], Awaitable[None]]] = {
            "/list": self._list,
            "/open": self._open,
            "/with": self._with,
            "/group": self._group,
            "/history": self._history,
            "/invite": self._invite,
            "/join": self._join,
            "/leave": self._leave,
        }

    async def print_entries(self) -> None:
        """Print every entry that arrives, under the title of its conversation."""
        async for entry in self._client.entries():
            title = await self._names.title(entry.conversation_id)
            _say(f"[{title}] {await self._names.words(entry)}")
            if entry.conversation_id == self._here and isinstance(entry, MessageSent | PollStarted):
                self._client.read(entry.conversation_id, entry.seq)

    async def read(self) -> None:
        """Do what each line says, in order, until `/quit` or the end."""
        queue: asyncio.Queue[str] = asyncio.Queue(LINES)
        loop = asyncio.get_running_loop()
        # A thread, because files and pipes differ in what a loop can wait for; it is a daemon: it ends with us.
        threading.Thread(target=_read_lines, args=(loop, queue), daemon=True).start()
        while line := await queue.get():
            words = line.split()
            if not words:
                continue
            if words[0] == "/quit":
                return
            try:
                await self._do(line.rstrip("\r\n"), words)
            except ChatError as error:
                _say(f"! {error.message}")

    async def _do(self, line: str, words: list[str]) -> None:
        verb, act = self._verbs.get(words[0]), ACTS.get(words[0])
        if verb is not None:
            await verb(words[1:])
        elif act is not None:
            await act(self._client, self._place(), words[1:])
        elif line.startswith("/"):
            _say(HELP)
        elif self._here is None:
            _say("! nowhere yet: /open TITLE or /with NAME")
        else:
            await self._client.send(self._here, line)

    async def _list(self, _: list[str]) -> None:
        for conversation in await self._names.conversations():
            _say(f"  {title_of(conversation)}" + (f" ({conversation.unread} unread)" if conversation.unread else ""))

    async def _open(self, words: list[str]) -> None:
        wanted = " ".join(words).casefold()
        for conversation in await self._names.conversations():
            if wanted in {title_of(conversation).casefold(), f"#{conversation.conversation_id}"}:
                self._go(conversation.conversation_id)
                _say(f"* in {title_of(conversation)}")
                return
        raise NotFound(f"no conversation is called {' '.join(words)}")

    async def _with(self, words: list[str]) -> None:
        made = await self._client.create(ConversationKind.DIRECT, [await self._names.find(" ".join(words))])
        self._go(made.conversation_id)
        _say(f"* in {await self._names.title(made.conversation_id)}")

    async def _group(self, words: list[str]) -> None:
        members = [await self._names.find(name) for name in words[1:]]
        made = await self._client.create(ConversationKind.GROUP, members, title=words[0] if words else None)
        self._go(made.conversation_id)
        _say(f"* in {await self._names.title(made.conversation_id)}")

    async def _history(self, _: list[str]) -> None:
        if self._here is not None:
            for entry in await self._client.history(self._here, limit=20):
                if not isinstance(entry, FOLDED):
                    _say(f"  {entry.seq} {await self._names.words(entry)}")

    async def _invite(self, words: list[str]) -> None:
        await self._client.membership.invite(self._place(), *[await self._names.find(name) for name in words])

    async def _join(self, words: list[str]) -> None:
        token = "".join(words).rstrip("/").rpartition("/")[2]
        place = (await self._client.membership.preview(token)).conversation_id
        await self._client.membership.join(place, token)
        self._go(place)
        _say(f"* in {await self._names.title(place)}")

    async def _leave(self, _: list[str]) -> None:
        await self._client.membership.leave(self._place())
        self._here = None

    def _place(self) -> ConversationId:
        if self._here is None:
            raise NotFound("nowhere yet: /open TITLE or /with NAME")
        return self._here

    def _go(self, conversation_id: ConversationId) -> None:
        self._here = conversation_id
        self._client.view.focus([conversation_id])


def _read_lines(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[str]) -> None:
    for line in sys.stdin:
        asyncio.run_coroutine_threadsafe(queue.put(line), loop).result()
    asyncio.run_coroutine_threadsafe(queue.put(""), loop).result()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - standard output is this program's answer
