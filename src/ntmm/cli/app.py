"""The commands together."""

from typing import Annotated

import typer

from ntmm.cli.groups import spread
from ntmm.cli.imagecfg_command import imagecfg
from ntmm.cli.info_command import info
from ntmm.cli.kd_command import kd
from ntmm.cli.run_command import run
from ntmm.cli.views_command import views

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - only here

        print(f"ntmm {version('ntmm')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
]


@app.callback()
def ntmm(version: Version = False) -> None:
    """Run unmodified Windows programs under the Windows NT memory manager, written in Python."""


# Everything after PROGRAM is the program's, so options are read only before it.
app.command(context_settings={"allow_interspersed_args": False})(spread(run))
app.command(context_settings={"allow_interspersed_args": False})(spread(kd))
app.command(context_settings={"allow_interspersed_args": False})(spread(views))
app.command()(spread(info))
app.command()(imagecfg)
