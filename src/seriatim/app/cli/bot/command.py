"""`seriatim bot new NAME`: write a folder with a bot that runs."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
FILES: Final = {"bot.py": "bot.py", "README.md": "README.md", "env.example": ".env.example"}
"""File of the template -> its name in the new folder."""
IGNORED: Final = ".env\nbot.db*\n"

app = typer.Typer(add_completion=False)


@app.callback()
def root() -> None:
    """Programs that take part in conversations."""


@app.command()
def new(name: Annotated[str, typer.Argument(help="Name of the bot, and of the folder to write.")]) -> None:
    """Write a folder NAME with a bot of twenty lines, a README and an example of its settings."""
    if NAME.fullmatch(name) is None:
        raise typer.BadParameter("letters, digits, hyphens and underscores, 64 at most", param_hint="NAME")
    folder = Path(name)
    folder.mkdir()  # never over something that is there: FileExistsError says so
    template = files("seriatim.app.cli.bot") / "template"
    for source, target in FILES.items():
        text = (template / source).read_text(encoding="utf-8")
        (folder / target).write_text(text.format(name=name) if source == "README.md" else text, encoding="utf-8")
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    typer.echo(f"{folder}/bot.py is ready; {folder}/README.md says how it gets its token.")
