"""Who is in a conversation: cached per gateway, keyed by roster version, so a stale list is seen, not guessed."""

from collections import OrderedDict
from typing import NamedTuple

from seriatim.core.ids import MAX_ID, ConversationId, UserId
from seriatim.protocol.entries import ConversationCreated, Entry, MemberAdded, MemberLeft, RoleChanged

CACHED_MEMBERS = 2_000_000
"""Most members over all cached rosters (about 100 bytes each); beyond it the least recently used go."""


class _Roster(NamedTuple):
    """Who is in a conversation, and the seq at which the last of them came."""

    version: int
    members: frozenset[UserId]
    newest_seq: int


class RosterCache:
    """The newest known roster of each conversation that had an event lately."""

    def __init__(self, cached_members: int = CACHED_MEMBERS) -> None:
        self._rosters: OrderedDict[ConversationId, _Roster] = OrderedDict()
        self._members = 0
        self._cached_members = cached_members

    def audience(self, entry: Entry, roster_version: int) -> frozenset[UserId] | None:
        """Return who may see this entry, or None when the roster of exactly its version is not known here.

        A roster entry brings its own change, so only the first event of a conversation costs a look-up.
        """
        if type(entry) is ConversationCreated and entry.roster_version == roster_version:
            members = frozenset(entry.members)
            self.keep(entry.conversation_id, roster_version, members, entry.seq)
            return members
        cached = self._rosters.get(entry.conversation_id)
        if cached is None:
            return None
        self._rosters.move_to_end(entry.conversation_id)
        version, members, _ = cached
        if version == roster_version:
            # The one who just left is told so, though he is in the roster no more.
            return members | {entry.user_id} if type(entry) is MemberLeft else members
        if version == roster_version - 1 and entry.roster_version == roster_version:
            return self._change(entry, roster_version, members)
        return None

    def _change(self, entry: Entry, version: int, members: frozenset[UserId]) -> frozenset[UserId] | None:
        newest_seq = self._rosters[entry.conversation_id].newest_seq
        match entry:
            case MemberAdded():
                audience = after = members.union(entry.added)
                newest_seq = entry.seq
            case MemberLeft():
                audience, after = members | {entry.user_id}, members - {entry.user_id}
            case RoleChanged():
                audience = after = members
            case _:
                return None
        self.keep(entry.conversation_id, version, after, newest_seq)
        return audience

    def all_were_there(self, conversation_id: ConversationId, seq: int) -> bool:
        """Say whether everybody in the newest roster known here is known to have come before this entry."""
        cached = self._rosters.get(conversation_id)
        return cached is not None and cached.newest_seq <= seq

    def at(self, conversation_id: ConversationId, roster_version: int) -> frozenset[UserId] | None:
        """Return the roster of exactly this version; None: another one is known here, or none."""
        cached = self._rosters.get(conversation_id)
        return cached.members if cached is not None and cached.version == roster_version else None

    def newest(self, conversation_id: ConversationId) -> frozenset[UserId] | None:
        """Return the newest roster known here; None: none is. It may be behind where news of a change was lost."""
        cached = self._rosters.get(conversation_id)
        return None if cached is None else cached.members

    def keep(
        self, conversation_id: ConversationId, version: int, members: frozenset[UserId], newest_seq: int = MAX_ID
    ) -> None:
        """Remember a roster unless a newer one is known; `newest_seq`: no member came after it."""
        roster, cached = _Roster(version, members, newest_seq), self._rosters.pop(conversation_id, None)
        if cached is not None:
            if cached.version > version:
                roster = cached
            self._members -= len(cached.members)
        self._rosters[conversation_id] = roster
        self._members += len(roster.members)
        while self._members > self._cached_members and len(self._rosters) > 1:
            _, dropped = self._rosters.popitem(last=False)
            self._members -= len(dropped.members)
