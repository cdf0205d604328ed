/* cxx.h: C++ exceptions as Microsoft's compilers make them: what throw hands over, the tables of functions with try blocks
   and destructors, and what the run-time keeps of exceptions being handled.

   The tables refer to each other by addresses on 32 bit, and by offsets from the image's base on 64 bit. */
#pragma once
#include "cxx_thread.h"

#define CXX_EXCEPTION 0xE06D7363u
#define CXX_MAGIC 0x19930520u     /* of thrown exceptions, and of functions' tables from then on: */
#define CXX_MAGIC_LAST 0x19930522u /* ..21 have exception specifications, ..22 have flags */

enum { FUNCTION_SYNCHRONOUS = 1, FUNCTION_NOEXCEPT = 4 };
enum { IS_CONST = 1, IS_VOLATILE = 2, IS_UNALIGNED = 4, IS_REFERENCE = 8, IS_CXX_ELLIPSIS = 0x40 };
enum { SIMPLE_TYPE = 1, BY_REFERENCE_ONLY = 2, HAS_VIRTUAL_BASE = 4 };

#define NO_STATE (-1)
#define STATE_UNKNOWN (-2) /* of the state word in an x64 frame: the instruction pointer tells */

typedef u32 table_offset; /* an address on 32 bit */

typedef struct TYPE_DESCRIPTOR {
    void *VirtualTable;
    void *UndecoratedName;
    char Name[]; /* decorated */
} TYPE_DESCRIPTOR;

/* Where a base class lies in an object */
typedef struct DISPLACEMENT {
    i32 Member;       /* offset */
    i32 VirtualTable; /* offset of the pointer to the table of virtual bases, -1: none */
    i32 InTable;      /* offset in that table */
} DISPLACEMENT;

typedef struct CATCHABLE_TYPE {
    u32 Properties;
    table_offset Type;
    DISPLACEMENT Displacement;
    i32 Size;
    table_offset CopyConstructor;
} CATCHABLE_TYPE;

typedef struct CATCHABLE_TYPES {
    i32 Count;
    table_offset Types[];
} CATCHABLE_TYPES;

typedef struct THROW_INFO {
    u32 Attributes;
    table_offset Destructor, ForwardCompatible, Types;
} THROW_INFO;

typedef struct UNWIND_STATE {
    i32 ToState;
    table_offset Action;
} UNWIND_STATE;

typedef struct CATCH {
    u32 Adjectives;
    table_offset Type; /* 0: catch (...) */
    i32 Object;        /* offset of the caught object from the frame; 0: it has no name */
    table_offset Handler;
#if defined(__x86_64__)
    u32 ParentFrame; /* offset in the catch block's frame of the function's establisher frame */
#endif
} CATCH;

typedef struct TRY {
    i32 Low, High; /* states of the try block */
    i32 CatchHigh; /* the catch blocks' states are those from High + 1 to here */
    i32 Count;
    table_offset Catches;
} TRY;

typedef struct STATE_AT {
    table_offset Address;
    i32 State;
} STATE_AT;

typedef struct FUNCTION_INFO {
    u32 Magic : 29, Flags29 : 3;
    i32 StateCount;
    table_offset States;
    u32 TryCount;
    table_offset Tries;
    u32 AddressCount;
    table_offset Addresses;
#if defined(__x86_64__)
    i32 StateWord; /* offset of the state word from the establisher frame; 0: none */
#endif
    table_offset Specification;
    u32 Flags;
} FUNCTION_INFO;

/* The parameters of the exception record */
enum { PARAMETER_MAGIC, PARAMETER_OBJECT, PARAMETER_INFO, PARAMETER_BASE };

/* One function's frame that an exception has reached. */
typedef struct CXX_FRAME {
    uptr Base; /* of the image that the tables lie in; 0 on 32 bit */
    const FUNCTION_INFO *Info;
    u8 *Locals;      /* what offsets of objects count from */
    i32 *StateWord;  /* NULL: there is none */
    i32 Lowest;      /* only states above this one and up to Highest belong to the block at hand */
    i32 Highest;
} CXX_FRAME;

/* A catch block that is being executed; innermost first in the thread's list. */
typedef struct ACTIVE_CATCH {
    struct ACTIVE_CATCH *Outer;
    void *Target;     /* the frame (x64) or registration (x86) in which the program goes on behind the catch block */
    i32 OuterState;   /* the state of that frame while the catch block runs */
    CXX_FRAME Frame;
    const TRY *Try;
    EXCEPTION_RECORD Record; /* ExceptionCode 0: nothing to destroy */
    CONTEXT *Context;
} ACTIVE_CATCH;

static inline void *in_image(uptr base, table_offset at) { return at ? (void *)(base + at) : NULL; }
static inline bool32 is_cxx_exception(const EXCEPTION_RECORD *record) {
    return record->ExceptionCode == CXX_EXCEPTION && record->NumberParameters >= (IS_64 ? 4 : 3) &&
           record->ExceptionInformation[PARAMETER_MAGIC] - CXX_MAGIC <= CXX_MAGIC_LAST - CXX_MAGIC;
}

/* throw.c */
NORETURN void terminate(void);
NORETURN void unexpected(void);
void destroy_thrown_object(const EXCEPTION_RECORD *record);
/* matching.c */
const CATCH *find_catch(const CXX_FRAME *frame, const EXCEPTION_RECORD *record, i32 state, const TRY **found,
                        const CATCHABLE_TYPE **type);
bool32 is_allowed(const CXX_FRAME *frame, const EXCEPTION_RECORD *record);
/* objects.c */
void make_caught_object(const CXX_FRAME *frame, const CATCH *block, const EXCEPTION_RECORD *record,
                        const CATCHABLE_TYPE *type);
void *__AdjustPointer(void *object, const DISPLACEMENT *displacement);
/* states.c */
i32 unwind_states(const CXX_FRAME *frame, i32 state, i32 target);
i32 state_around(const CXX_FRAME *frame, const TRY *block);
/* catching.c */
bool32 wants_exception(const FUNCTION_INFO *info, const EXCEPTION_RECORD *record);
const EXCEPTION_RECORD *thrown_record(const EXCEPTION_RECORD *record);
bool32 search_tries(const CXX_FRAME *frame, EXCEPTION_RECORD *record, CONTEXT *context, i32 state, ACTIVE_CATCH *active,
                    const CATCH **block);
void enter_catch(ACTIVE_CATCH *active);
bool32 leave_catch(ACTIVE_CATCH *active, const EXCEPTION_RECORD *passing);
const ACTIVE_CATCH *catch_over(const void *target);
/* frame_*.S: call a function of the program's; an exception that leaves it is terminate() */
void call_cleanup(void *block, void *locals);
void call_member(void *function, void *object, const void *source, int is_most_derived);
