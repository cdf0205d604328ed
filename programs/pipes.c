/* Shows pipes: a program reads what its child prints and writes what it reads; a server and a client with messages. */
#include <windows.h>

#include <stdlib.h>
#include <string.h>

#include "check.h"

#define LINES 3000
#define NAME "\\\\.\\pipe\\ntmm sample"

static int child_prints(void) {
    for (int line = 0; line < LINES; line++)
        printf("line %d\n", line);
    fprintf(stderr, "done\n");
    return 3;
}

static int child_doubles(void) {
    char text[64];
    while (fgets(text, sizeof text, stdin))
        printf("%d\n", 2 * atoi(text));
    return 0;
}

static HANDLE start(const char *what, HANDLE input, HANDLE output, HANDLE error) {
    char path[MAX_PATH], line[MAX_PATH + 32];
    STARTUPINFOA startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    GetModuleFileNameA(NULL, path, sizeof path);
    snprintf(line, sizeof line, "\"%s\" %s", path, what);
    startup.hStdInput = input;
    startup.hStdOutput = output;
    startup.hStdError = error;
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return NULL;
    CloseHandle(process.hThread);
    return process.hProcess;
}

static char *read_all(HANDLE pipe, DWORD *size) {
    char *data = malloc(1 << 20);
    DWORD count;
    *size = 0;
    while (*size < (1 << 20) - 4096 && ReadFile(pipe, data + *size, 4096, &count, NULL) && count)
        *size += count;
    data[*size] = 0;
    return data;
}

static void show_output(void) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE output[2], error[2], child;
    DWORD size, code = 0, expected = 0;
    char text[32], *data, *at;
    int good = 1;
    section("A child's output");
    check(CreatePipe(&output[0], &output[1], &inherited, 0), "CreatePipe for its output");
    check(CreatePipe(&error[0], &error[1], &inherited, 0), "and for its errors");
    SetHandleInformation(output[0], HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(error[0], HANDLE_FLAG_INHERIT, 0);
    check(GetFileType(output[0]) == FILE_TYPE_PIPE, "GetFileType tells a pipe");
    child = start("prints", NULL, output[1], error[1]);
    check(child != NULL, "CreateProcess with STARTF_USESTDHANDLES");
    CloseHandle(output[1]);
    CloseHandle(error[1]);
    data = at = read_all(output[0], &size);
    check(GetLastError() == ERROR_BROKEN_PIPE, "reading ends with ERROR_BROKEN_PIPE when the child has ended");
    for (int line = 0; line < LINES; line++) {
        int length = snprintf(text, sizeof text, "line %d\r\n", line);
        good &= strncmp(at, text, (size_t)length) == 0;
        at += length;
        expected += (DWORD)length;
    }
    check(good && size == expected, "all that it printed has come, although the pipe holds 4 KB");
    free(data);
    data = read_all(error[0], &size);
    check(strcmp(data, "done\r\n") == 0, "what it wrote to standard error lies in the other pipe");
    free(data);
    WaitForSingleObject(child, INFINITE);
    check(GetExitCodeProcess(child, &code) && code == 3, "its exit code is its own");
    CloseHandle(child);
    CloseHandle(output[0]);
    CloseHandle(error[0]);
}

static void show_both_ways(void) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    HANDLE input[2], output[2], child;
    DWORD size, count, available, broken;
    char *data;
    section("A child's input");
    CreatePipe(&input[0], &input[1], &inherited, 0);
    CreatePipe(&output[0], &output[1], &inherited, 0);
    SetHandleInformation(input[1], HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(output[0], HANDLE_FLAG_INHERIT, 0);
    child = start("doubles", input[0], output[1], GetStdHandle(STD_ERROR_HANDLE));
    CloseHandle(input[0]);
    CloseHandle(output[1]);
    check(WriteFile(input[1], "21\r\n4\r\n", 7, &count, NULL) && count == 7, "WriteFile to its standard input");
    CloseHandle(input[1]);
    data = read_all(output[0], &size);
    check(strcmp(data, "42\r\n8\r\n") == 0, "it answers and ends where its input does");
    free(data);
    WaitForSingleObject(child, INFINITE);
    CloseHandle(child);
    CloseHandle(output[0]);

    section("One end without the other");
    CreatePipe(&input[0], &input[1], NULL, 0);
    check(PeekNamedPipe(input[0], NULL, 0, NULL, &available, NULL) && available == 0, "PeekNamedPipe finds nothing");
    WriteFile(input[1], "abc", 3, &count, NULL);
    char text[8] = "";
    check(PeekNamedPipe(input[0], text, 2, &count, &available, NULL) && count == 2 && available == 3 && text[1] == 'b',
          "then what was written, and leaves it there");
    CloseHandle(input[1]);
    check(ReadFile(input[0], text, 8, &count, NULL) && count == 3, "what is in the pipe can be read without a writer");
    check(!ReadFile(input[0], text, 8, &count, NULL) && GetLastError() == ERROR_BROKEN_PIPE, "then it is broken");
    CloseHandle(input[0]);
    CreatePipe(&input[0], &input[1], NULL, 0);
    check(!ReadFile(input[1], text, 1, &count, NULL) && GetLastError() == ERROR_ACCESS_DENIED, "the write end reads not");
    CloseHandle(input[0]);
    broken = WriteFile(input[1], "x", 1, &count, NULL) ? 0 : GetLastError();
    check(broken == ERROR_NO_DATA, "nobody to read: ERROR_NO_DATA");
    CloseHandle(input[1]);
}

