/*
 * Loaded into a real server (LD_PRELOAD): makes the calls fail that SQLite makes on the files of the index. Each kind of
 * call has its own count; every so many of them suffer, by turns. Told by the environment:
 *
 *   TORTURE_SQLITE_EVERY  how many calls of a kind go through before one suffers
 *   TORTURE_SQLITE_LOG    a file to which each fault is appended
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum kind { WRITE, SYNC, READ, KINDS };
enum fault { NONE, FAIL, FULL, HALF, DELAY };

static const char *const NAMES[KINDS] = { "sqlite-write", "sqlite-sync", "sqlite-read" };
static const enum fault TURNS[KINDS][4] = {
  { FAIL, FULL, HALF, DELAY },
  { FAIL, FULL, FAIL, DELAY },
  { FAIL, DELAY, FAIL, DELAY },
};
static const char *const WORDS[] = { "", "EIO", "ENOSPC", "short", "delay" };
static long calls[KINDS];

static int is_index(int fd) {
  char link[64], path[1024];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  const char *name = strrchr(path, '/');
  return name != NULL && strncmp(name, "/berth.db", 9) == 0;
}

static enum fault suffer(enum kind kind, int fd) {
  const char *every = getenv("TORTURE_SQLITE_EVERY");
  const char *log = getenv("TORTURE_SQLITE_LOG");
  if (every == NULL || log == NULL || atol(every) <= 0 || !is_index(fd)) return NONE;
  long count = __atomic_add_fetch(&calls[kind], 1, __ATOMIC_RELAXED);
  /* A commit writes several pages and syncs once. */
  long turn = kind == SYNC ? atol(every) / 8 + 2 : atol(every);
  if (count % turn != 0) return NONE;
  enum fault fault = TURNS[kind][(count / turn - 1) % 4];
  int file = open(log, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file >= 0) {
    char line[64];
    int length = snprintf(line, sizeof line, "%s %s berth.db\n", NAMES[kind], WORDS[fault]);
    if (write(file, line, length) < 0) { /* The report then lacks it. */ }
    close(file);
  }
  if (fault == DELAY) {
    struct timespec pause = { 0, 150 * 1000 * 1000 };
    nanosleep(&pause, NULL);
    return NONE;
  }
  return fault;
}

static int failed(enum fault fault) {
  errno = fault == FULL ? ENOSPC : EIO;
  return -1;
}

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (real == NULL) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);

#define WRITER(name, offset_type) \
  ssize_t name(int fd, const void *bytes, size_t count, offset_type at) { \
    REAL(ssize_t, name, int, const void *, size_t, offset_type) \
    enum fault fault = suffer(WRITE, fd); \
    if (fault == HALF) return real(fd, bytes, count > 1 ? count / 2 : count, at); \
    return fault == NONE ? real(fd, bytes, count, at) : failed(fault); \
  }

#define READER(name, offset_type) \
  ssize_t name(int fd, void *bytes, size_t count, offset_type at) { \
    REAL(ssize_t, name, int, void *, size_t, offset_type) \
    enum fault fault = suffer(READ, fd); \
    return fault == NONE ? real(fd, bytes, count, at) : failed(fault); \
  }

#define SYNCER(name) \
  int name(int fd) { \
    REAL(int, name, int) \
    enum fault fault = suffer(SYNC, fd); \
    return fault == NONE ? real(fd) : failed(fault); \
  }

WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)
READER(pread, off_t)
READER(pread64, off64_t)
SYNCER(fsync)
SYNCER(fdatasync)
