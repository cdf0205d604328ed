"""Does the CPU stop before an instruction, and does the program run on as if nothing had been there?"""

from ntmm.hw.cpu import ExitReason
from tests.hw.tiny_machine import CODE, DATA, TinyMachine

COUNT_UP = bytes.fromhex("83c001 83c302 ebf8")
"""add eax, 1; add ebx, 2; jmp to the start."""
SECOND = CODE + 3

INT_2E = b"\xcd\x2e"


def test_does_the_cpu_stop_before_the_instruction_each_time_it_is_reached(machine: TinyMachine) -> None:
    machine.load(COUNT_UP)
    context = machine.context()
    breakpoints = machine.cpu.breakpoints
    breakpoints.add(SECOND)
    for turn in range(1, 5):
        assert machine.cpu.run(context) is ExitReason.BREAKPOINT
        assert (context.pc, machine.register(context, "ax"), machine.register(context, "bx")) == (
            SECOND,
            turn,
            2 * (turn - 1),
        )
        breakpoints.pass_over(context)


def test_does_it_stop_again_where_nobody_passes_over(machine: TinyMachine) -> None:
    machine.load(COUNT_UP)
    context = machine.context()
    machine.cpu.breakpoints.add(CODE)
    for _ in range(2):
        assert machine.cpu.run(context) is ExitReason.BREAKPOINT
        assert (context.pc, machine.register(context, "ax")) == (CODE, 0)


def test_is_code_that_was_translated_before_stopped_too_and_freed_by_removal(machine: TinyMachine) -> None:
    machine.load(COUNT_UP[:6] + INT_2E + b"\xeb\xf6")
    context = machine.context()
    for _ in range(3):
        assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    machine.cpu.breakpoints.add(SECOND)
    assert machine.cpu.run(context) is ExitReason.BREAKPOINT
    machine.cpu.breakpoints.remove(SECOND)
    for _ in range(3):
        assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.register(context, "ax") == 6


def test_does_a_context_pass_freely_that_the_slot_does_not_want(machine: TinyMachine) -> None:
    machine.load(COUNT_UP[:6] + INT_2E)
    context, other = machine.context(), machine.context()
    machine.cpu.breakpoints.add(SECOND)
    machine.cpu.breakpoints.is_wanted = lambda running, address: running is other and address == SECOND
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.cpu.run(other) is ExitReason.BREAKPOINT


def test_does_a_step_run_one_instruction_of_one_context(machine: TinyMachine) -> None:
    machine.load(COUNT_UP)
    context, breakpoints = machine.context(), machine.cpu.breakpoints
    places = []
    for _ in range(5):
        breakpoints.step(context)
        breakpoints.pass_over(context)
        assert machine.cpu.run(context) is ExitReason.BREAKPOINT
        breakpoints.step(None)
        places.append(context.pc - CODE)
    assert places == [3, 6, 0, 3, 6]
    assert context.flags & 0x100 == 0


def test_does_a_step_over_a_breakpoint_stop_once_at_each_instruction(machine: TinyMachine) -> None:
    machine.load(COUNT_UP)
    context, breakpoints = machine.context(), machine.cpu.breakpoints
    for address in (CODE, SECOND, CODE + 6):
        breakpoints.add(address)
    breakpoints.step(context)
    places = []
    for _ in range(4):
        breakpoints.pass_over(context)
        assert machine.cpu.run(context) is ExitReason.BREAKPOINT
        places.append(context.pc - CODE)
    assert places == [3, 6, 0, 3]


def test_does_a_jump_to_itself_stop_each_time(machine: TinyMachine) -> None:
    machine.load(b"\xeb\xfe")
    context, breakpoints = machine.context(), machine.cpu.breakpoints
    breakpoints.add(CODE)
    for _ in range(3):
        assert machine.cpu.run(context) is ExitReason.BREAKPOINT
        breakpoints.pass_over(context)


def test_is_a_fault_of_the_passed_instruction_told_apart_from_its_end(machine: TinyMachine) -> None:
    machine.load(b"\x8b\x0f" + INT_2E)  # mov ecx, [edi]; int 2Eh
    context, breakpoints = machine.context(di=DATA), machine.cpu.breakpoints
    breakpoints.add(CODE)
    assert machine.cpu.run(context) is ExitReason.BREAKPOINT
    breakpoints.pass_over(context)
    assert not breakpoints.has_passed(context)
    assert machine.cpu.run(context) is ExitReason.PAGE_FAULT
    assert context.pc == CODE and breakpoints.has_passed(context)
    machine.map_new(DATA)
    breakpoints.pass_over(context)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL


def test_do_stop_requests_and_quanta_end_beside_breakpoints(machine: TinyMachine) -> None:
    machine.load(COUNT_UP)
    context, breakpoints = machine.context(), machine.cpu.breakpoints
    breakpoints.add(SECOND)
    machine.cpu.count_code(16)
    machine.cpu.request_stop()
    reasons = []
    for _ in range(4):
        reasons.append(machine.cpu.run(context))
        breakpoints.pass_over(context)
    assert reasons == [ExitReason.STOPPED, ExitReason.BREAKPOINT, ExitReason.BREAKPOINT, ExitReason.QUANTUM]


def test_is_code_counted_once_however_often_the_cpu_stops_in_it(machine: TinyMachine) -> None:
    machine.load(COUNT_UP)
    context, breakpoints = machine.context(), machine.cpu.breakpoints
    for address in (CODE, SECOND):
        breakpoints.add(address)
    machine.cpu.count_code(16)
    while machine.cpu.run(context) is ExitReason.BREAKPOINT:
        breakpoints.pass_over(context)
    assert (context.pc, machine.register(context, "ax"), machine.cpu.code_bytes) == (CODE, 2, 16)


def test_does_a_repeated_instruction_stop_at_each_repetition(machine: TinyMachine) -> None:
    machine.load(b"\xf3\xaa" + INT_2E)  # rep stosb; int 2Eh
    machine.map_new(DATA)
    context, breakpoints = machine.context(di=DATA, cx=3), machine.cpu.breakpoints
    breakpoints.add(CODE)
    left = []
    while machine.cpu.run(context) is ExitReason.BREAKPOINT:
        left.append(machine.register(context, "cx"))
        breakpoints.pass_over(context)
    assert left in ([3, 2, 1, 0], [3, 2, 1])
    assert machine.register(context, "cx") == 0
