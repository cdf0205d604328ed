"""Does the page about the debugger tell every command, column and option?"""

from pathlib import Path

from ntmm.tools.commands import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "kd.md").read_text(encoding="utf-8")


def test_does_the_page_tell_every_command_and_column() -> None:
    for command in COMMANDS.values():
        usage = command.usage.replace("|", "\\|")
        arguments = f"`{usage}`" if usage else ""
        assert f"| `{command.name}` | {arguments} | {command.meaning} |" in PAGE
        for kind in command.rows:
            for column in kind.columns():
                title = f"{column.title} " if column.title else ""
                assert f"| {title}(`{column.name}`) | {column.meaning} |" in PAGE, f"{command.name}: {column.name}"
        for title, reason in command.absent:
            assert f"- {title}: {reason}" in PAGE
