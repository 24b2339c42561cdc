"""The command `seriatim`: a table of sub-commands, each in a file that is imported when it is used."""

import importlib
import logging
import sys

import typer

COMMANDS = {
    "serve": ("seriatim.app.cli.serve", "Run the server: the page, the API and, by default, its own PostgreSQL."),
    "seed": ("seriatim.app.cli.seed", "Fill the database with people, tokens and conversations for a trial."),
    "db": ("seriatim.app.cli.db", "The database: its URL, a psql session, backup and restore."),
    "user": ("seriatim.app.cli.user", "Help somebody who cannot log in."),
    "import": ("seriatim.app.cli.import_slack.command", "Take over what people said in Slack."),
    "export": ("seriatim.app.cli.export.command", "Write a conversation, or all that a user may read, to a file."),
    "search": ("seriatim.app.cli.search.command", "Look at the index of what was said, or have it built anew."),
    "log": ("seriatim.app.cli.log", "Watch the log of all conversations."),
    "chat": ("seriatim.app.cli.chat.command", "Talk from a terminal."),
    "bot": ("seriatim.app.cli.bot.command", "Begin a bot: a folder with a program that runs."),
    "trace": ("seriatim.app.cli.trace", "Show the hops of one message, with times and costs."),
    "demo": ("seriatim.app.cli.demo", "Fill a server with people who talk, so that there is something to see."),
    "bench": ("seriatim.app.cli.bench", "Measure the server beside the limit of what this machine can do."),
    "chaos": ("seriatim.app.cli.chaos", "Kill, stop and cut off real processes under load, and check what is left."),
    "migrate": ("seriatim.app.cli.migrate", "Bring the database's schema up to date."),
}
"""Name -> module with `app: typer.Typer`, and the line that `seriatim --help` shows: it imports none of them."""

PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}


def main() -> None:
    """Run the command line; what only the operator can mend is one line on standard error and exit code 1."""
    app = typer.Typer(
        help="Seriatim: every message stored once, seen once, in the same order on every device.",
        no_args_is_help=True,
        add_completion=False,
    )

    @app.callback()
    def root() -> None: ...  # pyright: ignore[reportUnusedFunction] - makes it a group however few commands there are

    for name, (module, summary) in COMMANDS.items():
        _add(app, name, module, summary)
    app(prog_name="seriatim")


def _add(app: typer.Typer, name: str, module: str, summary: str) -> None:
    @app.command(name, help=summary, add_help_option=False, context_settings=PASS_ON)
    def run(context: typer.Context) -> None:  # pyright: ignore[reportUnusedFunction] - typer holds it
        command = importlib.import_module(module).app
        _quiet()
        try:
            command(args=context.args, prog_name=f"seriatim {name}")
        except SystemExit:
            raise
        except _for_the_operator() as error:
            typer.echo(f"seriatim: {error}", err=True)
            sys.exit(1)


def _quiet() -> None:
    """Keep standard output for what a command answers; `serve` sets the log up anew, with more to say."""
    import structlog  # noqa: PLC0415 - not for `--help`

    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


def _for_the_operator() -> tuple[type[Exception], ...]:
    """Return the errors whose message says what to do; imported only once something was raised."""
    from seriatim.app.processes.slot import ProcessFailed  # noqa: PLC0415
    from seriatim.app.settings import BadSettings  # noqa: PLC0415
    from seriatim.delivery.broker.servers import UnfitServer  # noqa: PLC0415
    from seriatim.features.accounts.keys import WrongSecret  # noqa: PLC0415
    from seriatim.log.epoch import LogReplaced  # noqa: PLC0415
    from seriatim.storage.postgres.backup import BackupFailed  # noqa: PLC0415
    from seriatim.storage.postgres.finder import NoPostgres  # noqa: PLC0415
    from seriatim.storage.postgres.place import Misplaced  # noqa: PLC0415
    from seriatim.storage.postgres.pooler import UnfitPooler  # noqa: PLC0415
    from seriatim.storage.postgres.server import DataFolderInUse, ServerFailed  # noqa: PLC0415

    stops = (BadSettings, ProcessFailed, WrongSecret, LogReplaced, NoPostgres, Misplaced, DataFolderInUse, ServerFailed)
    return *stops, UnfitPooler, UnfitServer, BackupFailed, OSError
