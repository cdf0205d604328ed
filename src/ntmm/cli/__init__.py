"""The command line: `ntmm run`, `ntmm kd`, `ntmm info`.

    main           the entry: every error becomes one sentence and an exit code
    app            the commands together
    run_command    `ntmm run`
    kd_command     `ntmm kd`
    kd_prompt      its prompt
    kd_script      its commands from a script
    kd_output      what they answered, on the standard streams
    info_command   `ntmm info`
    arguments      how options are read
    groups         those that several commands share
    exit_codes     the program's exit status as the host can carry it

Starts fast: what a command needs is imported when it runs.
"""

from ntmm.cli.main import main, run_from_shell

__all__ = ["main", "run_from_shell"]
