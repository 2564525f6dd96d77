/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_journal_script.h"

#include "host/base/ll_prng.h"

#include <sched.h>
#include <string.h>

void ll_script_make(const struct ll_journal_script *script, uint64_t event_id,
                    struct ll_script_record *record)
{
    struct ll_prng prng;
    ll_prng_init(&prng, script->seed ^ (event_id * 0xd1342543de82ef95u));
    record->kind = (uint8_t)(1 + ll_prng_below(&prng, 5));
    record->verdict = (uint8_t)ll_prng_below(&prng, 256);
    record->time_ns = script->start_ns + event_id * script->step_ns;
    if (event_id % 16 == 0)
        record->time_ns -= 3 * script->step_ns;
    record->payload_bytes = script->payload_bytes;
    if (script->payload_bytes == UINT32_MAX) {
        static const uint32_t bound[8] = {1, 37, 41, 42, 89, 90, 300, LL_RECORD_PAYLOAD_BYTES_MAX + 1};
        record->payload_bytes = ll_prng_below(&prng, bound[ll_prng_below(&prng, 8)]);
        if (ll_prng_chance(&prng, 20))
            record->payload_bytes = LL_RECORD_PAYLOAD_BYTES_MAX;
    }
    for (uint32_t i = 0; i < record->payload_bytes; i += 8) {
        uint64_t word = ll_prng_next(&prng);
        uint32_t left_bytes = record->payload_bytes - i;
        memcpy(record->payload + i, &word, left_bytes < 8 ? left_bytes : 8);
    }
}

int ll_script_append(const struct ll_journal_script *script, struct ll_journal *journal, uint64_t first,
                     uint64_t count)
{
    struct ll_slot slots[LL_RECORD_SLOTS_MAX];
    struct ll_script_record record;
    for (uint64_t id = first; id < first + count; id++) {
        ll_script_make(script, id, &record);
        uint32_t slot_count = ll_record_write(slots, record.kind, record.verdict, id, record.time_ns,
                                              record.payload, record.payload_bytes);
        int rc = ll_journal_append(journal, slots, slot_count);
        while (rc == LL_ERR_FULL) {
            (void)sched_yield();
            rc = ll_journal_append(journal, slots, slot_count);
        }
        if (rc != LL_OK)
            return rc;
    }
    return LL_OK;
}

bool ll_script_equals(const struct ll_journal_script *script, const struct ll_journal_record *record)
{
    struct ll_script_record expected;
    ll_script_make(script, record->event_id, &expected);
    return record->kind == expected.kind && record->verdict == expected.verdict &&
           record->time_ns == expected.time_ns && record->payload_bytes == expected.payload_bytes &&
           memcmp(record->payload, expected.payload, expected.payload_bytes) == 0;
}

int ll_script_wait_durable(const struct ll_journal *journal, uint64_t event_id)
{
    int status = LL_OK;
    while (status == LL_OK && ll_journal_durable_event_id(journal) < event_id) {
        (void)sched_yield();
        status = ll_journal_status(journal, NULL);
    }
    return status;
}

int ll_script_read(const struct ll_journal_script *script, const char *dir,
                   const struct ll_journal_files *files, uint64_t *last, struct ll_why *why)
{
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    *last = 0;
    int rc = ll_journal_reader_open_files(&reader, dir, files, why);
    if (rc != LL_OK)
        return rc;
    for (;;) {
        rc = ll_journal_reader_next(reader, &record, why);
        if (rc != LL_OK)
            break;
        if ((*last != 0 && record.event_id != *last + 1) || !ll_script_equals(script, &record)) {
            rc = LL_ERR_MALFORMED;
            break;
        }
        *last = record.event_id;
    }
    ll_journal_reader_close(reader);
    return rc;
}
