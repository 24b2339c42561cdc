"""Another chat server on the same machine: ejabberd as Debian packs it, with users, rooms and archive on PostgreSQL.

No TLS and no federation. It has the modules of the package's own configuration that people or their messages meet; what
is left out (web, MQTT, STUN, administration) would only slow it down. Every message is archived (XEP-0313) before it is
delivered, in a PostgreSQL that syncs.
"""

import socket
import tempfile
import time
from base64 import b64encode
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from seriatim.bench.rig import usage
from seriatim.bench.rig.compiler import program
from seriatim.bench.rig.generator import Held, LoadGenerator
from seriatim.bench.rig.lines import Child, ChildFailed
from seriatim.bench.rig.ports import free_port
from seriatim.bench.rig.report import CannotMeasure
from seriatim.bench.yardsticks.postgres import ROLE, Postgres

APT = "apt-get install ejabberd erlang-p1-pgsql"
READY_WITHIN_S = 60.0
JOIN_WITHIN_S = 60.0
_POLL_S = 0.1
_PASSWORD = "secret"  # noqa: S105 - of people who exist for a minute, on the loopback address
_SCHEMA = Path("/usr/share/ejabberd/sql/pg.sql")
_ERL = Path("/usr/bin/erl")
_FLAGS = ("+K", "true", "+P", "250000", "-kernel", "inet_default_connect_options", "[{nodelay,true}]")
"""As ejabberdctl starts it, but as no part of a cluster, so nothing else is started with it; and without the wait for a
delayed TCP acknowledgement that its SQL driver would now and then run into: it shall be as fast as it can be."""
_USERS = "insert into users (username, password) select 'u' || n, %s from generate_series(0, %s) n"
_CONFIGURATION = """
hosts: [localhost]
loglevel: error
auth_method: [sql]
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: {sql_port}
sql_database: ejabberd
sql_username: {role}
sql_password: "{password}"
listen:
  - {{port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, backlog: 1000}}
modules:
  mod_adhoc: {{}}
  mod_blocking: {{}}
  mod_caps: {{}}
  mod_carboncopy: {{}}
  mod_client_state: {{}}
  mod_disco: {{}}
  mod_last: {{}}
  mod_mam: {{default: always}}
  mod_muc:
    access_create: all
    max_users: 10000
    default_room_options: {{mam: true, persistent: true, max_users: 10000}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_pres_counter: {{count: 5, interval: 60}}
  mod_privacy: {{}}
  mod_private: {{}}
  mod_pubsub: {{plugins: [flat, pep]}}
  mod_push: {{}}
  mod_push_keepalive: {{}}
  mod_roster: {{versioning: true}}
  mod_shared_roster: {{}}
  mod_stream_mgmt: {{resend_on_timeout: if_offline}}
  mod_vcard: {{search: false}}
  mod_vcard_xupdate: {{}}
  mod_version: {{}}
"""


class NotInstalled(CannotMeasure):
    """There is no ejabberd here, or it cannot speak with PostgreSQL."""


class Ejabberd(NamedTuple):
    """A running server, its PostgreSQL, and the file of its people for the generator."""

    port: int
    process: Child
    postgres: Postgres
    people_file: Path

    def cpu_s(self) -> float:
        """Return the CPU seconds that the server and its PostgreSQL have used so far."""
        self.process.drop()
        return usage.tree_cpu_s(self.process.pid) + self.postgres.cpu_s()

    def archived(self) -> int:
        """Return how many rows its archive holds: two of a chat, one of a room's message."""
        with psycopg.connect(self.postgres.dsn("ejabberd")) as connection:
            row = connection.execute("select count(*) from archive").fetchone()
        return row[0] if row else 0


class XmppLoad(LoadGenerator):
    """The generator of XMPP: like the product's, and people have to enter a room before they hear it."""

    def join(self, conversation: int, members: int) -> None:
        """Let all members of a conversation enter its room.

        Raises:
            ChildFailed: not all could.
        """
        if (joined := self._ask(f"join {conversation}", Held, JOIN_WITHIN_S).live) != members:
            raise ChildFailed(f"only {joined} of {members} entered the room")


