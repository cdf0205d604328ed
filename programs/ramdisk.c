/* Shows a RAM disk as a drive: files, views, programs, a full disk; needs one, `ntmm run --os nt4 --ram 4112M --ram-disk R:`. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "check.h"

#define PAGE 4096
#define SIZE (40 * PAGE)

static char root[8], folder[64], file_name[64], copy_name[64], program[64];

static unsigned long long room(void)
{
    ULARGE_INTEGER available, total, unused;

    return GetDiskFreeSpaceExA(root, &available, &total, &unused) ? available.QuadPart : 0;
}

static HANDLE open_file(const char *name, DWORD how)
{
    return CreateFileA(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL, how, 0, NULL);
}

static void drive(void)
{
    char label[32] = "";
    DWORD serial = 0, serial_of_c = 0;

    check_equal(GetDriveTypeA(root), DRIVE_RAMDISK, "GetDriveType  DRIVE_RAMDISK");
    check(GetLogicalDrives() >> (root[0] - 'A') & 1, "GetLogicalDrives  has its bit");
    GetVolumeInformationA(root, label, sizeof label, &serial, NULL, NULL, NULL, 0);
    GetVolumeInformationA("C:\\", NULL, 0, &serial_of_c, NULL, NULL, NULL, 0);
    check(serial && serial != serial_of_c, "GetVolumeInformation  another volume than C:");
}

static void files(void)
{
    unsigned char block[PAGE];
    DWORD done = 0, wrong = 0;
    HANDLE file;

    check(CreateDirectoryA(folder, NULL), "CreateDirectory");
    file = open_file(file_name, CREATE_NEW);
    for (DWORD page = 0; page < SIZE / PAGE; page++) {
        memset(block, (int)page + 1, sizeof block);
        WriteFile(file, block, sizeof block, &done, NULL);
    }
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    for (DWORD page = 0; page < SIZE / PAGE; page++) {
        ReadFile(file, block, sizeof block, &done, NULL);
        wrong += done != PAGE || block[0] != page + 1 || block[PAGE - 1] != page + 1;
    }
    check_equal(wrong, 0, "WriteFile, ReadFile  40 pages, %lu of them wrong", wrong);
    CloseHandle(file);
}

static void view(void)
{
    HANDLE file = open_file(file_name, OPEN_EXISTING);
    HANDLE section = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    unsigned char *data = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    char text[6] = "";
    DWORD done = 0;

    check(data && data[39 * PAGE] == 40, "MapViewOfFile  shows what was written");
    memcpy(data + 5 * PAGE, "views", 5);
    check(FlushViewOfFile(data + 5 * PAGE, PAGE), "FlushViewOfFile");
    SetFilePointer(file, 5 * PAGE, NULL, FILE_BEGIN);
    ReadFile(file, text, 5, &done, NULL);
    check(!strcmp(text, "views"), "ReadFile  finds what a view has changed");
    UnmapViewOfFile(data);
    CloseHandle(section);
    CloseHandle(file);
}

static void names(void)
{
    char found[64], pattern[80];
    WIN32_FIND_DATAA data;
    HANDLE search;

    check(MoveFileA(file_name, copy_name), "MoveFile  within the volume");
    check_equal(GetFileAttributesA(file_name), INVALID_FILE_ATTRIBUTES, "the old name is gone");
    snprintf(pattern, sizeof pattern, "%s\\*.dat", folder);
    search = FindFirstFileA(pattern, &data);
    snprintf(found, sizeof found, "%s", search == INVALID_HANDLE_VALUE ? "" : data.cFileName);
    check(!strcmp(found, "Moved.dat"), "FindFirstFile  %s", found);
    FindClose(search);
    check(SetCurrentDirectoryA(folder) && GetFileAttributesA("moved.DAT") != INVALID_FILE_ATTRIBUTES,
          "SetCurrentDirectory  names are relative to the RAM disk");
    SetCurrentDirectoryA("C:\\");
    SetLastError(0);
    check(!MoveFileExA(copy_name, "C:\\ntmm-moved.dat", 0) && GetLastError() == ERROR_NOT_SAME_DEVICE,
          "MoveFileEx  ERROR_NOT_SAME_DEVICE between drives");
    check(MoveFileA(copy_name, "C:\\ntmm-moved.dat") && GetFileAttributesA(copy_name) == INVALID_FILE_ATTRIBUTES,
          "MoveFile  copies to another drive");
    check(MoveFileExA("C:\\ntmm-moved.dat", copy_name, MOVEFILE_COPY_ALLOWED), "MoveFileEx  and back");
}

static void run_copy(const char *own)
{
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION child = {0};
    char line[80];
    DWORD code = 0;

    check(CopyFileA(own, program, FALSE), "CopyFile  a program from C: to the RAM disk");
    snprintf(line, sizeof line, "%s child", program);
    if (check(CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, folder, &start, &child), "CreateProcess  from the RAM disk")) {
        WaitForSingleObject(child.hProcess, INFINITE);
        GetExitCodeProcess(child.hProcess, &code);
        CloseHandle(child.hThread);
        CloseHandle(child.hProcess);
    }
    check_equal(code, 77, "the program has run");
}

static void full(void)
{
    unsigned long long before = room();
    HANDLE file = open_file(copy_name, OPEN_EXISTING);
    DWORD done = 0;
    LONG high = (LONG)(before >> 32);

    SetFilePointer(file, (LONG)before + SIZE + PAGE, &high, FILE_BEGIN);
    SetLastError(0);
    check(!SetEndOfFile(file) && GetLastError() == ERROR_DISK_FULL, "SetEndOfFile  ERROR_DISK_FULL for a page too many");
    high = (LONG)((before + SIZE) >> 32);
    SetFilePointer(file, (LONG)(before + SIZE), &high, FILE_BEGIN);
    check(SetEndOfFile(file) && room() == 0, "SetEndOfFile  takes all the room");
    SetLastError(0);
    check(!WriteFile(file, "x", 1, &done, NULL) && GetLastError() == ERROR_DISK_FULL, "WriteFile  ERROR_DISK_FULL");
    CloseHandle(file);
    check(DeleteFileA(copy_name) && room() == before + SIZE, "DeleteFile  gives the room back");
}

int main(int count, char **words)
{
    if (count > 1 && !strcmp(words[1], "child"))
        return 77;
    snprintf(root, sizeof root, "%.2s\\", count > 1 ? words[1] : "R:");
    snprintf(folder, sizeof folder, "%sfolder", root);
    snprintf(file_name, sizeof file_name, "%s\\Pages.dat", folder);
    snprintf(copy_name, sizeof copy_name, "%s\\Moved.dat", folder);
    snprintf(program, sizeof program, "%sprogram.exe", root);
    printf("%llu KB are free on %s\n", room() >> 10, root);
    drive();
    files();
    view();
    names();
    run_copy(words[0]);
    full();
    return verdict();
}
