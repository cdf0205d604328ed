"""DLL names that stand for other DLLs.

Programs built for later Windows import from API-set names such as api-ms-win-crt-heap-l1-1-0.dll; the loader there maps
them to the DLLs that hold the functions, and so does this one.
"""

from typing import Final

_CRT_PREFIX: Final = "api-ms-win-crt-"
_PREFIXES: Final = {
    _CRT_PREFIX: "ucrtbase.dll",
    "api-ms-win-core-": "kernel32.dll",
    "api-ms-win-security-": "advapi32.dll",
    "api-ms-win-eventing-": "advapi32.dll",
    "api-ms-win-service-": "advapi32.dll",
    "api-ms-win-": "kernel32.dll",
    "ext-ms-win-": "kernel32.dll",
}
_SAME_DLL: Final = {"kernelbase.dll": "kernel32.dll"}


def base_name(name: str) -> str:
    """The file name of a module name or path, with ".dll" added where it has no dot, as LoadLibrary does.

    A final dot means a name without extension and is dropped.
    """
    last = name.replace("/", "\\").rpartition("\\")[2]
    if last.endswith("."):
        return last[:-1]
    return last if "." in last else last + ".dll"


def redirect(name: str) -> str:
    """The base name of the DLL that a base name stands for; names that stand for themselves come back unchanged."""
    lowered = name.lower()
    for prefix, target in _PREFIXES.items():
        if lowered.startswith(prefix):
            return target
    return _SAME_DLL.get(lowered, name)
