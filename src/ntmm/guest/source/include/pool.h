/* pool.h: the process's thread pool: workers that take items from one queue. */
#pragma once
#include "codes.h"
#include "heap.h"
#include "sync.h"

typedef void (*pool_function)(void *context);

/* work.c: FALSE without memory */
bool32 pool_submit(pool_function function, void *context);
/* takes items that have not begun out of the queue; answers how many */
u32 pool_cancel(pool_function function, const void *context);

/* waits until a number is 0; WakeByAddressAll tells of its changes */
void pool_wait_for_none(i32 *number);
void pool_count_down(i32 *number);

#define EVENT_ALL_ACCESS 0x1F0003
#define SYNCHRONIZATION_EVENT 1
#define INFINITE 0xFFFFFFFFu
#define BLOCKING ((handle)(iptr)-1) /* as a completion event: wait here */
