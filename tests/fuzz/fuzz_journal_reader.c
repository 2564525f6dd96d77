/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever bytes lie in a segment file, the reader neither crashes nor hands out a record that was not
 * checksummed, and every start on it either refuses or continues.
 * Method: the first byte chooses. Even: the rest is a raw file, header included; bit 1 makes it as long as a
 * segment and gives the header a right checksum. Odd: the rest are slots
 * behind a good header; bit 1 gives each non-zero slot a right checksum first, so that the checks behind it
 * are reached; bit 2 puts the same slots in a second segment too. What the reader returns is looked up in the
 * bytes: each slot must be there, good, in order. Then a writer opens the same files: it may refuse only what
 * the reader refused, and after one more record the reader must find all of it. A seek must agree with the reading.
 */
#include "host/base/ll_assert.h"
#include "host/journal/ll_journal.h"
#include "host/journal/ll_journal_reader.h"
#include "host/journal/ll_journal_segment.h"
#include "tests/model/ll_sim_disk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

#define FUZZ_SEGMENT_BYTES LL_JOURNAL_SEGMENT_BYTES_MIN
#define FUZZ_SALT          42u

static const char *const fuzz_name[2] = {"20250102-000001.lljournal", "20250102-000002.lljournal"};

/* A segment file: good header, then the slots, then zeros. */
static void fuzz_put_slots(struct ll_sim_disk *disk, uint64_t number, const uint8_t *bytes,
                           size_t bytes_count, bool resign)
{
    static uint8_t file[FUZZ_SEGMENT_BYTES];
    struct ll_segment segment = {
        .salt = FUZZ_SALT, .number = number, .segment_bytes = FUZZ_SEGMENT_BYTES, .run_align_bytes = 512};
    memset(file, 0, sizeof file);
    ll_segment_header_encode(&segment, file);
    size_t room_bytes = sizeof file - LL_SEGMENT_HEADER_BYTES;
    if (bytes_count > room_bytes)
        bytes_count = room_bytes;
    memcpy(file + LL_SEGMENT_HEADER_BYTES, bytes, bytes_count);
    for (uint64_t i = 0; resign && i < room_bytes / LL_SLOT_BYTES; i++) {
        struct ll_slot slot;
        memcpy(&slot, file + ll_segment_offset(i), sizeof slot);
        if (ll_slot_is_zero(&slot))
            continue;
        slot.crc32c = ll_slot_crc32c(&slot, ll_segment_seed(&segment));
        memcpy(file + ll_segment_offset(i), &slot, sizeof slot);
    }
    ll_sim_disk_put(disk, fuzz_name[number - 1], file, sizeof file);
}

/* A file as it comes, or made long enough and its header signed. */
static void fuzz_put_raw(struct ll_sim_disk *disk, const uint8_t *bytes, size_t bytes_count, bool sign)
{
    static uint8_t file[FUZZ_SEGMENT_BYTES];
    if (!sign) {
        ll_sim_disk_put(disk, fuzz_name[0], bytes, bytes_count);
        return;
    }
    memset(file, 0, sizeof file);
    memcpy(file, bytes, bytes_count < sizeof file ? bytes_count : sizeof file);
    ll_segment_header_sign(file);
    ll_sim_disk_put(disk, fuzz_name[0], file, sizeof file);
}

/* Is there a good head with this event id and this content at or behind *at of the file? Moves *at behind it.
 */
static bool fuzz_find(struct ll_sim_disk *disk, const char *name, uint64_t *at,
                      const struct ll_journal_record *record)
{
    uint8_t *file;
    uint64_t file_bytes;
    struct ll_segment segment;
    if (!ll_sim_disk_file(disk, name, &file, &file_bytes) || file_bytes < LL_SEGMENT_HEADER_BYTES ||
        ll_segment_header_decode(&segment, file, NULL) != LL_OK)
        return false;
    for (; ll_segment_offset(*at) + LL_SLOT_BYTES <= file_bytes; (*at)++) {
        struct ll_slot slot;
        memcpy(&slot, file + ll_segment_offset(*at), sizeof slot);
        if (ll_slot_check(&slot, ll_segment_seed(&segment)) != LL_SLOT_GOOD ||
            slot.kind >= LL_RECORD_KIND_SEAL || slot.event_id != record->event_id)
            continue;
        uint32_t head_bytes =
            record->payload_bytes < LL_RECORD_HEAD_PAYLOAD ? record->payload_bytes : LL_RECORD_HEAD_PAYLOAD;
        LL_ASSERT(slot.kind == record->kind);
        LL_ASSERT(slot.time_ns == record->time_ns);
        LL_ASSERT(ll_slot_payload_bytes(&slot) == record->payload_bytes);
        LL_ASSERT(memcmp(slot.payload, record->payload, head_bytes) == 0);
        for (uint32_t i = 1; i < ll_record_slots(record->payload_bytes); i++) {
            memcpy(&slot, file + ll_segment_offset(*at + i), sizeof slot);
            LL_ASSERT(ll_slot_check(&slot, ll_segment_seed(&segment)) == LL_SLOT_GOOD);
        }
        *at += ll_record_slots(record->payload_bytes);
        return true;
    }
    return false;
}

