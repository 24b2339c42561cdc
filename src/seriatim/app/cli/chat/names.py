"""Names for what the log only numbers: people and conversations, asked for once and remembered."""

from seriatim.app.cli.chat.words import changed, spoken
from seriatim.client import Client, ConversationKind, Entry
from seriatim.core.errors import ChatError, NotFound
from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.entries import (
    ConversationCreated,
    MemberAdded,
    MemberLeft,
    MessageSent,
    PollStarted,
    RoleChanged,
    SettingsChanged,
)
from seriatim.protocol.resources import Conversation


class Names:
    """What people and conversations are called; a name that cannot be had is the number."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._users: dict[UserId, str] = {client.user_id: client.account.name}
        self._conversations: dict[ConversationId, Conversation] = {}

    async def conversations(self) -> list[Conversation]:
        """Return the conversations, the newest first; without a server the ones last heard of."""
        try:
            found = await self._client.http.conversations()
        except ChatError:
            return list(self._conversations.values())
        self._conversations = {conversation.conversation_id: conversation for conversation in found}
        for conversation in found:
            if conversation.other is not None:
                self._users[conversation.other.user_id] = conversation.other.name
        return found

    async def title(self, conversation_id: ConversationId) -> str:
        """Return what to call a conversation."""
        if conversation_id not in self._conversations:
            await self.conversations()
        found = self._conversations.get(conversation_id)
        return f"#{conversation_id}" if found is None else title_of(found)

    async def user(self, user_id: UserId) -> str:
        """Return somebody's name."""
        if user_id not in self._users:
            try:
                found = await self._client.http.users_of([user_id])
            except ChatError:
                found = []
            self._users |= {user.user_id: user.name for user in found}
        return self._users.get(user_id, f"#{user_id}")

    async def find(self, name: str) -> UserId:
        """Return the user of exactly this name; raises NotFound."""
        for user in await self._client.http.users(name):
            self._users[user.user_id] = user.name
            if user.name.casefold() == name.casefold():
                return user.user_id
        raise NotFound(f"there is nobody called {name}")

    async def words(self, entry: Entry) -> str:
        """Return an entry as one line of text."""
        who = await self.user(entry.sender_id) if entry.sender_id else "somebody"
        change = changed(entry, who)
        if change is not None:
            return change
        match entry:
            case MessageSent() | PollStarted():
                words = spoken(entry, who)
            case ConversationCreated():
                words = f"* {who} began the conversation"
            case MemberAdded(added=added):
                words = f"* {', '.join([await self.user(user_id) for user_id in added])} joined"
            case MemberLeft(user_id=user_id):
                words = f"* {await self.user(user_id)} left"
            case RoleChanged(user_id=user_id, role=role):
                words = f"* {await self.user(user_id)} is now {role.value}"
            case SettingsChanged():
                words = f"* {who} changed the settings"
            case _:  # of a newer server
                words = f"* {who}: an entry that this version cannot show"
        return words


def title_of(conversation: Conversation) -> str:
    """Return the title of a conversation, or the name of the other one."""
    if conversation.kind is ConversationKind.DIRECT and conversation.other is not None:
        return conversation.other.name
    return conversation.title or f"#{conversation.conversation_id}"