static DWORD WINAPI client(void *unused) {
    DWORD mode = PIPE_READMODE_MESSAGE, count;
    char text[16];
    HANDLE pipe = CreateFileA(NAME, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    (void)unused;
    if (pipe == INVALID_HANDLE_VALUE)
        return 1;
    if (!SetNamedPipeHandleState(pipe, &mode, NULL, NULL))
        return 2;
    if (!WriteFile(pipe, "one", 3, &count, NULL) || !WriteFile(pipe, "second", 6, &count, NULL))
        return 3;
    if (ReadFile(pipe, text, 4, &count, NULL) || GetLastError() != ERROR_MORE_DATA || count != 4)
        return 4;
    if (!ReadFile(pipe, text + 4, 12, &count, NULL) || count != 2 || memcmp(text, "answer", 6))
        return 5;
    if (!TransactNamedPipe(pipe, (void *)"ask", 3, text, sizeof text, &count, NULL) || count != 5)
        return 6;
    CloseHandle(pipe);
    return 0;
}

static DWORD WINAPI call_pipe(void *unused) {
    char text[5];
    DWORD count;
    (void)unused;
    return CallNamedPipeA(NAME, (void *)"hello", 5, text, sizeof text, &count, NMPWAIT_WAIT_FOREVER) ? 0 : GetLastError();
}

static void show_named(void) {
    DWORD count, code = 9, flags, instances;
    char text[16];
    HANDLE pipe, second, thread;
    section("A named pipe");
    check(CreateFileA(NAME, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL) == INVALID_HANDLE_VALUE &&
              GetLastError() == ERROR_FILE_NOT_FOUND, "without a server there is no pipe");
    pipe = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 256, 256, 0, NULL);
    check(pipe != INVALID_HANDLE_VALUE, "CreateNamedPipe");
    second = CreateNamedPipeA(NAME, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE, 1, 256, 256, 0, NULL);
    check(second == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY, "of one instance there is no second");
    check(GetNamedPipeInfo(pipe, &flags, NULL, NULL, &instances) && flags == (PIPE_TYPE_MESSAGE | PIPE_SERVER_END) &&
              instances == 1, "GetNamedPipeInfo");
    check(WaitNamedPipeA(NAME, 1), "WaitNamedPipe finds it listening");
    thread = CreateThread(NULL, 0, client, NULL, 0, NULL);
    check(ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED, "a client connects");
    check(!WaitNamedPipeA(NAME, 1) && GetLastError() == ERROR_SEM_TIMEOUT, "now no other could");
    check(ReadFile(pipe, text, sizeof text, &count, NULL) && count == 3 && memcmp(text, "one", 3) == 0,
          "each read gives one message");
    check(ReadFile(pipe, text, sizeof text, &count, NULL) && count == 6 && memcmp(text, "second", 6) == 0, "then the next");
    check(WriteFile(pipe, "answer", 6, &count, NULL), "an answer");
    check(ReadFile(pipe, text, sizeof text, &count, NULL) && count == 3 && WriteFile(pipe, "reply", 5, &count, NULL),
          "a transaction's request and its reply");
    WaitForSingleObject(thread, INFINITE);
    check(GetExitCodeThread(thread, &code) && code == 0, "which the client reads in two parts, with ERROR_MORE_DATA");
    check(!ReadFile(pipe, text, 1, &count, NULL) && GetLastError() == ERROR_BROKEN_PIPE, "the client has gone");
    check(!ConnectNamedPipe(pipe, NULL) && GetLastError() == ERROR_NO_DATA, "before another one comes");
    check(DisconnectNamedPipe(pipe), "the server disconnects");
    check(!WriteFile(pipe, "x", 1, &count, NULL) && GetLastError() == ERROR_PIPE_NOT_CONNECTED, "nobody is connected");
    CloseHandle(thread);
    thread = CreateThread(NULL, 0, call_pipe, NULL, 0, NULL);
    check(ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED, "a client of one call");
    check(ReadFile(pipe, text, sizeof text, &count, NULL) && count == 5 && WriteFile(pipe, "hello you", 9, &count, NULL),
          "sends and is sent a message");
    WaitForSingleObject(thread, INFINITE);
    check(GetExitCodeThread(thread, &code) && code == ERROR_MORE_DATA, "of which it had room for a part");
    CloseHandle(thread);
    CloseHandle(pipe);
}

int main(int count, char **words) {
    if (count > 1 && strcmp(words[1], "prints") == 0)
        return child_prints();
    if (count > 1 && strcmp(words[1], "doubles") == 0)
        return child_doubles();
    show_output();
    show_both_ways();
    show_named();
    return verdict();
}
