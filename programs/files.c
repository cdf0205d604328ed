/* Shows files in the current folder: create, write, read, find, rename, delete, lock, error codes, and text mode. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#define FOLDER "ntmm-files"
#define FIRST FOLDER "\\first.bin"
#define SECOND FOLDER "\\second.bin"
#define LINES FOLDER "\\lines.txt"
#define SIZE 10000

/* The call must fail with this error. */
#define REFUSED(call, error, what) \
    do { \
        int done_; \
        DWORD error_; \
        SetLastError(0); \
        done_ = (call); \
        error_ = GetLastError(); \
        check_equal(done_ ? 0 : error_, error, "%4u  %s", (unsigned)(error), what); \
    } while (0)

static unsigned char written[SIZE], read_back[SIZE];

static HANDLE open_file(const char *name, DWORD access, DWORD disposition)
{
    return CreateFileA(name, access, FILE_SHARE_READ, NULL, disposition, FILE_ATTRIBUTE_NORMAL, NULL);
}

static int opens(const char *name, DWORD access, DWORD disposition)
{
    HANDLE file = open_file(name, access, disposition);

    if (file == INVALID_HANDLE_VALUE)
        return 0;
    CloseHandle(file);
    return 1;
}

static void write_and_read(void)
{
    HANDLE file;
    DWORD count = 0;

    section("Write and read back");
    check(CreateDirectoryA(FOLDER, NULL), "CreateDirectory");
    for (unsigned i = 0; i < SIZE; i++)
        written[i] = (unsigned char)(i * 7 + i / 256);
    file = open_file(FIRST, GENERIC_READ | GENERIC_WRITE, CREATE_NEW);
    check(file != INVALID_HANDLE_VALUE, "CreateFile");
    check(WriteFile(file, written, SIZE, &count, NULL) && count == SIZE, "WriteFile writes 10000 bytes");
    check_equal(GetFileSize(file, NULL), SIZE, "GetFileSize");
    check_equal(SetFilePointer(file, 0, NULL, FILE_BEGIN), 0, "SetFilePointer to the start");
    check(ReadFile(file, read_back, SIZE, &count, NULL) && count == SIZE && memcmp(written, read_back, SIZE) == 0,
          "ReadFile reads the same bytes");
    check(ReadFile(file, read_back, SIZE, &count, NULL) && count == 0, "and none at the end");
    check_equal(SetFilePointer(file, -100, NULL, FILE_END), SIZE - 100, "SetFilePointer from the end");
    check(ReadFile(file, read_back, SIZE, &count, NULL) && count == 100 && memcmp(written + SIZE - 100, read_back, 100) == 0,
          "reads the last 100 bytes");
    SetFilePointer(file, 5000, NULL, FILE_BEGIN);
    check(SetEndOfFile(file) && GetFileSize(file, NULL) == 5000, "SetEndOfFile cuts at 5000");
    SetFilePointer(file, 6000, NULL, FILE_BEGIN);
    check(WriteFile(file, "end", 3, &count, NULL) && GetFileSize(file, NULL) == 6003, "a write past the end");
    SetFilePointer(file, 5000, NULL, FILE_BEGIN);
    memset(read_back, 1, SIZE);
    check(ReadFile(file, read_back, 1003, &count, NULL) && count == 1003 && read_back[0] == 0 && read_back[999] == 0
              && memcmp(read_back + 1000, "end", 3) == 0,
          "leaves zeroes in between");
    check(CloseHandle(file), "CloseHandle");
}

static void find(void)
{
    WIN32_FIND_DATAA found;
    HANDLE search;
    unsigned files = 0, folders = 0, sizes = 0;

    section("Rename and find");
    check(opens(SECOND, GENERIC_WRITE, CREATE_ALWAYS), "a second file");
    check(MoveFileA(SECOND, FOLDER "\\third.dat"), "MoveFile");
    check(!opens(SECOND, GENERIC_READ, OPEN_EXISTING), "its old name is gone");
    search = FindFirstFileA(FOLDER "\\*", &found);
    check(search != INVALID_HANDLE_VALUE, "FindFirstFile");
    do {
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
            folders++;
        else
            files++, sizes += found.nFileSizeLow;
    } while (FindNextFileA(search, &found));
    check_equal(GetLastError(), ERROR_NO_MORE_FILES, "FindNextFile comes to an end");
    check(FindClose(search), "FindClose");
    check(files == 2 && folders == 2 && sizes == 6003, "two files of 6003 bytes in all, and the folders . and ..");
    search = FindFirstFileA(FOLDER "\\*.bin", &found);
    check(search != INVALID_HANDLE_VALUE && strcmp(found.cFileName, "first.bin") == 0 && !FindNextFileA(search, &found), "*.bin finds first.bin only");
    FindClose(search);
}

