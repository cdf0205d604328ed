"""Which frames hold translated code, so that exactly their translations are dropped when the frames change.

The engine caches guest code it has translated, by physical address. Writes by the guest are noticed, writes by the
kernel into RAM are not: a frame that held code must be forgotten before its contents change.
"""

from typing import Any

from ntmm.hw.arch import Architecture
from ntmm.hw.cpu.engine import Engine
from ntmm.hw.cpu.walk import translate
from ntmm.hw.ram import Ram


class TranslatedCode:
    """The frames that hold translated code, and those to be dropped before the CPU is next entered."""

    def __init__(self, engine: Engine, ram: Ram, architecture: Architecture, physical_state: bytes) -> None:
        """`physical_state`: an engine state with paging off, in which virtual addresses are physical ones."""
        self._engine = engine
        self._ram = ram
        self._architecture = architecture
        self._physical_state = physical_state
        self.frames: set[int] = set()
        self.dropping: set[int] = set()
        self.blocks: list[tuple[int, int]] = []
        """Virtual address and size of blocks translated in the last run."""
        engine.on_block_translated(self._record)

    def _record(self, _handle: int, block: Any) -> None:
        contents = block.contents
        self.blocks.append((contents.pc, contents.size))

    def collect(self, page_directory: int) -> None:
        """Note the frames of the blocks just translated; a block may lie on two pages."""
        shift = self._architecture.page_shift
        pages = {pc >> shift for pc, _ in self.blocks}
        pages.update(pc + max(size, 1) - 1 >> shift for pc, size in self.blocks)
        self.blocks.clear()
        for page in pages:
            frame = translate(self._ram, self._architecture, page_directory, page << shift)
            if frame is not None:
                self.frames.add(frame)

    def forget(self, frame: int) -> bool:
        """Have this frame's translations dropped before the next entry; False if it has none."""
        if frame not in self.frames:
            return False
        self.frames.discard(frame)
        self.dropping.add(frame)
        return True

    def drop(self) -> None:
        """Drop what `forget` noted. The engine then holds no thread's state and its TLB is empty."""
        engine, shift = self._engine, self._architecture.page_shift
        engine.restore(self._physical_state)
        engine.flush_tlb()
        for frame in self.dropping:
            engine.remove_translated_code(frame << shift, frame + 1 << shift)
        engine.flush_tlb()
        self.dropping.clear()
