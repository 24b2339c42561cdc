"""The tables of docs/protocol.md, made from the structs, enums and constants that the server itself uses (pure)."""

import ast
import inspect
import itertools
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints

import msgspec

from seriatim.core.errors import ChatError
from seriatim.protocol import codes, limits
from seriatim.protocol.answers import DevicesChanged, HeadRow, MemberMarks, OwnPresence, OwnRead, PresenceRow, TracedHop
from seriatim.protocol.codes import CloseCode, may_reconnect
from seriatim.protocol.commands import ClientName, Resume
from seriatim.protocol.documents.asyncapi import COMMANDS, SERVER_FRAMES, Frame, answer_of, tag_of
from seriatim.protocol.entries import ENTRY_TYPES, EntryFields, Forwarded, ThreadState
from seriatim.protocol.own.changes import StoredChange
from seriatim.protocol.own.settings import QuietHours, Settings

SHAPES: tuple[Frame, ...] = (
    ClientName,
    Resume,
    HeadRow,
    PresenceRow,
    TracedHop,
    OwnRead,
    DevicesChanged,
    OwnPresence,
    MemberMarks,
    *get_args(StoredChange),
    Settings,
    QuietHours,
    Forwarded,
    ThreadState,
)
"""What the fields of frames hold, besides entries and limits, which have tables of their own."""


def tables() -> dict[str, str]:
    """Return each table's Markdown under its name; the same code gives the same text."""
    return {
        "commands": _commands(),
        "server frames": _server_frames(),
        "shapes": _shapes(),
        "entries": _entries(),
        "entry fields": _entry_fields(),
        "codes": _codes(),
        "close codes": _close_codes(),
        "limits": _limits(),
        "rates": _rates(),
    }


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    lines = [tuple(heads), *map(tuple, rows)]
    text = ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * len(lines[0]), *text[1:]]) + "\n"


def filled(page: str, found: Mapping[str, str]) -> str:
    """Return a page with the text between each `<!-- made: name -->` and `<!-- end -->` written anew.

    Raises:
        KeyError: the page asks for a table that there is not.
    """
    begin, end = "<!-- made: ", "<!-- end -->"
    parts = page.split(begin)
    for place, part in enumerate(parts[1:], start=1):
        name, _, rest = part.partition(" -->\n")
        _, _, after = rest.partition(end)
        parts[place] = f"{name} -->\n{found[name]}{end}{after}"
    return begin.join(parts)


def said_below(owner: type | ModuleType) -> dict[str, str]:
    """Return the sentence that stands below each attribute of a class or constant of a module, by name."""
    tree = ast.parse(inspect.getsource(owner))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) and inspect.isclass(owner) else tree.body
    found: dict[str, str] = {}
    for before, after in itertools.pairwise(body):
        match before, after:
            case (
                ast.Assign(targets=[target]) | ast.AnnAssign(target=target),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ):
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        found[name.id] = " ".join(text.split())
            case _:
                pass
    return found