static void errors(void)
{
    section("Errors");
    REFUSED(opens(FOLDER "\\missing", GENERIC_READ, OPEN_EXISTING), ERROR_FILE_NOT_FOUND, "opening a file that is not there");
    REFUSED(opens(FOLDER "\\no\\file", GENERIC_READ, OPEN_EXISTING), ERROR_PATH_NOT_FOUND, "opening a file in a folder that is not there");
    REFUSED(opens(FIRST, GENERIC_WRITE, CREATE_NEW), ERROR_FILE_EXISTS, "creating a file that is there");
    REFUSED(CreateDirectoryA(FOLDER, NULL), ERROR_ALREADY_EXISTS, "creating a folder that is there");
    REFUSED(RemoveDirectoryA(FOLDER), ERROR_DIR_NOT_EMPTY, "removing a folder that is not empty");
    REFUSED(DeleteFileA(FOLDER "\\missing"), ERROR_FILE_NOT_FOUND, "deleting a file that is not there");
    REFUSED(GetFileAttributesA(FOLDER "\\missing") != INVALID_FILE_ATTRIBUTES, ERROR_FILE_NOT_FOUND, "attributes of a file that is not there");
    check_equal(GetFileAttributesA(FOLDER) & FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_DIRECTORY, "a folder has the attribute");
}

static void sharing(void)
{
    HANDLE file = CreateFileA(FIRST, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);

    section("Sharing");
    REFUSED(opens(FIRST, GENERIC_READ, OPEN_EXISTING), ERROR_SHARING_VIOLATION, "opening a file that is held alone");
    REFUSED(DeleteFileA(FIRST), ERROR_SHARING_VIOLATION, "deleting it");
    CloseHandle(file);
    check(opens(FIRST, GENERIC_READ, OPEN_EXISTING), "it opens once it is closed");
}

static HANDLE locked;
static volatile LONG step;

static DWORD WINAPI wait_for_lock(void *unused)
{
    OVERLAPPED where = {.Offset = 10};
    HANDLE file = CreateFileA(FIRST, GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);

    (void)unused;
    step = 1;
    if (LockFileEx(file, LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &where))
        step = step == 2 ? 3 : -1;
    CloseHandle(file);
    return 0;
}

static int transfers(HANDLE file, int writes, DWORD offset, DWORD size)
{
    DWORD count;

    SetFilePointer(file, (LONG)offset, NULL, FILE_BEGIN);
    return writes ? WriteFile(file, written, size, &count, NULL) : ReadFile(file, read_back, size, &count, NULL);
}

static void locks(void)
{
    OVERLAPPED where = {.Offset = 100};
    HANDLE other = CreateFileA(FIRST, GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL), thread;

    section("Locks");
    locked = CreateFileA(FIRST, GENERIC_READ | GENERIC_WRITE, 7, NULL, OPEN_EXISTING, 0, NULL);
    check(LockFile(locked, 0, 0, 50, 0), "LockFile");
    check(transfers(locked, 0, 0, 10) && transfers(locked, 1, 40, 10), "the handle with the lock reads and writes");
    REFUSED(transfers(other, 0, 49, 10), ERROR_LOCK_VIOLATION, "another reads a locked byte");
    REFUSED(transfers(other, 1, 0, 1), ERROR_LOCK_VIOLATION, "or writes one");
    check(transfers(other, 0, 50, 10), "it reads the byte behind them");
    REFUSED(LockFile(other, 20, 0, 1, 0), ERROR_LOCK_VIOLATION, "locking what is locked");
    REFUSED(LockFile(locked, 20, 0, 1, 0), ERROR_LOCK_VIOLATION, "even by the same handle");
    REFUSED(UnlockFile(locked, 0, 0, 49, 0), ERROR_NOT_LOCKED, "unlocking a part");
    check(LockFileEx(locked, 0, 0, 10, 0, &where) && LockFileEx(other, 0, 0, 10, 0, &where), "two shared locks");
    check(transfers(other, 0, 100, 10), "all may read");
    REFUSED(transfers(locked, 1, 100, 1), ERROR_LOCK_VIOLATION, "and none may write");
    check(UnlockFileEx(locked, 0, 10, 0, &where) && UnlockFileEx(other, 0, 10, 0, &where), "UnlockFileEx");
    thread = CreateThread(NULL, 0, wait_for_lock, NULL, 0, NULL);
    Sleep(20);
    check(step == 1, "LockFileEx waits for a lock");
    step = 2;
    check(UnlockFile(locked, 0, 0, 50, 0), "UnlockFile");
    check(WaitForSingleObject(thread, 10000) == WAIT_OBJECT_0 && step == 3, "then it gets it");
    CloseHandle(thread);
    check(LockFile(locked, 0, 5, 0, 1), "4 GB of bytes that the file does not have");
    CloseHandle(locked);
    check(LockFile(other, 0, 5, 1, 0), "locks go with their handle");
    CloseHandle(other);
}