def found() -> Path:
    """Return the folder of its Erlang libraries.

    Raises: NotInstalled, with what to do.
    """
    if not _ERL.is_file() or not _SCHEMA.is_file():
        raise NotInstalled(f"no ejabberd here: {APT}")
    drivers = [*Path("/usr/lib/erlang/lib").glob("p1_pgsql-*"), *Path("/usr/lib").glob("*/p1_pgsql-*")]
    servers = sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin/ejabberd.app"))
    if not drivers or not servers:
        raise NotInstalled(f"ejabberd without its PostgreSQL driver, or not where Debian puts it: {APT}")
    return servers[-1].parents[2]


@contextmanager
def ejabberd(postgres: Postgres, conversations: Sequence[Sequence[int]]) -> Generator[Ejabberd]:
    """Run one whose people u0, u1 ... have these conversations; of two members: a chat, of more: a room.

    Raises: NotInstalled, ChildFailed.
    """
    libraries, port = found(), free_port()
    people = 1 + max(member for members in conversations for member in members)
    _fill(postgres, people)
    with tempfile.TemporaryDirectory(prefix="seriatim-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        configuration, log, people_file = folder / "ejabberd.yml", folder / "ejabberd.log", folder / "people"
        settings = {"port": port, "sql_port": postgres.port, "role": ROLE, "password": postgres.password}
        configuration.write_text(_CONFIGURATION.format_map(settings))
        _write_people(people_file, people, conversations)
        environment = {
            "HOME": name,
            "ERL_LIBS": str(libraries),
            "ERL_CRASH_DUMP_BYTES": "0",
            "EJABBERD_CONFIG_PATH": str(configuration),
            "EJABBERD_LOG_PATH": str(log),
        }
        words = [str(_ERL), *_FLAGS, "-noinput", "-mnesia", "dir", f'"{folder / "spool"}"', "-s", "ejabberd"]
        child = Child(words, environment=environment)
        try:
            _ready(child, port, log)
            yield Ejabberd(port, child, postgres, people_file)
        finally:
            child.stop()


@contextmanager
def xmpp_generator(server: Ejabberd) -> Generator[XmppLoad]:
    """Run its generator.

    Raises: NoCompiler.
    """
    child = Child([str(program("xmpp")), str(server.port), str(server.people_file)])
    try:
        child.line(30.0)
        yield XmppLoad(child)
    finally:
        child.stop()


def _fill(postgres: Postgres, people: int) -> None:
    """Make its database with its own schema, and its people."""
    with psycopg.connect(postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute("create database ejabberd")
    with psycopg.connect(postgres.dsn("ejabberd")) as connection:
        connection.execute(_SCHEMA.read_bytes())
        connection.execute(_USERS, (_PASSWORD, people - 1))


def _write_people(file: Path, people: int, conversations: Sequence[Sequence[int]]) -> None:
    tokens = [b64encode(f"\0u{place}\0{_PASSWORD}".encode()).decode() for place in range(people)]
    lines = [f"people {people}", *(f"u{place} - {token}" for place, token in enumerate(tokens))]
    lines.append(f"conversations {len(conversations)}")
    rooms = ((place, len(members), *members) for place, members in enumerate(conversations))
    lines += ["room" + " ".join(map(str, room)) for room in rooms]
    file.write_text("\n".join(lines) + "\n")


def _ready(child: Child, port: int, log: Path) -> None:
    """Wait until it listens."""
    end = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2.0).close()
        except OSError:
            if child.ended() or time.monotonic() > end:
                said = log.read_text(errors="replace") if log.is_file() else "nothing"
                raise ChildFailed(f"ejabberd does not start; its log says: {said.strip()[-1000:]}") from None
            time.sleep(_POLL_S)
        else:
            return