def type_name(hint: Any) -> str:
    """Return how a reader of JSON calls this type."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return type_name(parts[0])
    if origin in (Union, UnionType):
        return "Entry" if parts == ENTRY_TYPES else " or ".join(map(type_name, parts))
    if origin in (list, tuple):
        return f"[{', '.join(type_name(part) for part in parts if part is not Ellipsis)}]"
    if origin is dict:
        return "{" + ": ".join(map(type_name, parts)) + "}"
    return _plain(hint)


_PLAIN = {
    "bool": "boolean",
    "datetime": "time",
    "float": "number",
    "int": "integer",
    "Path": "path",
    "str": "text",
    "UUID": "uuid",
}


def _plain(hint: Any) -> str:
    if isinstance(hint, NewType):
        return type_name(hint.__supertype__)
    if hint is NoneType:
        return "null"
    if issubclass(hint, StrEnum):
        return " or ".join(f'"{member.value}"' for member in hint)
    name: str = hint.__name__
    return _PLAIN.get(name, name)


def _fields(struct: Frame, *, without: Iterable[str] = ()) -> str:
    hints = get_type_hints(struct, include_extras=True)
    cells = [
        f"`{field.encode_name}`{'' if field.required else '?'} {type_name(hints[field.name])}"
        for field in msgspec.structs.fields(struct)
        if field.name not in without
    ]
    return "; ".join(cells) or "none"


def _meaning(named: type) -> str:
    return " ".join(inspect.cleandoc(named.__doc__ or "").split())


def _commands() -> str:
    rows = (
        (f"`{tag_of(command)}`", _fields(command), f"`{tag_of(answer)}`" if answer else "nothing", _meaning(command))
        for command in COMMANDS
        for answer in [answer_of(command)]
    )
    return table(("type", "fields (`?`: may be left out)", "answer", "meaning"), rows)


def _server_frames() -> str:
    rows = ((f"`{tag_of(frame)}`", _fields(frame), _meaning(frame)) for frame in SERVER_FRAMES)
    return table(("type", "fields", "meaning"), rows)


def _shapes() -> str:
    rows = ((shape.__name__, _fields(shape), _meaning(shape)) for shape in SHAPES)
    return table(("name", "fields", "meaning"), rows)


def _entries() -> str:
    common = EntryFields.__struct_fields__
    rows = ((f"`{tag_of(entry)}`", _fields(entry, without=common), _meaning(entry)) for entry in ENTRY_TYPES)
    return table(("kind", "its own fields", "meaning"), rows)


def _entry_fields() -> str:
    said, hints = said_below(EntryFields), get_type_hints(EntryFields, include_extras=True)
    rows = (
        (f"`{field.name}`{'' if field.required else '?'}", type_name(hints[field.name]), said.get(field.name, ""))
        for field in msgspec.structs.fields(EntryFields)
    )
    return table(("field", "type", "meaning"), rows)


def errors() -> list[type[ChatError]]:
    """Return every refusal with a code of its own, by HTTP status and code."""
    found: list[type[ChatError]] = []
    waiting: list[type[ChatError]] = [ChatError]
    while waiting:
        error = waiting.pop()
        if "code" in error.__dict__:
            found.append(error)
        waiting.extend(sub for sub in error.__subclasses__() if sub.__module__ == ChatError.__module__)
    return sorted(found, key=lambda error: (error.status, error.code))


def _codes() -> str:
    rows = (
        (f"`{error.code}`", str(error.status), "yes" if error.retryable else "no", _meaning(error))
        for error in errors()
    )
    return table(("code", "HTTP", "again with the same key?", "when"), rows)


def _close_codes() -> str:
    said = said_below(codes.CloseCode)
    rows = (
        (str(code.value), code.name.lower(), "yes" if may_reconnect(code) else "no", said.get(code.name, ""))
        for code in CloseCode
    )
    return table(("code", "name", "connect again unchanged?", "why"), rows)


def _limits() -> str:
    said = said_below(limits.Limits)
    told = (
        (f"`{name}`", _number(value), said.get(name, ""))
        for name, value in msgspec.structs.asdict(limits.LIMITS).items()
    )
    constants = said_below(limits)
    others = (
        (f"`{name}`", _number(value), constants.get(name, ""))
        for name, value in vars(limits).items()
        if name.isupper() and isinstance(value, int | float)
    )
    return table(("name", "limit", "meaning"), [*told, *others])


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _rates() -> str:
    said = said_below(limits.Rates)
    rows = (
        (f"`{name}`", _per(rate.per_s), str(rate.burst), said.get(name, ""))
        for name, rate in ((name, getattr(limits.RATES, name)) for name in limits.Rates.__struct_fields__)
    )
    return table(("name", "rate", "burst", "of what"), rows)


def _per(per_s: float) -> str:
    for unit, seconds in (("s", 1), ("min", 60), ("h", 3600)):
        count = per_s * seconds
        if count >= 1 and abs(count - round(count)) < 1e-9:  # noqa: PLR2004 - the first unit that makes it whole
            return f"{round(count)}/{unit}"
    return f"{per_s:g}/s"