static void flags(void)
{
    HANDLE file = CreateFileA(LINES, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                              FILE_FLAG_NO_BUFFERING | FILE_FLAG_WRITE_THROUGH, NULL);
    char *page = VirtualAlloc(NULL, 4096, MEM_COMMIT, PAGE_READWRITE);
    DWORD count;

    section("Without a cache, and temporary");
    check(WriteFile(file, page, 4096, &count, NULL) && count == 4096, "whole sectors are written");
    REFUSED(WriteFile(file, page, 100, &count, NULL), ERROR_INVALID_PARAMETER, "a part of one");
    REFUSED(WriteFile(file, page + 1, 512, &count, NULL), ERROR_INVALID_PARAMETER, "from an odd address");
    REFUSED(SetFilePointer(file, 100, NULL, FILE_BEGIN) != INVALID_SET_FILE_POINTER, ERROR_INVALID_PARAMETER,
            "a position inside one");
    check(SetFilePointer(file, 512, NULL, FILE_BEGIN) == 512 && ReadFile(file, page, 4096, &count, NULL) && count == 3584,
          "reading ends with the file");
    REFUSED(SetFileValidData(file, 4096), ERROR_PRIVILEGE_NOT_HELD, "SetFileValidData without its privilege");
    CloseHandle(file);
    VirtualFree(page, 0, MEM_RELEASE);
    file = CreateFileA(LINES, GENERIC_WRITE, 7, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE | FILE_ATTRIBUTE_TEMPORARY,
                       NULL);
    check(file != INVALID_HANDLE_VALUE && GetFileAttributesA(LINES) & FILE_ATTRIBUTE_TEMPORARY, "a temporary file");
    CloseHandle(file);
    REFUSED(opens(LINES, GENERIC_READ, OPEN_EXISTING), ERROR_FILE_NOT_FOUND, "that goes with its handle");
}

static void text_mode(void)
{
    char line[64];
    FILE *file = fopen(LINES, "w");

    section("Text mode");
    check(file != NULL, "fopen");
    check(fprintf(file, "first line\nsecond %s %d\n", "line", 2) > 0, "fprintf");
    check(fclose(file) == 0, "fclose");
    file = fopen(LINES, "rb");
    fseek(file, 0, SEEK_END);
    check_equal((unsigned long long)ftell(file), 27, "two line ends take four bytes");
    rewind(file);
    check(fread(line, 1, 12, file) == 12 && memcmp(line, "first line\r\n", 12) == 0, "carriage return and line feed");
    fclose(file);
    file = fopen(LINES, "r");
    check(fgets(line, sizeof line, file) && strcmp(line, "first line\n") == 0, "read as text, they are one");
    check(fgets(line, sizeof line, file) && strcmp(line, "second line 2\n") == 0, "on each line");
    check(!fgets(line, sizeof line, file) && feof(file), "up to the end");
    fclose(file);
    check(fopen(FOLDER "\\missing", "r") == NULL, "fopen of a file that is not there");
    check(remove(LINES) == 0, "remove");
}

static void clean_up(void)
{
    section("Clean up");
    check(DeleteFileA(FIRST) && DeleteFileA(FOLDER "\\third.dat"), "DeleteFile");
    check(RemoveDirectoryA(FOLDER), "RemoveDirectory");
    check(GetFileAttributesA(FOLDER) == INVALID_FILE_ATTRIBUTES, "nothing is left");
}

int main(void)
{
    write_and_read();
    find();
    errors();
    sharing();
    locks();
    flags();
    text_mode();
    clean_up();
    return verdict();
}