/* Reads to the end; *last = last event id. */
static int fuzz_read(struct ll_sim_disk *disk, uint64_t *last)
{
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    struct ll_journal_position position;
    struct ll_why why = {0};
    uint64_t at = 0;
    int segment = 0;
    *last = 0;
    int rc = ll_journal_reader_open_files(&reader, "sim", ll_sim_disk_files(disk), &why);
    if (rc != LL_OK)
        return rc;
    while ((rc = ll_journal_reader_next(reader, &record, &why)) == LL_OK) {
        LL_ASSERT(record.event_id == *last + 1);
        LL_ASSERT(record.payload_bytes <= LL_RECORD_PAYLOAD_BYTES_MAX);
        *last = record.event_id;
        if (segment == 0 && !fuzz_find(disk, fuzz_name[0], &at, &record)) {
            segment = 1;
            at = 0;
        }
        if (segment == 1)
            LL_ASSERT(fuzz_find(disk, fuzz_name[1], &at, &record));
    }
    ll_journal_reader_position(reader, &position);
    LL_ASSERT(rc == LL_ERR_SHORT || rc == LL_ERR_CORRUPT);
    LL_ASSERT((rc == LL_ERR_SHORT) == (why.code == LL_OK));
    LL_ASSERT(position.last_event_id == *last || position.records == 0);
    *last = position.last_event_id;
    ll_journal_reader_close(reader);
    return rc;
}

/* To any record that was read, and to the one behind the last: what comes next is that one. Of a journal that is not
 * sound a seek may find more than reading did, and no other record than the one it was asked for. */
static void fuzz_seek(struct ll_sim_disk *disk, int read_rc, uint64_t last, uint64_t event_id)
{
    struct ll_journal_reader *reader = NULL;
    struct ll_journal_record record;
    struct ll_why why = {0};
    int rc = ll_journal_reader_open_at(&reader, "sim", event_id, ll_sim_disk_files(disk), &why);
    LL_ASSERT(rc == why.code && (reader != NULL) == (rc == LL_OK));
    LL_ASSERT(rc == LL_OK || read_rc != LL_ERR_SHORT);
    if (rc != LL_OK)
        return;
    rc = ll_journal_reader_next(reader, &record, &why);
    LL_ASSERT(rc != LL_OK || record.event_id == event_id);
    LL_ASSERT(read_rc != LL_ERR_SHORT || rc == (event_id <= last ? LL_OK : LL_ERR_SHORT));
    why = (struct ll_why){0};
    rc = ll_journal_reader_seek(reader, 1, &why); /* back */
    LL_ASSERT(rc == why.code && (rc == LL_OK || read_rc != LL_ERR_SHORT));
    ll_journal_reader_close(reader);
}

static void fuzz_append_one(struct ll_sim_disk *disk, int read_rc, uint64_t last)
{
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_journal *journal;
    struct ll_slot slot;
    struct ll_why why = {0};
    uint64_t end;
    ll_journal_config_default(&config);
    config.dir = "sim";
    config.segment_bytes = FUZZ_SEGMENT_BYTES;
    config.ring_slots = LL_JOURNAL_RING_SLOTS_MIN;
    config.files = ll_sim_disk_files(disk);
    int rc = ll_journal_open(&journal, &config, &recovery, &why);
    LL_ASSERT((rc == LL_OK) == (read_rc == LL_ERR_SHORT));
    if (rc != LL_OK)
        return;
    LL_ASSERT(recovery.last_event_id == last);
    (void)ll_record_write(&slot, LL_RECORD_FEED, 0, last + 1, 1, (const uint8_t *)"x", 1);
    LL_ASSERT(ll_journal_append(journal, &slot, 1) == LL_OK);
    LL_ASSERT(ll_journal_close(journal, &why) == LL_OK);
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    LL_ASSERT(ll_journal_reader_open_files(&reader, "sim", config.files, &why) == LL_OK);
    for (end = 0; (rc = ll_journal_reader_next(reader, &record, &why)) == LL_OK;)
        end = record.event_id;
    LL_ASSERT(rc == LL_ERR_SHORT);
    LL_ASSERT(end == last + 1);
    ll_journal_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    uint64_t last;
    if (bytes_count == 0)
        return 0;
    struct ll_sim_disk *disk = ll_sim_disk_new();
    uint8_t choice = bytes[0];
    if ((choice & 1) == 0) {
        fuzz_put_raw(disk, bytes + 1, bytes_count - 1, (choice & 2) != 0);
    } else {
        fuzz_put_slots(disk, 1, bytes + 1, bytes_count - 1, (choice & 2) != 0);
        if ((choice & 4) != 0)
            fuzz_put_slots(disk, 2, bytes + 1, bytes_count - 1, (choice & 2) != 0);
    }
    int rc = fuzz_read(disk, &last);
    if (last > 0 && last < UINT64_MAX)
        fuzz_seek(disk, rc, last, 1 + choice % (last + 1));
    /* A thread per input is slow: only when the input asks for it. */
    if ((choice & 8) != 0 && last < UINT64_MAX - 2)
        fuzz_append_one(disk, rc, last);
    ll_sim_disk_free(disk);
    return 0;
}
