/* image_list.c: RtlPcToFileHeader, and data directories of loaded images. */
#include "image_list.h"

#define MOST_IMAGES 4096
#define LOAD_ORDER_OFFSET (IS_64 ? 0x10 : 0x0C) /* of the list's head in PEB_LDR_DATA */
#define PE_OFFSET 0x3C
#define DIRECTORY_COUNT (IS_64 ? 0x84 : 0x74) /* from "PE\0\0"; the directories follow */

const IMAGE_ENTRY *find_image(uptr address) {
    LIST_ENTRY *head = (LIST_ENTRY *)((u8 *)peb()->Ldr + LOAD_ORDER_OFFSET), *link = head->Flink;
    for (u32 count = 0; link != head && count < MOST_IMAGES; count++, link = link->Flink) {
        const IMAGE_ENTRY *image = (const IMAGE_ENTRY *)link;
        if (address - image->DllBase < image->SizeOfImage)
            return image;
    }
    return NULL;
}

void *WINAPI RtlPcToFileHeader(void *pc, void **base) {
    const IMAGE_ENTRY *image = find_image((uptr)pc);
    *base = image ? (void *)image->DllBase : NULL;
    return *base;
}

const u8 *image_header(const IMAGE_ENTRY *image) {
    return (const u8 *)image->DllBase + *(const u32 *)(image->DllBase + PE_OFFSET);
}

void *image_directory(const IMAGE_ENTRY *image, u32 number, u32 *size) {
    const u8 *header = image_header(image);
    const u32 *directory = (const u32 *)(header + DIRECTORY_COUNT + 4) + 2 * number;
    *size = 0;
    if (*(const u32 *)(header + DIRECTORY_COUNT) <= number || !directory[0])
        return NULL;
    if (directory[0] >= image->SizeOfImage || directory[1] > image->SizeOfImage - directory[0] || directory[0] % 4)
        return NULL;
    *size = directory[1];
    return (void *)(image->DllBase + directory[0]);
}
