"""The Windows API, one file for each SDK header; importing the package registers the services.

A function here decodes what the program gave, asks the kernel, and answers as the documentation says: a value, and the
last error. A and W forms share one implementation over `text`. `failing` turns failures into last errors.
"""

from ntmm.win32 import (
    consoleapi,
    createprocess,
    debugapi,
    dep_policy,
    fileapi,
    handleapi,
    memoryapi,
    process_modules,
    processenv,
    processthreadsapi,
    profileapi,
    psapi,
    securitybaseapi,
    stringapiset,
    synchapi,
    sysinfoapi,
    threads,
    timezoneapi,
    tlhelp32,
    winbase,
    winnls,
    winreg,
    winuser,
    wow64,
)

__all__ = [
    "consoleapi",
    "createprocess",
    "debugapi",
    "dep_policy",
    "fileapi",
    "handleapi",
    "memoryapi",
    "process_modules",
    "processenv",
    "processthreadsapi",
    "profileapi",
    "psapi",
    "securitybaseapi",
    "stringapiset",
    "synchapi",
    "sysinfoapi",
    "threads",
    "timezoneapi",
    "tlhelp32",
    "winbase",
    "winnls",
    "winreg",
    "winuser",
    "wow64",
]
