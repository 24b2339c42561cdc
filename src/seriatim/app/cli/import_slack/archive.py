"""An export of Slack as its zip holds it: read within bounds, never unpacked to disk, checked as a whole."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from seriatim.app.cli.import_slack.shapes import SAID, Conversation, Message, Person, is_program, stamp
from seriatim.core.errors import BadRequest
from seriatim.core.names import clean_name, name_key

FILES, FILE_BYTES, ALL_BYTES = 500_000, 64 * 1024 * 1024, 64 * 1024**3
"""Most files in an export, the largest of them and all of them, unpacked; one is in memory at a time."""
RATIO = 200
"""A file that is packed tighter than this is no text that people wrote."""
FAULTS = 50
"""After so many faults the check ends."""
_DAY = re.compile(r"[^/]+/\d{4}-\d{2}-\d{2}\.json")


class Place(NamedTuple):
    """A conversation, which file it came from, and the files of its days, the oldest first."""

    conversation: Conversation
    file: str
    days: list[str]


class BadExport(Exception):
    """The export cannot be imported; `faults` say where and why, each `file: entry number: what is wrong`."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("this export cannot be imported; nothing was changed")
        self.faults = faults


T = TypeVar("T")
_TS = re.compile(r"\d{1,11}\.\d{1,9}")
_LISTS = ("channels.json", "groups.json", "mpims.json", "dms.json")


class Archive:
    """An open export; `check` it before anything is read."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise BadExport([f"{path.name}: {error}"]) from error
        self._faults: list[str] = []
        self._changed: dict[tuple[str, str], Message | None] = {}
        self.people: dict[str, Person] = {}
        self.places: list[Place] = []
        self.present: dict[str, dict[str, None]] = {}
        """Per conversation who is a member, has said something or reacted, each once and in order."""
        self.messages_count = 0

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def check(self) -> None:
        """Read everything once, and keep who and where; what messages say is read again by `messages`.

        Raises:
            BadExport: with every fault found, 50 at most.
        """
        try:
            self._bounds()
            self._people()
            self._conversations()
            for place in self.places:
                for day in place.days:
                    self._check_day(place.conversation, day)
        except _TooMany:
            self._faults.append("... and more")
        if self._faults:
            raise BadExport(self._faults)

    def messages(self, place: Place) -> Iterator[Message]:
        """Return what was said, in the order of time and in its last wording; deleted messages are left out."""
        for day in place.days:
            read = self._entries(day, Message)
            for _, message in sorted(read, key=lambda one: stamp(one[1].ts)):
                last = self._changed.get((place.conversation.id, message.ts), message)
                if message.type == "message" and message.subtype in SAID and last is not None:
                    yield last

    def _bounds(self) -> None:
        files = self._zip.infolist()
        if len(files) > FILES:
            self._fault(f"{len(files)} files: at most {FILES}")
        if sum(file.file_size for file in files) > ALL_BYTES:
            self._fault(f"more than {ALL_BYTES} bytes, unpacked")
        for file in files:
            name = file.filename
            if name.startswith("/") or "\\" in name or ".." in name.split("/") or "\0" in name:
                self._fault(f"{name!r}: a path that leads out of the export")
            if file.file_size > FILE_BYTES:
                self._fault(f"{name}: {file.file_size} bytes, unpacked: at most {FILE_BYTES}")
            elif file.file_size > RATIO * max(file.compress_size, 1_000):
                self._fault(f"{name}: packed too tightly to be an export's")
        if len({file.filename for file in files}) != len(files):
            self._fault("two files have one name")
        if self._faults:
            raise BadExport(self._faults)

    def _people(self) -> None:
        names = dict[str, str]()
        for number, person in self._entries("users.json", Person):
            where = f"users.json: entry {number}"
            try:
                key = name_key(clean_name(person.name))
            except BadRequest as error:
                self._fault(f"{where}: `name`: {error.message}")
                continue
            if person.id in self.people or key in names:
                self._fault(f"{where}: `{'id' if person.id in self.people else 'name'}` was there before")
            self.people[person.id] = person
            names[key] = person.id

    def _conversations(self) -> None:
        present = set(self._zip.namelist())
        days = dict[str, list[str]]()
        for name in sorted(filter(_DAY.fullmatch, present)):
            days.setdefault(name.partition("/")[0], []).append(name)
        known = set[str]()
        for file in filter(present.__contains__, _LISTS):
            for number, one in self._entries(file, Conversation):
                if one.id in known:
                    self._fault(f"{file}: entry {number}: `id` was there before")
                elif file == "dms.json" and not one.members:
                    self._fault(f"{file}: entry {number}: `members` names nobody")
                elif file == "channels.json" and not one.name:
                    self._fault(f"{file}: entry {number}: `name` is missing")
                known.add(one.id)
                self.present[one.id] = dict.fromkeys(one.members)
                self.places.append(Place(one, file, days.get(one.name if one.name in days else one.id, [])))
        if not known:
            self._fault("channels.json: it names no conversation: this is no export of Slack")

    def _check_day(self, conversation: Conversation, day: str) -> None:
        for number, message in self._entries(day, Message):
            where = f"{day}: entry {number}"
            for field in ("ts", "thread_ts", "deleted_ts"):
                given = getattr(message, field)
                if given is not None and not _TS.fullmatch(given):
                    self._fault(f"{where}: `{field}`: seconds with a fraction, like 1700000000.000100")
            if message.subtype == "message_changed" and message.message is not None:
                self._changed[conversation.id, message.message.ts] = message.message
            elif message.subtype == "message_deleted" and message.deleted_ts is not None:
                self._changed[conversation.id, message.deleted_ts] = None
            elif message.type == "message" and message.subtype in SAID:
                self.messages_count += 1
            for said in (message, message.message):
                if said is not None and said.subtype in SAID:
                    here = self.present[conversation.id]
                    here |= dict.fromkeys([said.user] if said.user and not is_program(said) else [])
                    here |= dict.fromkeys(user for reaction in said.reactions for user in reaction.users)

    def _entries(self, name: str, kind: type[T]) -> list[tuple[int, T]]:
        """Return the entries of a file, each with its number from 1; what is none of this kind is a fault."""
        try:
            with self._zip.open(name) as file:
                text = file.read(FILE_BYTES + 1)  # what the zip says of the size may be false
            if len(text) > FILE_BYTES:
                self._fault(f"{name}: more than {FILE_BYTES} bytes, unpacked")
                return []
            raws = msgspec.json.decode(text, type=list[msgspec.Raw])
        except KeyError:
            self._fault(f"{name}: it is missing")
            return []
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, zipfile.BadZipFile, OSError) as error:
            self._fault(f"{name}: {error}")
            return []
        except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in a way of its own
            self._fault(f"{name}: {error}")
            return []
        found = list[tuple[int, T]]()
        for number, raw in enumerate(raws, 1):
            try:
                found.append((number, msgspec.json.decode(raw, type=kind)))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._fault(f"{name}: entry {number}: {error}")
        return found

    def _fault(self, text: str) -> None:
        self._faults.append(text)
        if len(self._faults) >= FAULTS:
            raise _TooMany


class _TooMany(Exception):
    pass
