/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's door to the file system. Writer, preparer, recovery and reader do all they do to disk
 * through it, so that a test can put a disk behind it that fails, fills up or loses its power.
 *
 * Shape    A struct of functions and a context. Files and directories are small integers (>= 0) that the
 *          door gives out. ll_journal_files_real() is the operating system.
 * Units    bytes.
 * Errors   LL_OK or LL_ERR_IO (the text says what the system said), LL_ERR_NO_SPACE for a full disk or
 *          quota, LL_ERR_BUSY for a lock that is held, LL_ERR_INPUT for a name that does not exist. A
 *          write or read transfers all or fails, except that read stops at the end of the file.
 * Threads  the functions may be called from several threads at once, each on files of its own.
 */
#ifndef LL_HOST_JOURNAL_JOURNAL_FILES_H
#define LL_HOST_JOURNAL_JOURNAL_FILES_H

#include "host/base/ll_err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ll_journal_file_mode {
    LL_JOURNAL_FILE_READ,
    LL_JOURNAL_FILE_WRITE, /* read and write, must exist */
    LL_JOURNAL_FILE_CREATE /* read and write, made empty */
};

struct ll_journal_files {
    void *context;
    /* `create` makes the directory (not its parents) and makes that durable. */
    int (*dir_open)(void *context, const char *path, bool create, int *dir, struct ll_why *why);
    /* Creations, renames and removals in the directory are durable when it returns. */
    int (*dir_sync)(void *context, int dir, struct ll_why *why);
    /* Calls `visit` with each name but those that begin with a dot. */
    int (*dir_list)(void *context, int dir, int (*visit)(void *visitor, const char *name), void *visitor,
                    struct ll_why *why);
    /* Takes an exclusive lock on the named file, made when absent; closing it lets go. */
    int (*lock)(void *context, int dir, const char *name, int *file, struct ll_why *why);
    int (*open)(void *context, int dir, const char *name, enum ll_journal_file_mode mode, int *file,
                struct ll_why *why);
    int (*size)(void *context, int file, uint64_t *bytes, struct ll_why *why);
    int (*read)(void *context, int file, void *bytes, size_t bytes_count, uint64_t offset, size_t *got_bytes,
                struct ll_why *why);
    int (*write)(void *context, int file, const void *bytes, size_t bytes_count, uint64_t offset,
                 struct ll_why *why);
    /* What was written to the file is durable when it returns, and so is its length. */
    int (*sync)(void *context, int file, struct ll_why *why);
    int (*rename)(void *context, int dir, const char *from, const char *to, struct ll_why *why);
    int (*unlink)(void *context, int dir, const char *name, struct ll_why *why);
    void (*close)(void *context, int handle);
    uint64_t (*random_u64)(void *context); /* salt of a new journal */
};

const struct ll_journal_files *ll_journal_files_real(void);

#endif
