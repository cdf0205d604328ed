"""A machine of a few frames whose page tables the tests write by hand."""

from ntmm.hw.arch import OWNER, VALID, WRITE, Architecture, architecture_named
from ntmm.hw.cpu import Context, Cpu, ExitReason, SupervisorArea
from ntmm.hw.ram import Ram

CODE, DATA, STACK, TEB = 0x400000, 0x410000, 0x420000, 0x430000
USER = VALID | WRITE | OWNER
READ_ONLY = VALID | OWNER
SUPERVISOR = VALID | WRITE


class TinyMachine:
    """RAM, a CPU, and as many address spaces as a test makes; frames are handed out in order."""

    def __init__(self, name: str, ram_size: int = 0x400000) -> None:
        self.architecture: Architecture = architecture_named(name)
        self.ram = Ram(ram_size)
        self.next_frame = 1
        area = [self.new_frame() for _ in range(3)]
        base = self.supervisor_base
        self.area = SupervisorArea(
            *(number for index, frame in enumerate(area) for number in (base + index * 0x1000, frame << 12))
        )
        self.directory = self.new_space()
        self.cpu = Cpu(self.ram, self.architecture, self.area)
        self.cpu.boot(self.directory)
        self.code_frame = self.new_frame()
        self.map(CODE, self.code_frame, READ_ONLY)
        self.map(STACK, self.new_frame())
        self.map(TEB, self.new_frame())

    @property
    def supervisor_base(self) -> int:
        return 0xFFFFF80000000000 if self.architecture.bits == 64 else 0x80001000

    @property
    def words(self) -> memoryview:
        return self.ram.u32 if self.architecture.pte_size == 4 else self.ram.u64

    def new_frame(self) -> int:
        self.next_frame += 1
        return self.next_frame - 1

    def new_space(self) -> int:
        """A CR3 value with only the supervisor area mapped."""
        directory = self.new_frame() << 12
        self.directory = directory
        for index, physical in enumerate(
            (self.area.code_physical, self.area.descriptors_physical, self.area.stack_physical)
        ):
            self.map(self.supervisor_base + index * 0x1000, physical >> 12, SUPERVISOR, directory)
        return directory

    def pte_index(self, address: int, directory: int | None = None) -> int:
        """Index in `words` of the PTE for this address, making tables on the way."""
        architecture = self.architecture
        table = self.directory if directory is None else directory
        *upper, last = architecture.split(address)
        for level, index in enumerate(upper):
            entry = table // architecture.pte_size + index
            if not self.words[entry]:
                bits = VALID if architecture.name == "pae" and level == 0 else USER
                self.words[entry] = self.new_frame() << 12 | bits
            table = self.words[entry] & architecture.frame_mask
        return table // architecture.pte_size + last

    def map(self, address: int, frame: int, bits: int = USER, directory: int | None = None) -> None:
        self.words[self.pte_index(address, directory)] = self.architecture.make_pte(frame, bits)

    def map_new(self, address: int, bits: int = USER, directory: int | None = None) -> int:
        """Map a fresh frame; returns its number."""
        frame = self.new_frame()
        self.map(address, frame, bits, directory)
        return frame

    def load(self, code: bytes, offset: int = 0) -> None:
        """Put machine code at CODE + offset."""
        start = (self.code_frame << 12) + offset
        self.ram.bytes[start : start + len(code)] = code

    def context(self, directory: int | None = None, **registers: int) -> Context:
        """A thread at CODE; registers are named without their width letter (ax, di ...)."""
        prefix = "r" if self.architecture.bits == 64 else "e"
        named = {prefix + name: value for name, value in registers.items()}
        return self.cpu.create_context(
            self.directory if directory is None else directory, CODE, STACK + 0xF00, TEB, named
        )

    def register(self, context: Context, name: str) -> int:
        return context.get(("r" if self.architecture.bits == 64 else "e") + name)

    def run(self, context: Context) -> tuple[ExitReason, int, int]:
        """Run, and return what a page-fault handler would see."""
        reason = self.cpu.run(context)
        return reason, self.cpu.error_code, self.cpu.fault_address

    def run_exception(self, code: bytes, **registers: int) -> tuple[int, int, int]:
        """Vector, error code and pc's distance from CODE of the exception that this code raises."""
        self.load(code)
        context = self.context(**registers)
        assert self.cpu.run(context) is ExitReason.EXCEPTION
        return self.cpu.vector, self.cpu.error_code, context.pc - CODE
