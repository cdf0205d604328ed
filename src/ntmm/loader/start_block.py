"""NTMM_START: what a new thread or a library load must call, handed to guest code as one block.

struct NTMM_START {
    void *start_address;  void *parameter;  uintptr_t initializer_count;
    struct { void *entry;  void *base;  void *tls_callbacks; } initializers[];
};
"""

from collections.abc import Iterable
from typing import NamedTuple

from ntmm.loader.arena import Arena
from ntmm.loader.modules import LoadedModule


class Initializer(NamedTuple):
    """One image to call: its entry point (0: none), base, and zero-ended list of TLS callbacks (0: none)."""

    entry: int
    base: int
    tls_callbacks: int


def initializers_of(modules: Iterable[LoadedModule]) -> list[Initializer]:
    """The initializers of modules that have any, in the given order; a program contributes its TLS callbacks only."""
    initializers = []
    for module in modules:
        entry = module.entry_point if module.headers.is_dll else 0
        if entry or module.tls_callbacks:
            initializers.append(Initializer(entry, module.base, module.tls_callbacks))
    return initializers


def store_start_block(
    arena: Arena, pointer_size: int, start_address: int, parameter: int, initializers: list[Initializer]
) -> int:
    """The address of a new NTMM_START; give it back with `arena.release`."""
    words = [start_address, parameter, len(initializers)]
    for initializer in initializers:
        words += initializer
    return arena.store(b"".join(word.to_bytes(pointer_size, "little") for word in words))
