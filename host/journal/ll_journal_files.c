/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_journal_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define LL_FILES_PATH_BYTES 4096
/* Orders, accounts and money are in there: they are the gateway's user's alone, whatever the umask lets through. */
#define LL_FILES_DIR_MODE  0700
#define LL_FILES_FILE_MODE 0600

/* One place where the system's reason becomes ours. */
static int ll_files_fail(struct ll_why *why, const char *call, const char *name)
{
    int reason = errno;
    int code = LL_ERR_IO;
    const char *remedy = "check the disk and the permissions";
    if (reason == ENOSPC || reason == EDQUOT) {
        code = LL_ERR_NO_SPACE;
        remedy = "free space or move old segments away";
    } else if (reason == ENOENT) {
        code = LL_ERR_INPUT;
        remedy = "check the name";
    }
    return LL_FAIL(why, code, "%s %s: %s; %s", call, name, strerror(reason), remedy);
}

static int ll_files_sync_parent(const char *path, struct ll_why *why)
{
    char parent[LL_FILES_PATH_BYTES];
    (void)snprintf(parent, sizeof parent, "%s/..", path);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ll_files_fail(why, "open", parent);
    int rc = fsync(fd) == 0 ? LL_OK : ll_files_fail(why, "fsync", parent);
    (void)close(fd);
    return rc;
}

static int ll_files_dir_open(void *context, const char *path, bool create, int *dir, struct ll_why *why)
{
    (void)context;
    if (create) {
        int rc = LL_OK;
        if (mkdir(path, LL_FILES_DIR_MODE) == 0)
            rc = ll_files_sync_parent(path, why);
        else if (errno != EEXIST)
            rc = ll_files_fail(why, "mkdir", path);
        if (rc != LL_OK)
            return rc;
    }
    *dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *dir >= 0 ? LL_OK : ll_files_fail(why, "open", path);
}

static int ll_files_dir_sync(void *context, int dir, struct ll_why *why)
{
    (void)context;
    return fsync(dir) == 0 ? LL_OK : ll_files_fail(why, "fsync", "of the journal directory");
}

static int ll_files_dir_list(void *context, int dir, int (*visit)(void *visitor, const char *name),
                             void *visitor, struct ll_why *why)
{
    (void)context;
    /* A descriptor of its own: the stream closes it, and its position is not shared. */
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ll_files_fail(why, "open", "the journal directory");
    DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        (void)close(fd);
        return ll_files_fail(why, "read", "the journal directory");
    }
    int rc = LL_OK;
    errno = 0;
    for (struct dirent *entry = readdir(stream); entry != NULL && rc == LL_OK; entry = readdir(stream)) {
        if (entry->d_name[0] != '.')
            rc = visit(visitor, entry->d_name);
        errno = 0;
    }
    if (rc == LL_OK && errno != 0)
        rc = ll_files_fail(why, "read", "the journal directory");
    (void)closedir(stream);
    return rc;
}

static int ll_files_lock(void *context, int dir, const char *name, int *file, struct ll_why *why)
{
    (void)context;
    *file = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, LL_FILES_FILE_MODE);
    if (*file < 0)
        return ll_files_fail(why, "open", name);
    if (flock(*file, LOCK_EX | LOCK_NB) == 0)
        return LL_OK;
    int rc = errno == EWOULDBLOCK
                 ? LL_FAIL(why, LL_ERR_BUSY,
                           "the journal is open in another process; stop that one first, or use another "
                           "directory")
                 : ll_files_fail(why, "flock", name);
    (void)close(*file);
    *file = -1;
    return rc;
}

static int ll_files_open(void *context, int dir, const char *name, enum ll_journal_file_mode mode, int *file,
                         struct ll_why *why)
{
    (void)context;
    int flags = O_CLOEXEC | (mode == LL_JOURNAL_FILE_READ ? O_RDONLY : O_RDWR);
    if (mode == LL_JOURNAL_FILE_CREATE)
        flags |= O_CREAT | O_TRUNC;
    *file = openat(dir, name, flags, LL_FILES_FILE_MODE);
    return *file >= 0 ? LL_OK : ll_files_fail(why, "open", name);
}

static int ll_files_size(void *context, int file, uint64_t *bytes, struct ll_why *why)
{
    (void)context;
    struct stat status;
    if (fstat(file, &status) != 0)
        return ll_files_fail(why, "stat", "of a segment");
    *bytes = (uint64_t)status.st_size;
    return LL_OK;
}

static int ll_files_read(void *context, int file, void *bytes, size_t bytes_count, uint64_t offset,
                         size_t *got_bytes, struct ll_why *why)
{
    (void)context;
    *got_bytes = 0;
    while (*got_bytes < bytes_count) {
        ssize_t got =
            pread(file, (char *)bytes + *got_bytes, bytes_count - *got_bytes, (off_t)(offset + *got_bytes));
        if (got == 0)
            break;
        if (got > 0)
            *got_bytes += (size_t)got;
        else if (errno != EINTR)
            return ll_files_fail(why, "read", "of a segment");
    }
    return LL_OK;
}

static int ll_files_write(void *context, int file, const void *bytes, size_t bytes_count, uint64_t offset,
                          struct ll_why *why)
{
    (void)context;
    size_t done_bytes = 0;
    while (done_bytes < bytes_count) {
        ssize_t done = pwrite(file, (const char *)bytes + done_bytes, bytes_count - done_bytes,
                              (off_t)(offset + done_bytes));
        if (done > 0)
            done_bytes += (size_t)done;
        else if (done == 0 || errno != EINTR)
            return ll_files_fail(why, "write", "to a segment");
    }
    return LL_OK;
}

static int ll_files_sync(void *context, int file, struct ll_why *why)
{
    (void)context;
    return fdatasync(file) == 0 ? LL_OK : ll_files_fail(why, "fdatasync", "of a segment");
}

static int ll_files_rename(void *context, int dir, const char *from, const char *to, struct ll_why *why)
{
    (void)context;
    return renameat(dir, from, dir, to) == 0 ? LL_OK : ll_files_fail(why, "rename", from);
}

static int ll_files_unlink(void *context, int dir, const char *name, struct ll_why *why)
{
    (void)context;
    return unlinkat(dir, name, 0) == 0 ? LL_OK : ll_files_fail(why, "unlink", name);
}

static void ll_files_close(void *context, int handle)
{
    (void)context;
    (void)close(handle);
}

static uint64_t ll_files_random_u64(void *context)
{
    (void)context;
    uint64_t value = 0;
    /* Eight bytes come whole or, before the system has gathered randomness, after a wait. */
    while (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        ;
    return value;
}

const struct ll_journal_files *ll_journal_files_real(void)
{
    static const struct ll_journal_files real = {.context = NULL,
                                                 .dir_open = ll_files_dir_open,
                                                 .dir_sync = ll_files_dir_sync,
                                                 .dir_list = ll_files_dir_list,
                                                 .lock = ll_files_lock,
                                                 .open = ll_files_open,
                                                 .size = ll_files_size,
                                                 .read = ll_files_read,
                                                 .write = ll_files_write,
                                                 .sync = ll_files_sync,
                                                 .rename = ll_files_rename,
                                                 .unlink = ll_files_unlink,
                                                 .close = ll_files_close,
                                                 .random_u64 = ll_files_random_u64};
    return &real;
}
