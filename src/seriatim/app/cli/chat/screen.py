"""Chat on a whole screen: conversations on the left, messages on the right, a line to write in below."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Header, Input, ListItem, ListView, RichLog, Static

from seriatim.app.cli.chat.names import Names, title_of
from seriatim.app.cli.chat.words import FOLDED
from seriatim.client import Client, ConversationKind, Entry, MessageSent, PollStarted
from seriatim.core.errors import ChatError
from seriatim.core.ids import ConversationId
from seriatim.protocol.link import Action, StateChanged


async def chat(client: Client) -> None:
    """Show the screen until it is left."""
    await ChatScreen(client).run_async()


class _Row(ListItem):
    """One conversation of the list."""

    def __init__(self, conversation_id: ConversationId, title: str, unread: int) -> None:
        label = Text(title)
        if unread:
            label.append(f"  {unread}", style="bold reverse")
        super().__init__(Static(label))
        self.conversation_id = conversation_id


class ChatScreen(App[None]):
    """The screen; everything it shows has been stored on this device before."""

    CSS = """
    #conversations { width: 28; border-right: solid $primary; }
    #messages { height: 1fr; padding: 0 1; }
    #state { height: 1; color: $text-muted; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+q", "quit", "Leave"), ("f2", "conversations", "Conversations")]
    TITLE = "Seriatim"

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self._names = Names(client)
        self._here: ConversationId | None = None

    def compose(self) -> ComposeResult:
        yield Header()
        with Horizontal():
            yield ListView(id="conversations")
            with Vertical():
                yield RichLog(id="messages", wrap=True, max_lines=2_000)
                yield Static("", id="state")
                yield Input(placeholder="Write, or /with NAME to talk to somebody", id="line")
        yield Footer()

    async def on_mount(self) -> None:
        self.sub_title = self._client.account.name
        self._client.observers.append(self._observed)
        self._show_state()
        await self._list()
        self.run_worker(self._listen())
        self.query_one("#line", Input).focus()

    def action_conversations(self) -> None:
        self.query_one("#conversations", ListView).focus()

    async def on_list_view_selected(self, event: ListView.Selected) -> None:
        if isinstance(event.item, _Row):
            await self._open(event.item.conversation_id)

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        event.input.clear()
        if text:
            self.run_worker(self._say(text))

    async def _say(self, text: str) -> None:
        try:
            if text.startswith("/with "):
                user_id = await self._names.find(text.removeprefix("/with ").strip())
                made = await self._client.create(ConversationKind.DIRECT, [user_id])
                await self._list()
                await self._open(made.conversation_id)
            elif self._here is None:
                self.notify("Choose a conversation first (F2), or /with NAME.")
            else:
                await self._client.send(self._here, text)
        except ChatError as error:
            self.notify(error.message, severity="error")

    async def _listen(self) -> None:
        async for entry in self._client.entries():
            if entry.conversation_id == self._here:
                await self._show(entry)
            await self._list()

    async def _open(self, conversation_id: ConversationId) -> None:
        self._here = conversation_id
        self._client.view.focus([conversation_id])
        self.query_one("#messages", RichLog).clear()
        for entry in await self._client.history(conversation_id, limit=100):
            if not isinstance(entry, FOLDED):
                await self._show(entry)
        self.query_one("#line", Input).focus()

    async def _show(self, entry: Entry) -> None:
        style = "" if isinstance(entry, MessageSent | PollStarted) else "dim"
        words, at = await self._names.words(entry), f"{entry.created_at.astimezone():%H:%M} "
        self.query_one("#messages", RichLog).write(Text.assemble((at, "dim"), (words, style)))
        self._client.read(entry.conversation_id, entry.seq)

    async def _list(self) -> None:
        rows = [
            _Row(
                conversation.conversation_id,
                title_of(conversation),
                0 if conversation.conversation_id == self._here else conversation.unread,
            )
            for conversation in await self._names.conversations()
        ]
        listed = self.query_one("#conversations", ListView)
        await listed.clear()
        await listed.extend(rows)

    def _observed(self, actions: Sequence[Action]) -> None:
        if any(isinstance(action, StateChanged) for action in actions):
            self._show_state()

    def _show_state(self) -> None:
        self.query_one("#state", Static).update(self._client.state.value)
