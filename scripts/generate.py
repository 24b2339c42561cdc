"""Writes every file that is generated from the code: TypeScript types, tables of the documents."""

import sys
from pathlib import Path

import msgspec

from seriatim.app.metrics.table import METRICS
from seriatim.app.settings import PREFIX, Settings
from seriatim.log import access
from seriatim.protocol.documents.tables import filled, said_below, table, tables, type_name
from seriatim.protocol.documents.typescript import typescript
from seriatim.protocol.fields import ConversationKind, Role, Visibility

ROOT = Path(__file__).resolve().parents[1]


def generated() -> dict[Path, str]:
    """Return the text of each generated file, or of each page with generated parts."""
    found = {ROOT / "web/src/core/protocol/types.ts": typescript()}
    made = {**tables(), "settings": settings_table(), "rights": rights_table(), "metrics": metrics_table()}
    for name in ("protocol.md", "operations.md", "security.md"):
        page = ROOT / "docs" / name
        found[page] = filled(page.read_text(encoding="utf-8"), made)
    return found


def settings_table() -> str:
    """Return the table of settings, as docs/operations.md shows it."""
    said = said_below(Settings)
    rows = (
        (f"`{field.name}`", f"`{PREFIX}{field.name.upper()}`", type_name(field.type), shown(field), said[field.name])
        for field in msgspec.structs.fields(Settings)
    )
    return table(("in `seriatim.toml`", "variable", "type", "default", "effect"), rows)


def metrics_table() -> str:
    """Return the table of metrics, as docs/operations.md shows it."""
    rows = (
        (f"`{one.name}{'{' + ','.join(one.labels) + '}' if one.labels else ''}`", str(one.kind), one.what)
        for one in METRICS
    )
    return table(("metric", "kind", "what it is"), rows)


def rights_table() -> str:
    """Return the table of who may do what in a group or channel, as docs/security.md shows it."""
    said = said_below(access.Action)
    rows = (
        (
            f"`{action}`",
            said.get(action.name, ""),
            *("yes" if may(role, action) else "" for role in Role),
            "yes" if action in access.IN_A_PAIR else "",
            ", ".join(visibility for visibility in Visibility if action in access.EVERYBODY[visibility]),
            "" if action in access.SPEECH else "yes",
            "yes" if action in access.WHILE_ARCHIVED else "",
        )
        for action in access.Action
    )
    heads = ("action", "what it is", *Role, "both of a pair", "everybody where it is", "silenced", "archived")
    return table(heads, rows)


def may(role: Role, action: access.Action) -> bool:
    """Say whether a member with this role may do this, unless a setting says otherwise."""
    return access.allowed(role, ConversationKind.GROUP, action, access.Settings())


def shown(field: msgspec.structs.FieldInfo) -> str:
    """Return a default as one would write it; those of the rates have their own table."""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct):
        return "docs/protocol.md"
    return "absent" if value is None else f"`{value}`"


def main() -> None:
    """Write what is stale and name it."""
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
