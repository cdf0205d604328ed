/* Shows a file converted from ASCII to UTF-16 through two mappings, with every error path: convert [INPUT OUTPUT]. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#define INPUT "ntmm-ascii.txt"
#define OUTPUT "ntmm-utf16.txt"
#define LONGEST 0x7FFFFFFF

/* What failed; also the exit code. */
enum step { DONE, OPEN_INPUT, MAP_INPUT, VIEW_INPUT, OPEN_OUTPUT, MAP_OUTPUT, VIEW_OUTPUT, READ_OR_WRITE };

static const char *const messages[] = {
    "", "opening the input file", "creating the input map", "mapping the input file", "opening the output file",
    "creating the output map", "mapping the output file", "reading or writing a mapped page",
};

static const char *output_name; /* what is deleted when a page cannot be read or written */

/* A disk error behind a view is an exception: the program ends, and no half of an output stays behind. */
static LONG CALLBACK on_exception(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != EXCEPTION_IN_PAGE_ERROR || !output_name)
        return EXCEPTION_CONTINUE_SEARCH;
    fprintf(stderr, "Failure %s.\n", messages[READ_OR_WRITE]);
    DeleteFileA(output_name);
    ExitProcess(READ_OR_WRITE);
}

static void convert_characters(const unsigned char *in, WCHAR *out, DWORD count)
{
    while (count--)
        *out++ = *in++;
}

/* Both files are open and as long as they will be. */
static enum step convert_mapped(HANDLE in_map, HANDLE out_map, DWORD size)
{
    const unsigned char *in = MapViewOfFile(in_map, FILE_MAP_READ, 0, 0, 0);
    WCHAR *out;
    DWORD error;

    if (!in)
        return VIEW_INPUT;
    out = MapViewOfFile(out_map, FILE_MAP_WRITE, 0, 0, (SIZE_T)size * 2);
    if (!out) {
        error = GetLastError();
        UnmapViewOfFile(in);
        SetLastError(error);
        return VIEW_OUTPUT;
    }
    convert_characters(in, out, size);
    UnmapViewOfFile(out);
    UnmapViewOfFile(in);
    return DONE;
}

static enum step convert_opened(HANDLE in, const char *output)
{
    LARGE_INTEGER size;
    HANDLE in_map = NULL, out = INVALID_HANDLE_VALUE, out_map = NULL;
    enum step failed = DONE;
    DWORD error;

