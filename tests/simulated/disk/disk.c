/* A disk that fails or dawdles: stands before the C library's calls on files whose names hold a given word.
 *
 * Preloaded (LD_PRELOAD), it passes everything on until it is told otherwise by disk_fail or disk_dawdle. Calls that
 * change a disk are counted: open (that may create), write, pwrite, fsync, fdatasync, ftruncate, unlink, rename,
 * posix_fallocate.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char word[256];
static atomic_long calls, failing_from, failing_until;
static atomic_int failing_errno, dawdling_us;

/* Calls on files with `name` in their paths are counted from now on; none of them fails. */
void disk_watch(const char *name)
{
    strncpy(word, name, sizeof word - 1);
    failing_errno = 0;
    calls = 0;
}

/* From the n-th call on (the first is 1), so many of them fail with `code`. */
void disk_fail(long number, long count, int code)
{
    failing_from = number;
    failing_until = number + count;
    failing_errno = code;
}

/* Every call takes so long. */
void disk_dawdle(int us) { dawdling_us = us; }

long disk_calls(void) { return calls; }

static int fails(const char *path)
{
    if (!word[0] || !path || !strstr(path, word))
        return 0;
    if (dawdling_us)
        usleep((useconds_t)dawdling_us);
    long number = ++calls;
    if (!failing_errno || number < failing_from || number >= failing_until)
        return 0;
    errno = failing_errno;
    return 1;
}

static int fails_at(int file)
{
    char link[64], path[4096];
    if (!word[0])
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return fails(path);
}

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        mode_t mode = va_arg(more, mode_t);                                                                            \
        va_end(more);                                                                                                  \
        return (flags & O_CREAT) && fails(path) ? -1 : REAL(name)(path, flags, mode);                                   \
    }
OPEN(open)
OPEN(open64)

ssize_t write(int file, const void *data, size_t size) { return fails_at(file) ? -1 : REAL(write)(file, data, size); }

#define PWRITE(name, offset)                                                                                           \
    ssize_t name(int file, const void *data, size_t size, offset at)                                                   \
    {                                                                                                                  \
        return fails_at(file) ? -1 : REAL(name)(file, data, size, at);                                                 \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

int fsync(int file) { return fails_at(file) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return fails_at(file) ? -1 : REAL(fdatasync)(file); }
int ftruncate(int file, off_t size) { return fails_at(file) ? -1 : REAL(ftruncate)(file, size); }
int ftruncate64(int file, off64_t size) { return fails_at(file) ? -1 : REAL(ftruncate64)(file, size); }
int unlink(const char *path) { return fails(path) ? -1 : REAL(unlink)(path); }
int rename(const char *from, const char *to) { return fails(from) ? -1 : REAL(rename)(from, to); }
int posix_fallocate(int file, off_t from, off_t size)
{
    return fails_at(file) ? failing_errno : REAL(posix_fallocate)(file, from, size);
}
int posix_fallocate64(int file, off64_t from, off64_t size)
{
    return fails_at(file) ? failing_errno : REAL(posix_fallocate64)(file, from, size);
}
