"""The command line: `ntmm run`, `ntmm info`.

    main           the entry: every error becomes one sentence and an exit code
    app            the commands together
    run_command    `ntmm run`
    info_command   `ntmm info`
    arguments      how options are read
    exit_codes     the program's exit status as the host can carry it

Starts fast: what a command needs is imported when it runs.
"""

from ntmm.cli.main import main, run_from_shell

__all__ = ["main", "run_from_shell"]