    if (!GetFileSizeEx(in, &size))
        return OPEN_INPUT;
    in_map = CreateFileMappingA(in, NULL, PAGE_READONLY, 0, 0, NULL);
    if (!in_map)
        return MAP_INPUT;
    /* The output must have both rights for the mapping to succeed. */
    out = CreateFileA(output, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (out == INVALID_HANDLE_VALUE)
        failed = OPEN_OUTPUT;
    if (!failed && size.QuadPart <= LONGEST)
        out_map = CreateFileMappingA(out, NULL, PAGE_READWRITE, 0, size.LowPart * 2, NULL);
    else if (!failed)
        SetLastError(ERROR_FILE_TOO_LARGE);
    if (!failed && !out_map)
        failed = MAP_OUTPUT;
    if (!failed) {
        output_name = output;
        failed = convert_mapped(in_map, out_map, size.LowPart);
        output_name = NULL;
    }
    error = GetLastError();
    if (out_map)
        CloseHandle(out_map);
    CloseHandle(in_map);
    if (out != INVALID_HANDLE_VALUE)
        CloseHandle(out);
    if (failed && out != INVALID_HANDLE_VALUE)
        DeleteFileA(output); /* the conversion is not complete */
    SetLastError(error);
    return failed;
}

static enum step convert(const char *input, const char *output)
{
    HANDLE in = CreateFileA(input, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    enum step failed;
    DWORD error;

    if (in == INVALID_HANDLE_VALUE)
        return OPEN_INPUT;
    failed = convert_opened(in, output);
    error = GetLastError();
    CloseHandle(in);
    SetLastError(error);
    return failed;
}

/* Writes `count` characters: lines of 64, each character a function of its place. */
static void write_input(unsigned count)
{
    HANDLE file = CreateFileA(INPUT, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    char block[4096];
    DWORD done;

    for (unsigned at = 0; at < count; at += done) {
        unsigned size = count - at < sizeof block ? count - at : (unsigned)sizeof block;

        for (unsigned i = 0; i < size; i++)
            block[i] = (at + i) % 64 == 63 ? '\n' : (char)(' ' + (at + i) * 7 % 95);
        if (!WriteFile(file, block, size, &done, NULL) || !done)
            break;
    }
    CloseHandle(file);
}

static int output_is_right(unsigned count)
{
    HANDLE file = CreateFileA(OUTPUT, GENERIC_READ, 0, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    WCHAR block[2048];
    DWORD done = 0;
    unsigned at = 0;
    int right = GetFileSize(file, NULL) == count * 2;

    while (right && at < count) {
        right = ReadFile(file, block, sizeof block, &done, NULL) && done && done % 2 == 0;
        for (unsigned i = 0; right && i < done / 2; i++, at++)
            right = block[i] == (at % 64 == 63 ? '\n' : ' ' + at * 7 % 95);
    }
    CloseHandle(file);
    return right;
}

static int exists(const char *name)
{
    return GetFileAttributesA(name) != INVALID_FILE_ATTRIBUTES;
}

static void conversions(void)
{
    static const unsigned sizes[] = {1, 2, 2047, 2048, 2049, 65536, 100000, 1000003};

    section("Conversions");
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_input(sizes[i]);
        check(convert(INPUT, OUTPUT) == DONE && output_is_right(sizes[i]), "%u characters", sizes[i]);
    }
    write_input(5);
    check(convert(INPUT, OUTPUT) == DONE && output_is_right(5), "a longer output is replaced");
}

static void refusals(void)
{
    HANDLE file;

    section("Errors");
    DeleteFileA(OUTPUT);
    check(convert("ntmm-missing.txt", OUTPUT) == OPEN_INPUT && GetLastError() == ERROR_FILE_NOT_FOUND, "no input");
    write_input(0);
    check(convert(INPUT, OUTPUT) == MAP_INPUT && GetLastError() == ERROR_FILE_INVALID,
          "an empty input cannot be mapped");
    check(!exists(OUTPUT), "no output was made");
    write_input(100);
    check(convert(INPUT, INPUT) == OPEN_OUTPUT && GetLastError() == ERROR_SHARING_VIOLATION,
          "the input is no output: it is in use");
    check(convert(INPUT, "ntmm-missing\\" OUTPUT) == OPEN_OUTPUT && GetLastError() == ERROR_PATH_NOT_FOUND,
          "an output in a folder that does not exist");
    write_input(100);
    convert(INPUT, OUTPUT);
    SetFileAttributesA(OUTPUT, FILE_ATTRIBUTE_READONLY);
    check(convert(INPUT, OUTPUT) == OPEN_OUTPUT && GetLastError() == ERROR_ACCESS_DENIED, "a read-only output");
    SetFileAttributesA(OUTPUT, FILE_ATTRIBUTE_NORMAL);
    check(output_is_right(100), "which is left as it was");
    file = CreateFileA(INPUT, GENERIC_READ, FILE_SHARE_WRITE, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    check(convert(INPUT, OUTPUT) == OPEN_INPUT && GetLastError() == ERROR_SHARING_VIOLATION,
          "an input that another has open");
    CloseHandle(file);
    check(DeleteFileA(INPUT) && DeleteFileA(OUTPUT), "nothing is left open");
}

int main(int argc, char **argv)
{
    enum step failed;

    AddVectoredExceptionHandler(1, on_exception);
    if (argc == 1) {
        conversions();
        refusals();
        return verdict();
    }
    if (argc != 3) {
        fprintf(stderr, "usage: convert [INPUT OUTPUT]\n");
        return 64;
    }
    failed = convert(argv[1], argv[2]);
    if (failed)
        fprintf(stderr, "Failure %s (error %lu).\n", messages[failed], GetLastError());
    return failed;
}
