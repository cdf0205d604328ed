"""`python -m ntmm` is `ntmm`."""

from ntmm.cli import run_from_shell

run_from_shell()
