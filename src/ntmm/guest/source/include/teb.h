/* teb.h: the thread and process environment blocks, in Windows' layout (public symbols, XP and Server 2003). */
#pragma once
#include "base.h"

typedef struct PROCESS_PARAMETERS {
    u32 MaximumLength, Length, Flags, DebugFlags;
    handle ConsoleHandle;
    uptr ConsoleFlags;
    handle StandardInput, StandardOutput, StandardError;
    UNICODE_STRING CurrentDirectory;
    handle CurrentDirectoryHandle;
    UNICODE_STRING DllPath, ImagePathName, CommandLine;
    wchar *Environment;
    u32 FirstWindow[9];
    UNICODE_STRING WindowTitle, Desktop, ShellInfo, RuntimeData;
} PROCESS_PARAMETERS;

typedef struct PEB {
    u8 InheritedAddressSpace, ReadImageFileExecOptions, BeingDebugged, BitField;
    handle Mutant;
    void *ImageBaseAddress;
    void *Ldr;
    PROCESS_PARAMETERS *ProcessParameters;
    void *SubSystemData;
    void *ProcessHeap;
    void *FastPebLock;
    void *FastPebLockRoutine, *FastPebUnlockRoutine;
    u32 EnvironmentUpdateCount;
    void *KernelCallbackTable;
    u32 SystemReserved, AtlThunkSListPtr32;
    void *FreeList;
    u32 TlsExpansionCounter;
    void *TlsBitmap;
    u32 TlsBitmapBits[2];
    void *ReadOnlySharedMemoryBase, *ReadOnlySharedMemoryHeap, *ReadOnlyStaticServerData;
    void *AnsiCodePageData, *OemCodePageData, *UnicodeCaseTableData;
    u32 NumberOfProcessors, NtGlobalFlag;
    i64 CriticalSectionTimeout __attribute__((aligned(8)));
    usize HeapSegmentReserve, HeapSegmentCommit;
    usize HeapDeCommitTotalFreeThreshold, HeapDeCommitFreeBlockThreshold;
    u32 NumberOfHeaps, MaximumNumberOfHeaps;
    void **ProcessHeaps;
    void *GdiSharedHandleTable, *ProcessStarterHelper;
    u32 GdiDcAttributeList;
    void *LoaderLock;
    u32 OSMajorVersion, OSMinorVersion;
    u16 OSBuildNumber, OSCSDVersion; /* service pack in the high byte */
} PEB;

typedef struct EXCEPTION_REGISTRATION {
    struct EXCEPTION_REGISTRATION *Next;
    void *Handler;
} EXCEPTION_REGISTRATION;

#define CHAIN_END ((EXCEPTION_REGISTRATION *)(iptr)-1)
#define TLS_SLOTS 64
#define TLS_OFFSET (IS_64 ? 0x1480 : 0xE10)
#define TLS_EXPANSION_OFFSET (IS_64 ? 0x1780 : 0xF94)
#define FLS_OFFSET (IS_64 ? 0x17C8 : 0xFB4)

typedef struct TEB {
    EXCEPTION_REGISTRATION *ExceptionList;
    void *StackBase, *StackLimit;
    void *SubSystemTib, *FiberData, *ArbitraryUserPointer;
    struct TEB *Self;
    void *EnvironmentPointer;
    uptr UniqueProcess, UniqueThread;
    void *ActiveRpcHandle;
    void *ThreadLocalStoragePointer;
    PEB *ProcessEnvironmentBlock;
    u32 LastErrorValue, CountOfOwnedCriticalSections;
} TEB;

_Static_assert(offsetof(PEB, ProcessHeaps) == (IS_64 ? 0xF0 : 0x90), "PEB layout");
_Static_assert(offsetof(PEB, LoaderLock) == (IS_64 ? 0x110 : 0xA0), "PEB layout");
_Static_assert(offsetof(PEB, OSCSDVersion) == (IS_64 ? 0x122 : 0xAE), "PEB layout");
_Static_assert(offsetof(TEB, LastErrorValue) == (IS_64 ? 0x68 : 0x34), "TEB layout");
_Static_assert(offsetof(PROCESS_PARAMETERS, Environment) == (IS_64 ? 0x80 : 0x48), "process parameters layout");
_Static_assert(offsetof(PROCESS_PARAMETERS, RuntimeData) == (IS_64 ? 0xE0 : 0x88), "process parameters layout");

#if defined(NTMM_HOST)
extern u8 ntmm_host_teb[];
static inline TEB *teb(void) { return (TEB *)ntmm_host_teb; }
#elif defined(__i386__)
static inline TEB *teb(void) { return *(TEB *__attribute__((address_space(257))) *)0x18; }
#else
static inline TEB *teb(void) { return *(TEB *__attribute__((address_space(256))) *)0x30; }
#endif

static inline PEB *peb(void) { return teb()->ProcessEnvironmentBlock; }
static inline void set_last_error(u32 code) { teb()->LastErrorValue = code; }
static inline void **tls_slots(void) { return (void **)((u8 *)teb() + TLS_OFFSET); }
static inline void ***tls_expansion(void) { return (void ***)((u8 *)teb() + TLS_EXPANSION_OFFSET); }
