/* standard_types.S: the tables by which bad_cast and bad_typeid are thrown. Programs know these classes with and without
   namespace std, so an object can be caught by either name, and as an exception. */
#if defined(__i386__)
#define C(name) _##name
#define TABLE_OFFSET .long
#define POINTER .long
#define POINTER_SIZE 4
#else
#define C(name) name
#define TABLE_OFFSET .rva
#define POINTER .quad
#define POINTER_SIZE 8
#endif

    .macro type label, name
    .p2align 3
type_\label:
    POINTER 0
    POINTER 0
    .asciz "\name"
    .p2align 2
catchable_\label:
    .long 0
    TABLE_OFFSET type_\label
    .long 0, -1, 0
    .long 3 * POINTER_SIZE
    TABLE_OFFSET C(copy_exception)
    .endm

    .macro throw_info label, first, second
    .p2align 2
types_\label:
    .long 4
    TABLE_OFFSET catchable_\first, catchable_\second, catchable_std_exception, catchable_exception
    .globl C(\label\()_info)
C(\label\()_info):
    .long 0
    TABLE_OFFSET C(destroy_exception)
    .long 0
    TABLE_OFFSET types_\label
    .endm

    .section .rdata, "dr"
    type exception, ".?AVexception@@"
    type std_exception, ".?AVexception@std@@"
    type bad_cast, ".?AVbad_cast@@"
    type std_bad_cast, ".?AVbad_cast@std@@"
    type bad_typeid, ".?AVbad_typeid@@"
    type std_bad_typeid, ".?AVbad_typeid@std@@"
    throw_info bad_cast, bad_cast, std_bad_cast
    throw_info bad_typeid, bad_typeid, std_bad_typeid
