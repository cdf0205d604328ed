/* instructions.h: instructions that raise exceptions other than page faults, and the NTSTATUS of each. */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include "probes.h"

#ifdef _WIN64
#define SET_TRAP_FLAG "pushfq\norl $0x100, (%rsp)\npopfq\n"
#define READ_CONTROL_REGISTER "movq %cr0, %rax"
#else
#define SET_TRAP_FLAG "pushfl\norl $0x100, (%esp)\npopfl\n"
#define READ_CONTROL_REGISTER "movl %cr0, %eax"
#endif

PROBE(divide_by_zero, "movl $100, %eax\nxorl %edx, %edx\nxorl %ecx, %ecx\n", "divl %ecx");
PROBE(illegal_instruction, "", "ud2");
PROBE(breakpoint, "", "int3");
PROBE(halt, "", "hlt");
PROBE(clear_interrupts, "", "cli");
PROBE(read_control_register, "", READ_CONTROL_REGISTER);
PROBE(single_step, SET_TRAP_FLAG, "nop");

void divide_by_zero(void);
void illegal_instruction(void);
void breakpoint(void);
void halt(void);
void clear_interrupts(void);
void read_control_register(void);
void single_step(void);

#ifdef __i386__
PROBE(array_bounds, "pushl $20\npushl $10\naddl $8, %esp\nmovl $30, %eax\n", ".byte 0x62, 0x44, 0x24, 0xF8 /* bound eax, [esp-8] */");
PROBE(overflow_trap, "movb $0x7F, %al\naddb $1, %al\n", "into");

void array_bounds(void);
void overflow_trap(void);
#endif

/* The exception's address is the instruction's, but for a single step: there it is the next instruction's. */
static const struct {
    const char *name;
    void (*run)(void);
    char *address;
    char *resume;
    DWORD status;
} instructions[] = {
    {"divide by zero", divide_by_zero, divide_by_zero_at, divide_by_zero_end, 0xC0000094},
    {"an undefined instruction", illegal_instruction, illegal_instruction_at, illegal_instruction_end, 0xC000001D},
    {"int3", breakpoint, breakpoint_at, breakpoint_end, 0x80000003},
    {"hlt", halt, halt_at, halt_end, 0xC0000096},
    {"cli", clear_interrupts, clear_interrupts_at, clear_interrupts_end, 0xC0000096},
    {"reading cr0", read_control_register, read_control_register_at, read_control_register_end, 0xC0000096},
    {"a single step", single_step, single_step_end, single_step_end, 0x80000004},
#ifdef __i386__
    {"bound", array_bounds, array_bounds_at, array_bounds_end, 0xC000008C},
    {"into", overflow_trap, overflow_trap_at, overflow_trap_end, 0xC0000095},
#endif
};

#define INSTRUCTION_COUNT (sizeof instructions / sizeof instructions[0])

#endif
