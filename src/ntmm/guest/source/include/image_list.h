/* image_list.h: the loaded images, as the loader lists them in the process's memory. */
#pragma once
#include "teb.h"

/* LDR_DATA_TABLE_ENTRY, as far as its size of image */
typedef struct IMAGE_ENTRY {
    LIST_ENTRY LoadOrder, MemoryOrder, InitializationOrder;
    uptr DllBase;
    void *EntryPoint;
    u32 SizeOfImage;
} IMAGE_ENTRY;

enum { DIRECTORY_EXCEPTION = 3, DIRECTORY_LOAD_CONFIG = 10 };

/* image_list.c: the image that holds an address, or NULL */
const IMAGE_ENTRY *find_image(uptr address);
/* a data directory; NULL (and size 0) if the image has none or it does not lie within the image */
void *image_directory(const IMAGE_ENTRY *image, u32 number, u32 *size);
const u8 *image_header(const IMAGE_ENTRY *image); /* at "PE\0\0" */
void *WINAPI RtlPcToFileHeader(void *pc, void **base);
