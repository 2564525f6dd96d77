/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simplest model of a journal: record n is a function of (seed, n). So any prefix, suffix or gap that
 * comes back from a disk can be judged without keeping what went in.
 *
 * Shape    make(n) -> the record; append(from, count) -> journal; check(reader) -> how many came back right.
 * Units    event ids from 1; ns.
 * Errors   as ll_journal.h.
 * Threads  none.
 */
#ifndef LL_TESTS_MODEL_JOURNAL_SCRIPT_H
#define LL_TESTS_MODEL_JOURNAL_SCRIPT_H

#include "host/journal/ll_journal.h"
#include "host/journal/ll_journal_reader.h"

#include <stdbool.h>
#include <stdint.h>

struct ll_journal_script {
    uint64_t seed;
    uint64_t start_ns;
    uint64_t step_ns;       /* from one record to the next; every 16th goes back in time */
    uint32_t payload_bytes; /* of every record; UINT32_MAX = random, many short and a few of the longest */
};

struct ll_script_record {
    uint8_t kind;
    uint8_t verdict;
    uint32_t payload_bytes;
    uint64_t time_ns;
    uint8_t payload[LL_RECORD_PAYLOAD_BYTES_MAX];
};

void ll_script_make(const struct ll_journal_script *script, uint64_t event_id,
                    struct ll_script_record *record);

/* Appends records first..first+count-1, waiting while the ring is full. LL_OK or what append said. */
LL_MUST_CHECK int ll_script_append(const struct ll_journal_script *script, struct ll_journal *journal,
                                   uint64_t first, uint64_t count);

bool ll_script_equals(const struct ll_journal_script *script, const struct ll_journal_record *record);

/* Waits until `event_id` is durable or the journal has failed; returns the status. */
LL_MUST_CHECK int ll_script_wait_durable(const struct ll_journal *journal, uint64_t event_id);

/* Reads the journal to its end and compares every record. Returns what the reader ended with (LL_ERR_SHORT is
 * the regular end), or LL_ERR_MALFORMED at the first record that differs. *last = last event id read. */
LL_MUST_CHECK int ll_script_read(const struct ll_journal_script *script, const char *dir,
                                 const struct ll_journal_files *files, uint64_t *last, struct ll_why *why);

#endif
