"""Client rules 2, 3 and 5: which entries of one conversation are applied, held back, dropped or fetched."""

from enum import Enum

from seriatim.core.ids import ConversationId, UserId
from seriatim.protocol.answers import FLAG_HIDDEN, FLAG_LEFT, FLAG_MARKED_UNREAD, HeadRow, OwnRead, Page
from seriatim.protocol.entries import Entry, MessageSent, main_ordinal
from seriatim.protocol.limits import HOLD_BACK_ENTRIES, HOLD_BACK_S, HOLE_ENTRIES
from seriatim.protocol.link.actions import Position
from seriatim.protocol.own.changes import OwnMine

BARREN_PAGES = 3
"""So many pages in a row that bring nothing towards a head heard of: it does not exist, believe the page."""
BARREN_WAIT_S = 0.5


class History(Enum):
    """How much of the past a device wants."""

    ALL = "all"
    """Everything readable, from the oldest entry on, each in its order."""
    NEWEST = "newest"
    """The newest page; what is below, or behind a gap of more than 1,000 entries, when it is asked for."""


class Direction(Enum):
    """What a fetch asks for."""

    AFTER = "after"
    NEWEST = "newest"
    BEFORE = "before"


class Conversation:
    """One conversation as this device follows it; entries are handed out once, for one transaction with the position.

    Bounds: at most 500 entries are held back.
    """

    def __init__(self, conversation_id: ConversationId, me: UserId, position: Position, history: History) -> None:
        self.id = conversation_id
        self.me = me
        self.history = history
        self.cursor = 0 if position.cursor is None and history is History.ALL else position.cursor
        self.head, self.first, self.holes = position.head, position.first, list(position.holes)
        self.read, self.unread, self.mentions = position.read, position.unread, position.mentions
        self.counted, self.flags, self.read_wanted = position.counted, position.flags, position.read_wanted
        self.held: dict[int, Entry] = {}
        self.fetch_at: float | None = None
        """When to fetch what is missing; None: nothing is, or nothing is known to be."""
        self.fill_before: int | None = None
        self.comparing = False
        self._barren = 0
        self._doubtful: HeadRow | None = None
        """The server's numbers of a log that is in doubt: they hold once both agree."""

    def position(self) -> Position:
        """Return what is to be stored."""
        return Position(
            cursor=self.cursor,
            head=self.head,
            first=self.first,
            holes=tuple(self.holes),
            read=self.read,
            unread=self.unread,
            mentions=self.mentions,
            counted=self.counted,
            flags=self.flags,
            read_wanted=self.read_wanted,
        )

    def is_behind(self) -> bool:
        """Say whether an entry is known to exist above the cursor."""
        return self.cursor is None or self.cursor < self.head

    def is_dropped(self, seq: int) -> bool:
        """Rule 2: what is at or below the cursor has been applied."""
        return self.cursor is not None and seq <= self.cursor

    def event(self, entry: Entry, now: float) -> list[Entry]:
        """Take an entry that the server pushed; return what is to be applied now, in order."""
        if not self.comparing and self.is_dropped(entry.seq):
            return []
        self.head = max(self.head, entry.seq)
        if self.comparing:
            return []
        if entry.seq == (self.cursor or 0) + 1:
            return self._take([entry])
        self._hold(entry, now)
        return []

    def restart(self) -> None:
        """Begin to follow another log: what was held back is none of its entries, and what is held is in doubt.

        With nothing held there is nothing to compare, so the numbers of the log before go at once: they are higher than
        the server's new ones and would be kept as the newer.
        """
        self.head = 0
        self.held.clear()
        if not self.cursor:
            self.read = self.unread = self.mentions = self.counted = self.read_wanted = 0

    def heard_of(self, seq: int, now: float, *, patience_s: float = 0.0) -> None:
        """Learn that entry `seq` exists; it is fetched unless it comes by itself within `patience_s`."""
        self.head = max(self.head, seq)
        if self.is_behind():
            self._fetch_by(now + (0.0 if self.cursor is None else patience_s))

    def row(self, row: HeadRow, now: float) -> bool:
        """Take the server's numbers; False: its head is below the cursor, so the logs must be compared (rule 6)."""
        is_below = row.head < (self.cursor or 0)
        self._doubtful = row if self.comparing or is_below else None
        self.flags = row.flags
        if self._doubtful is None and row.read >= max(self.read, self.read_wanted):
            self._adopt(row)
            self.read_wanted = 0
        if not self.comparing and (is_below or self.flags & FLAG_LEFT):
            self.head = row.head
            if not self.is_behind():
                self.fetch_at = None
        self.heard_of(row.head, now)
        return not is_below

    def has_read(self, seq: int, unread: int) -> bool:
        """Take what the user reads on this device; False: he had read it."""
        if seq <= max(self.read, self.read_wanted):
            return False
        self.read_wanted, self.unread, self.mentions = seq, unread, 0
        self.flags &= ~FLAG_MARKED_UNREAD
        return True

    def own(self, what: OwnRead | OwnMine) -> bool:
        """Take what the user did on another device; False: this one knows better."""
        if isinstance(what, OwnMine):
            self.flags = what.flags | (self.flags & FLAG_LEFT)
            return True
        if what.thread_seq is not None or what.seq < max(self.read, self.read_wanted):
            return False
        self.read, self.unread, self.mentions = what.seq, what.unread, what.mentions
        self.counted = max(self.counted, self.cursor or 0)
        self.flags &= ~FLAG_MARKED_UNREAD
        return True

    def wants(self, now: float) -> Direction | None:
        """Return what to fetch now; None: nothing, or not yet."""
        if self.comparing:
            return None
        if self.fetch_at is not None and now >= self.fetch_at:
            return Direction.NEWEST if self._leaps() else Direction.AFTER
        return Direction.BEFORE if self.fill_before is not None else None

    def page(self, page: Page, direction: Direction, now: float) -> list[Entry]:
        """Take the answer to what `wants` said; return the entries to apply, rising."""
        if page.first_kept > self.first:
            self.first = page.first_kept
            self.holes = [(max(low, self.first), high) for low, high in self.holes if high >= self.first]
        if direction is Direction.BEFORE:
            return self._fill(page)
        if direction is Direction.NEWEST:
            self._leap(page)
        elif (self.cursor or 0) < self.first - 1:
            self.cursor = self.first - 1
        before = self.cursor
        taken = self._take(self._successors(page.entries))
        self.head = max(self.head, page.head)
        self._after_page(page, now, moved=self.cursor != before)
        return taken

    def fill(self, before: int, now: float) -> bool:
        """Want a page into the highest hole below `before`; False: there is none."""
        hole = self.hole_below(before)
        if self.cursor is None:
            self.heard_of(0, now)
        elif hole is not None:
            self.fill_before = min(before, hole[1] + 1)
        return self.cursor is None or hole is not None

    def hole_below(self, before: int) -> tuple[int, int] | None:
        """Return the highest range that begins below `before` and is not held."""
        return max((hole for hole in self.holes if hole[0] < before), default=None)

    def unreadable(self) -> None:
        """Stop asking: the server says that this user may not read further."""
        self.cursor = self.head if self.cursor is None else self.cursor
        self.head = self.cursor
        self.fetch_at = self.fill_before = None
        self.held.clear()

    def later(self, at: float) -> None:
        """Fetch, but not before `at`."""
        self.fetch_at = at if self.is_behind() else None

    def truncate(self, after: int, now: float) -> None:
        """Keep only what the new log has too, and fetch the rest."""
        self._recount(after)
        self.cursor = after
        self.comparing = False
        self.holes = [(low, min(high, after)) for low, high in self.holes if low <= after]
        self.held.clear()
        self.fetch_at = self.fill_before = None
        self.heard_of(after, now)

    def _recount(self, after: int) -> None:
        """Take over the numbers of the server's log, unless they are older than what is held and not in doubt."""
        row, self._doubtful = self._doubtful, None
        is_cut = after < (self.cursor or 0)
        if is_cut:
            self.counted, self.read_wanted = min(self.counted, after), min(self.read_wanted, after)
        if row is not None and row.head >= after and (is_cut or row.read >= self.read_wanted):
            self._adopt(row)
        if self.read_wanted <= self.read:
            self.read_wanted = 0

    def _adopt(self, row: HeadRow) -> None:
        self.read, self.unread, self.mentions, self.counted = row.read, row.unread, row.mentions, row.head

    def _hold(self, entry: Entry, now: float) -> None:
        if len(self.held) < HOLD_BACK_ENTRIES:
            self.held[entry.seq] = entry
        self._fetch_by(now if self.cursor is None else now + HOLD_BACK_S)

    def _fetch_by(self, at: float) -> None:
        self.fetch_at = at if self.fetch_at is None else min(self.fetch_at, at)

    def _leaps(self) -> bool:
        if self.history is History.ALL:
            return False
        return self.cursor is None or self.head - self.cursor > HOLE_ENTRIES

    def _take(self, entries: list[Entry]) -> list[Entry]:
        """Move the cursor over the entries and over what was held back behind them."""
        cursor = self.cursor or 0
        taken: list[Entry] = []
        for entry in entries:
            taken.append(entry)
            cursor = max(cursor, entry.seq)
        while (entry := self.held.pop(cursor + 1, None)) is not None:
            taken.append(entry)
            cursor += 1
        if taken:
            self.cursor = cursor
            self.head = max(self.head, cursor)
            self.held = {seq: entry for seq, entry in self.held.items() if seq > cursor}
            if not self.is_behind():
                self.fetch_at = None
        for entry in taken:
            self._count(entry)
        return taken

    def _successors(self, entries: list[Entry]) -> list[Entry]:
        """Return those that continue the cursor without a gap."""
        successors: list[Entry] = []
        expected = (self.cursor or 0) + 1
        for entry in entries:
            if entry.seq == expected:
                successors.append(entry)
                expected += 1
        return successors

    def _count(self, entry: Entry) -> None:
        if entry.seq <= self.counted or main_ordinal(entry) is None:
            return
        sent = entry if isinstance(entry, MessageSent) else None
        self.counted = entry.seq
        self.flags &= ~FLAG_HIDDEN
        if entry.sender_id == self.me:  # sending moves the sender's own watermark to his message
            self.flags &= ~FLAG_MARKED_UNREAD
            self.read, self.unread, self.mentions = max(self.read, entry.seq), 0, 0
        elif entry.seq > max(self.read, self.read_wanted):
            self.unread += 1
            self.mentions += sent is not None and not {self.me, 0}.isdisjoint(sent.mentions)

    def _leap(self, page: Page) -> None:
        """Move the cursor below the newest page and remember what was leapt over."""
        start = page.entries[0].seq if page.entries else page.head + 1
        low = max((self.cursor or 0) + 1, self.first)
        if low < start:
            self.holes.append((low, start - 1))
        self.cursor = max(self.cursor or 0, start - 1)

    def _fill(self, page: Page) -> list[Entry]:
        """Take entries into the hole they belong to; what is left of it stays a hole."""
        before, self.fill_before = self.fill_before, None
        hole = None if before is None else self.hole_below(before)
        if hole is None or before is None:
            return []
        (low, high), end = hole, min(before - 1, hole[1])
        filled = [entry for entry in page.entries if low <= entry.seq <= end]
        start = filled[0].seq if filled else low
        left = [(low, start - 1)] * (low < start) + [(end + 1, high)] * (end < high)
        self.holes = sorted([other for other in self.holes if other != hole] + left)
        return filled

    def _after_page(self, page: Page, now: float, *, moved: bool) -> None:
        if not self.is_behind():
            self.fetch_at, self._barren = None, 0
        elif moved:
            self.fetch_at, self._barren = now, 0
        elif self._barren < BARREN_PAGES:
            self._barren += 1
            self.fetch_at = now + BARREN_WAIT_S
        else:
            self.head = max(self.cursor or 0, page.head)
            self.fetch_at, self._barren = None, 0
