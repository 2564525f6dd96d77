/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options as a table: parsing, range checks, --help and the effective values all come from it.
 *
 * Shape    A table of {name, type, offset into the config struct, range, unit, help}. `--name value` and
 *          `--name=value`; flags take no value; the last one given wins. What is not an option is an operand,
 *          kept in order. "--" ends the options; "-" alone is an operand.
 * Units    each row names its own. Sizes accept K M G (binary); durations need one of ns us ms s m (0 needs
 *          none); plain numbers may be hexadecimal (0x...).
 * Errors   LL_ERR_USAGE with the option, what was wrong and what is allowed. Numbers are parsed to the end or
 *          refused.
 * Threads  start-up only.
 */
#ifndef LL_HOST_BASE_OPTIONS_H
#define LL_HOST_BASE_OPTIONS_H

#include "host/base/ll_err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum ll_option_type {
    LL_OPTION_FLAG,     /* bool */
    LL_OPTION_U64,      /* uint64_t */
    LL_OPTION_SIZE,     /* uint64_t bytes */
    LL_OPTION_DURATION, /* uint64_t ns */
    LL_OPTION_STRING,   /* const char * */
    LL_OPTION_CHOICE    /* const char *, one of `choices` separated by '|' */
};

struct ll_option {
    const char *name; /* "segment-bytes"; NULL ends the table */
    enum ll_option_type type;
    size_t offset;          /* offsetof in the config struct */
    uint64_t min;           /* numbers only */
    uint64_t max;           /* 0 = no upper limit */
    const char *value_name; /* "BYTES" in --help; NULL for flags */
    const char *choices;    /* LL_OPTION_CHOICE only */
    const char *help;       /* one sentence, with the default */
};

#define LL_OPERANDS_MAX 64

struct ll_operands {
    const char *value[LL_OPERANDS_MAX];
    int count;
};

/* Parses argv[1..]; the config struct already holds the defaults. --help (or -h) sets *help and returns
 * LL_OK at once. */
LL_MUST_CHECK int ll_options_parse(const struct ll_option *table, int argc, char **argv, void *config,
                                   struct ll_operands *operands, int *help, struct ll_why *why);

/* The option list of --help, aligned, wrapped at 100 columns. */
void ll_options_print_help(const struct ll_option *table, FILE *file);

/* Every option with its effective value, one per line: `name = value`. */
void ll_options_print_values(const struct ll_option *table, const void *config, FILE *file);

/* "64M", "2s", "1000": parsed to the end or LL_ERR_USAGE. Also used for values outside the table. */
LL_MUST_CHECK int ll_options_parse_u64(const char *text, enum ll_option_type type, uint64_t *value,
                                       struct ll_why *why);

#endif
