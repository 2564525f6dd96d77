/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error codes of every fallible call, and the record that explains one to a person.
 *
 * Shape    int return: LL_OK (0) or a negative enum ll_err. Cold calls also take a struct ll_why, filled once
 *          by the place that failed (code, file:line, text with the remedy) and extended by its callers.
 * Units    none.
 * Errors   this is where they are named; a verdict about a message is not an error (hls/ll_records.h).
 * Threads  a struct ll_why belongs to the caller's stack; nothing here is shared.
 */
#ifndef LL_HOST_BASE_ERR_H
#define LL_HOST_BASE_ERR_H

#define LL_MUST_CHECK        __attribute__((warn_unused_result))
#define LL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* One list: the enum and the names are both made from it. */
#define LL_ERRORS(E)                                                                                        \
    E(OK, 0, "ok")                                                                                          \
    E(ERR_USAGE, -1, "usage")         /* the command line or a config value is wrong */                     \
    E(ERR_INPUT, -2, "bad_input")     /* a file or a message is not what it claims to be */                 \
    E(ERR_SHORT, -3, "too_short")     /* fewer bytes than the layout needs */                               \
    E(ERR_LONG, -4, "too_long")       /* more bytes than the layout allows */                               \
    E(ERR_TYPE, -5, "unknown_type")   /* a message type this protocol does not define */                    \
    E(ERR_MALFORMED, -6, "malformed") /* the parts do not fit together */                                   \
    E(ERR_IO, -7, "io")               /* the operating system refused; the text carries its reason */       \
    E(ERR_NO_SPACE, -8, "no_space")   /* disk full */                                                       \
    E(ERR_CORRUPT, -9, "corrupt")     /* a journal that fails its own checks; never repaired silently */    \
    E(ERR_FULL, -10, "full")          /* a fixed table or queue has no room */                              \
    E(ERR_NO_MEMORY, -11, "no_memory")                                                                      \
    E(ERR_ENVIRONMENT, -12, "environment") /* a part of the machine is missing (EAL, device, permission) */ \
    E(ERR_BUSY, -13, "busy")               /* somebody else holds it (journal lock) */                      \
    E(ERR_STOPPED, -14, "stopped")         /* the object failed earlier and stays failed */                 \
    E(ERR_FUNDS, -15, "funds")             /* an account would fall below what it is allowed to */          \
    E(ERR_OVERFLOW, -16, "overflow")       /* a sum does not fit its integer; nothing was changed */

enum ll_err {
#define LL_ERR_ENUM(name, value, text) LL_##name = (value),
    LL_ERRORS(LL_ERR_ENUM)
#undef LL_ERR_ENUM
};

#define LL_WHY_BYTES 240

struct ll_why {
    int code; /* enum ll_err, LL_OK while unset */
    int line;
    const char *file;
    char text[LL_WHY_BYTES];
};

/* The short name of a code ("bad_input"); "unknown" for a number that is none. */
const char *ll_err_name(int code);

/* Fills `why` unless it is NULL or already filled (the first reason is the true one). Returns `code`. */
int ll_why_set(struct ll_why *why, int code, const char *file, int line, const char *fmt, ...)
    LL_PRINTF(5, 6);

/* Appends "; <context>" to a filled reason, as an error travels up. Truncates, never fails. */
void ll_why_append(struct ll_why *why, const char *fmt, ...) LL_PRINTF(2, 3);

/* Fills `why` from here; the value is `code`, which the comma lets compilers and analysers see. */
#define LL_FAIL(why, code, ...) ((void)ll_why_set((why), (code), __FILE__, __LINE__, __VA_ARGS__), (code))

#endif
