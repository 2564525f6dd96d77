/* SPDX-License-Identifier: Apache-2.0 */
#include "host/journal/ll_journal_reader.h"

#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/journal/ll_journal_files.h"
#include "host/journal/ll_journal_list.h"
#include "host/journal/ll_journal_segment.h"

/* The window on the segment: small when following (a poll costs little), large when reading on. */
#define LL_READER_WINDOW_SLOTS_MIN 128u
#define LL_READER_WINDOW_SLOTS_MAX 4096u
#define LL_READER_RENAMES_MAX      100u
static_assert(LL_READER_WINDOW_SLOTS_MIN >= LL_RECORD_SLOTS_MAX, "a record fits in a window");
static_assert(LL_READER_WINDOW_SLOTS_MIN > 4096u / LL_SLOT_BYTES, "a gap between runs fits in a window");

/* What lies at the reader's position. */
enum ll_reader_sight {
    LL_SIGHT_RECORD,
    LL_SIGHT_SEAL,
    LL_SIGHT_GAP,    /* zeros up to the next run, which is good */
    LL_SIGHT_END,    /* zero, or the end of the segment */
    LL_SIGHT_BROKEN, /* fails its checksum, or lacks a part: an unfinished write, or damage */
    LL_SIGHT_WRONG   /* checksum right but it cannot stand here: never a matter of power */
};

struct ll_journal_reader {
    const struct ll_journal_files *files;
    struct ll_arena arena;
    int dir;
    int file; /* -1 until the first segment is open */
    struct ll_journal_list list;
    size_t list_index; /* of the open segment */
    struct ll_segment segment;
    uint32_t seed;
    uint64_t expected_event_id; /* 0 = any: older segments have been archived */
    struct ll_journal_position position;
    uint64_t records_before_segment;
    uint32_t renames; /* files that vanished between listing and opening, since the last record */
    bool follows; /* the end was reached and examined once: from now on look only where the writer writes */
    struct ll_why failed;
    uint64_t window_first;
    uint64_t window_slots;
    uint64_t window_slots_next;
    const char *reason; /* of the last sight, for the message */
    uint8_t payload[LL_RECORD_PAYLOAD_BYTES_MAX];
    _Alignas(64) struct ll_slot window[LL_READER_WINDOW_SLOTS_MAX];
};

static void ll_reader_entry_name(const struct ll_journal_reader *reader, size_t index, char *name)
{
    const struct ll_journal_entry *entry = &reader->list.entries[index];
    ll_segment_name(name, entry->day, entry->number);
}

/* Opens and checks a segment file of the list. */
static int ll_reader_open_entry(struct ll_journal_reader *reader, size_t index, int *file,
                                struct ll_segment *segment, struct ll_why *why)
{
    const struct ll_journal_files *files = reader->files;
    char name[LL_SEGMENT_NAME_BYTES];
    uint8_t header[LL_SEGMENT_HEADER_BYTES];
    uint64_t file_bytes = 0;
    size_t got_bytes = 0;
    ll_reader_entry_name(reader, index, name);
    int rc = files->open(files->context, reader->dir, name, LL_JOURNAL_FILE_READ, file, why);
    if (rc != LL_OK)
        return rc;
    rc = files->size(files->context, *file, &file_bytes, why);
    if (rc == LL_OK)
        rc = files->read(files->context, *file, header, sizeof header, 0, &got_bytes, why);
    if (rc == LL_OK && got_bytes < sizeof header)
        rc = LL_FAIL(why, LL_ERR_CORRUPT, "offset %zu: the file ends inside the header", got_bytes);
    if (rc == LL_OK)
        rc = ll_segment_header_decode(segment, header, why);
    if (rc == LL_OK && segment->segment_bytes != file_bytes)
        rc = LL_FAIL(why, LL_ERR_CORRUPT, "the file has %llu bytes, its header says %llu",
                     (unsigned long long)file_bytes, (unsigned long long)segment->segment_bytes);
    if (rc == LL_OK && segment->number != reader->list.entries[index].number)
        rc = LL_FAIL(why, LL_ERR_CORRUPT, "offset 24: header says segment %llu",
                     (unsigned long long)segment->number);
    if (rc == LL_OK && reader->file >= 0 && segment->salt != reader->segment.salt)
        rc = LL_FAIL(why, LL_ERR_CORRUPT, "offset 16: belongs to another journal (salt)");
    if (rc == LL_OK)
        return LL_OK;
    ll_why_append(why, "segment %s%s", name, rc == LL_ERR_CORRUPT ? "; restore it from a copy" : "");
    files->close(files->context, *file);
    *file = -1;
    return rc;
}

/* Makes entry `index` the segment the reader stands in. */
static int ll_reader_enter(struct ll_journal_reader *reader, size_t index, struct ll_why *why)
{
    struct ll_segment segment;
    int file = -1;
    int rc = ll_reader_open_entry(reader, index, &file, &segment, why);
    if (rc != LL_OK)
        return rc;
    if (reader->file >= 0)
        reader->files->close(reader->files->context, reader->file);
    reader->file = file;
    reader->segment = segment;
    reader->seed = ll_segment_seed(&segment);
    reader->list_index = index;
    reader->position.segment_number = segment.number;
    reader->position.day = reader->list.entries[index].day;
    reader->position.slot_index = 0;
    reader->position.torn_first = 0;
    reader->position.torn_slots = 0;
    reader->position.sealed = false;
    reader->records_before_segment = reader->position.records;
    reader->window_slots = 0;
    reader->window_slots_next = LL_READER_WINDOW_SLOTS_MIN;
    return LL_OK;
}

/* Reads slots of `file` into the window memory. */
static int ll_reader_read_slots(struct ll_journal_reader *reader, int file, uint64_t first, uint64_t count,
                                struct ll_why *why)
{
    LL_ASSERT(count <= LL_READER_WINDOW_SLOTS_MAX);
    size_t bytes = (size_t)count * LL_SLOT_BYTES;
    size_t got_bytes = 0;
    reader->window_slots = 0;
    int rc = reader->files->read(reader->files->context, file, reader->window, bytes,
                                 ll_segment_offset(first), &got_bytes, why);
    if (rc == LL_OK && got_bytes < bytes)
        rc = LL_FAIL(why, LL_ERR_IO, "segment %06llu became shorter while it was read; leave the files alone",
                     (unsigned long long)reader->segment.number);
    return rc;
}

/* Points at `count` slots from `first`, all inside the segment. */
static int ll_reader_need(struct ll_journal_reader *reader, uint64_t first, uint64_t count,
                          const struct ll_slot **slots, struct ll_why *why)
{
    uint64_t segment_slots = ll_segment_slots(&reader->segment);
    LL_ASSERT(first + count <= segment_slots);
    LL_ASSERT(count <= LL_READER_WINDOW_SLOTS_MIN);
    if (first < reader->window_first || first + count > reader->window_first + reader->window_slots) {
        uint64_t wanted = reader->window_slots_next;
        if (wanted > segment_slots - first)
            wanted = segment_slots - first;
        int rc = ll_reader_read_slots(reader, reader->file, first, wanted, why);
        if (rc != LL_OK)
            return rc;
        reader->window_first = first;
        reader->window_slots = wanted;
        if (reader->window_slots_next < LL_READER_WINDOW_SLOTS_MAX)
            reader->window_slots_next *= 2;
    }
    *slots = reader->window + (first - reader->window_first);
    return LL_OK;
}

static int ll_reader_see(struct ll_journal_reader *reader, enum ll_reader_sight *sight,
                         enum ll_reader_sight value, const char *reason)
{
    *sight = value;
    reader->reason = reason;
    return LL_OK;
}

static bool ll_reader_id_fits(const struct ll_journal_reader *reader, const struct ll_slot *slot)
{
    uint64_t event_id = slot->kind == LL_RECORD_KIND_SEAL ? slot->event_id + 1 : slot->event_id;
    return event_id != 0 && (reader->expected_event_id == 0 || event_id == reader->expected_event_id);
}

/* A good head at `first`: are its tails good, and do they fit? */
static int ll_reader_look_at_record(struct ll_journal_reader *reader, uint64_t first, uint32_t payload_bytes,
                                    uint64_t event_id, enum ll_reader_sight *sight, struct ll_why *why)
{
    const struct ll_slot *slots;
    uint32_t count = ll_record_slots(payload_bytes);
    if (first + count > ll_segment_slots(&reader->segment))
        return ll_reader_see(reader, sight, LL_SIGHT_WRONG, "the record reaches over the end of the segment");
    int rc = ll_reader_need(reader, first, count, &slots, why);
    if (rc != LL_OK)
        return rc;
    for (uint32_t i = 1; i < count; i++) {
        if (ll_slot_check(&slots[i], reader->seed) != LL_SLOT_GOOD)
            return ll_reader_see(reader, sight, LL_SIGHT_BROKEN, "a later slot of the record is damaged");
        if (slots[i].kind != LL_RECORD_KIND_TAIL || slots[i].payload_bytes != i ||
            slots[i].event_id != event_id)
            return ll_reader_see(reader, sight, LL_SIGHT_WRONG, "a later slot of the record is another's");
    }
    return ll_reader_see(reader, sight, LL_SIGHT_RECORD, "good");
}

/* A zero slot: either the rest of a run's last sector, with the next run behind it, or the end. */
static int ll_reader_look_behind_zero(struct ll_journal_reader *reader, uint64_t first,
                                      enum ll_reader_sight *sight, struct ll_why *why)
{
    const struct ll_slot *slots;
    uint64_t next = ll_segment_run_start(&reader->segment, first);
    if (next == first || next >= ll_segment_slots(&reader->segment))
        return ll_reader_see(reader, sight, LL_SIGHT_END, "nothing is written here");
    uint64_t count = next - first;
    int rc = ll_reader_need(reader, first, count + 1, &slots, why);
    if (rc != LL_OK)
        return rc;
    for (uint64_t i = 0; i < count; i++) {
        if (!ll_slot_is_zero(&slots[i]))
            return ll_reader_see(reader, sight, LL_SIGHT_END, "nothing is written here");
    }
    bool good = ll_slot_check(&slots[count], reader->seed) == LL_SLOT_GOOD;
    if (good && ll_slot_starts_run(&slots[count]) && ll_reader_id_fits(reader, &slots[count]))
        return ll_reader_see(reader, sight, LL_SIGHT_GAP, "good");
    return ll_reader_see(reader, sight, LL_SIGHT_END, "nothing is written here");
}

static int ll_reader_look(struct ll_journal_reader *reader, enum ll_reader_sight *sight, struct ll_why *why)
{
    const struct ll_slot *slot;
    uint64_t at = reader->position.slot_index;
    if (at == ll_segment_slots(&reader->segment))
        return ll_reader_see(reader, sight, LL_SIGHT_END, "the segment is full");
    int rc = ll_reader_need(reader, at, 1, &slot, why);
    if (rc != LL_OK)
        return rc;
    switch (ll_slot_check(slot, reader->seed)) {
    case LL_SLOT_ZERO:
        return ll_reader_look_behind_zero(reader, at, sight, why);
    case LL_SLOT_BAD:
        return ll_reader_see(reader, sight, LL_SIGHT_BROKEN, "the slot is damaged (checksum)");
    case LL_SLOT_GOOD:
        break;
    }
    if (slot->kind == LL_RECORD_KIND_TAIL)
        return ll_reader_see(reader, sight, LL_SIGHT_WRONG, "the middle of a record without its head");
    if (!ll_reader_id_fits(reader, slot))
        return ll_reader_see(reader, sight, LL_SIGHT_WRONG, "another event id: events are missing before it");
    if (slot->kind == LL_RECORD_KIND_SEAL && !ll_slot_starts_run(slot))
        return ll_reader_see(reader, sight, LL_SIGHT_WRONG, "a seal that lacks its mark");
    if (slot->kind == LL_RECORD_KIND_SEAL)
        return ll_reader_see(reader, sight, LL_SIGHT_SEAL, "good");
    if (ll_slot_payload_bytes(slot) > LL_RECORD_PAYLOAD_BYTES_MAX)
        return ll_reader_see(reader, sight, LL_SIGHT_WRONG, "the record is longer than any may be");
    return ll_reader_look_at_record(reader, at, ll_slot_payload_bytes(slot), slot->event_id, sight, why);
}

/* As ll_reader_look, from what the file holds now. */
static int ll_reader_look_again(struct ll_journal_reader *reader, enum ll_reader_sight *sight,
                                struct ll_why *why)
{
    reader->window_slots = 0;
    reader->window_slots_next = LL_READER_WINDOW_SLOTS_MIN;
    return ll_reader_look(reader, sight, why);
}

/* What is written in a stretch of a segment. */
struct ll_reader_rest {
    uint64_t used_first; /* the first slot that is not zero */
    uint64_t used_slots; /* from there up to the last slot that is not zero; 0 = all are zero */
    bool marked;         /* some slot behind the first one is good and starts a run */
};

/* Examines [first, end of segment); stops at the first used slot when `any` is enough. */
static int ll_reader_examine(struct ll_journal_reader *reader, int file, const struct ll_segment *segment,
                             uint64_t first, bool any, struct ll_reader_rest *rest, struct ll_why *why)
{
    uint64_t end = ll_segment_slots(segment);
    uint32_t seed = ll_segment_seed(segment);
    memset(rest, 0, sizeof *rest);
    for (uint64_t at = first; at < end;) {
        uint64_t count = end - at < LL_READER_WINDOW_SLOTS_MAX ? end - at : LL_READER_WINDOW_SLOTS_MAX;
        int rc = ll_reader_read_slots(reader, file, at, count, why);
        if (rc != LL_OK)
            return rc;
        for (uint64_t i = 0; i < count; i++) {
            const struct ll_slot *slot = &reader->window[i];
            if (ll_slot_is_zero(slot))
                continue;
            if (rest->used_slots == 0)
                rest->used_first = at + i;
            rest->used_slots = at + i + 1 - rest->used_first;
            if (any)
                return LL_OK;
            /* A mark at `first` itself vouches for what is before it only. */
            if (at + i > first && ll_slot_check(slot, seed) == LL_SLOT_GOOD && ll_slot_starts_run(slot))
                rest->marked = true;
        }
        at += count;
    }
    return LL_OK;
}

/* Finds the first later segment with anything written; *index is list.count when there is none. When
 * following, only the first slot of the next one is looked at: that is where the writer goes. */
static int ll_reader_find_later(struct ll_journal_reader *reader, size_t *index, struct ll_why *why)
{
    for (*index = reader->list_index + 1; *index < reader->list.count; (*index)++) {
        struct ll_segment segment;
        struct ll_reader_rest rest = {0};
        int file = -1;
        int rc = ll_reader_open_entry(reader, *index, &file, &segment, why);
        if (rc != LL_OK)
            return rc;
        if (reader->follows) {
            rc = ll_reader_read_slots(reader, file, 0, 1, why);
            rest.used_slots = rc == LL_OK && !ll_slot_is_zero(&reader->window[0]);
        } else {
            rc = ll_reader_examine(reader, file, &segment, 0, true, &rest, why);
        }
        reader->files->close(reader->files->context, file);
        if (rc != LL_OK || rest.used_slots > 0)
            return rc;
    }
    return LL_OK;
}

/* The directory changes under a live reader: new segments come, a prepared one gets its day. */
static int ll_reader_refresh_list(struct ll_journal_reader *reader, struct ll_why *why)
{
    int rc = ll_journal_list_read(&reader->list, reader->files, reader->dir, reader->segment.number, why);
    if (rc != LL_OK)
        return rc;
    if (reader->list.count == 0 || reader->list.entries[0].number != reader->segment.number)
        return LL_FAIL(why, LL_ERR_IO, "segment %06llu was taken away while it was read",
                       (unsigned long long)reader->segment.number);
    reader->list_index = 0;
    return LL_OK;
}

static int ll_reader_corrupt(const struct ll_journal_reader *reader, const char *evidence, struct ll_why *why)
{
    char name[LL_SEGMENT_NAME_BYTES];
    ll_reader_entry_name(reader, reader->list_index, name);
    return LL_FAIL(why, LL_ERR_CORRUPT,
                   "segment %s, offset %llu, at event %llu: %s%s; restore this segment from a copy", name,
                   (unsigned long long)ll_segment_offset(reader->position.slot_index),
                   (unsigned long long)reader->expected_event_id, reader->reason, evidence);
}

/* A file of the list is gone: its segment got its day meanwhile. Not an error: the list is read again, and a
 * segment that is really missing shows there. Bounded, for names that lead nowhere. */
static int ll_reader_renamed(struct ll_journal_reader *reader, struct ll_why *why)
{
    if (++reader->renames > LL_READER_RENAMES_MAX)
        return LL_ERR_IO;
    if (why != NULL)
        memset(why, 0, sizeof *why);
    return LL_OK;
}

/* The position holds no good record. LL_OK: look again (more was written, or the next segment was entered).
 * LL_ERR_SHORT: this is the end. Otherwise the error. The order matters with a live writer: first everything
 * behind the position is looked at, then the position once more; what lies behind was written after it. */
static int ll_reader_judge_fully(struct ll_journal_reader *reader, struct ll_why *why)
{
    struct ll_reader_rest rest;
    enum ll_reader_sight sight = LL_SIGHT_END;
    size_t later;
    int rc = ll_reader_refresh_list(reader, why);
    if (rc == LL_OK)
        rc = ll_reader_find_later(reader, &later, why);
    if (rc == LL_ERR_INPUT)
        return ll_reader_renamed(reader, why);
    if (rc == LL_OK)
        rc = ll_reader_examine(reader, reader->file, &reader->segment, reader->position.slot_index, false,
                               &rest, why);
    if (rc == LL_OK)
        rc = ll_reader_look_again(reader, &sight, why);
    if (rc != LL_OK)
        return rc;
    if (sight < LL_SIGHT_END)
        return LL_OK;
    if (sight == LL_SIGHT_WRONG)
        return ll_reader_corrupt(reader, "", why);
    if (rest.marked)
        return ll_reader_corrupt(reader, ", yet later writes are intact", why);
    if (later < reader->list.count) {
        if (rest.used_slots > 0)
            return ll_reader_corrupt(reader, ", yet a later segment is used", why);
        if (later != reader->list_index + 1)
            return ll_reader_corrupt(reader, ", the next segment is empty, yet a later one is used", why);
        rc = ll_reader_enter(reader, later, why);
        return rc == LL_ERR_INPUT ? ll_reader_renamed(reader, why) : rc;
    }
    reader->position.torn_first = rest.used_first;
    reader->position.torn_slots = rest.used_slots;
    reader->follows = true;
    return LL_ERR_SHORT;
}

static int ll_reader_judge(struct ll_journal_reader *reader, struct ll_why *why)
{
    enum ll_reader_sight sight = LL_SIGHT_END;
    size_t later;
    int rc = LL_OK;
    if (!reader->follows)
        return ll_reader_judge_fully(reader, why);
    if (reader->list_index + 1 >= reader->list.count)
        rc = ll_reader_refresh_list(reader, why);
    if (rc == LL_OK)
        rc = ll_reader_look_again(reader, &sight, why);
    if (rc != LL_OK || sight < LL_SIGHT_END)
        return rc;
    if (sight > LL_SIGHT_END)
        return ll_reader_judge_fully(reader, why);
    rc = ll_reader_find_later(reader, &later, why);
    if (rc == LL_ERR_INPUT)
        rc = ll_reader_renamed(reader, why);
    if (rc == LL_OK && later < reader->list.count)
        return ll_reader_judge_fully(reader, why);
    return rc == LL_OK ? LL_ERR_SHORT : rc;
}

static void ll_reader_take_record(struct ll_journal_reader *reader, struct ll_journal_record *record)
{
    struct ll_journal_position *position = &reader->position;
    const struct ll_slot *slots = reader->window + (position->slot_index - reader->window_first);
    const struct ll_slot *head = &slots[0];
    uint32_t payload_bytes = ll_slot_payload_bytes(head);
    uint32_t count = ll_record_slots(payload_bytes);
    record->kind = head->kind;
    record->verdict = head->verdict;
    record->payload_bytes = payload_bytes;
    record->event_id = head->event_id;
    record->time_ns = head->time_ns;
    record->payload = reader->payload;
    reader->renames = 0;
    uint32_t at = payload_bytes < LL_RECORD_HEAD_PAYLOAD ? payload_bytes : LL_RECORD_HEAD_PAYLOAD;
    memcpy(reader->payload, head->payload, at);
    for (uint32_t i = 1; i < count; i++) {
        uint32_t part =
            payload_bytes - at < LL_RECORD_TAIL_PAYLOAD ? payload_bytes - at : LL_RECORD_TAIL_PAYLOAD;
        memcpy(reader->payload + at, (const uint8_t *)&slots[i] + offsetof(struct ll_slot, time_ns), part);
        at += part;
    }
    LL_ASSERT(at == payload_bytes);
    if (position->records == reader->records_before_segment)
        position->segments++;
    if (position->records == 0)
        position->first_event_id = head->event_id;
    position->records++;
    position->slots += count;
    position->slot_index += count;
    position->last_event_id = head->event_id;
    position->sealed = false;
    position->ended = false;
    if (ll_slot_starts_run(head))
        position->durable_event_id = head->event_id - 1;
    reader->expected_event_id = head->event_id + 1;
}

/* LL_OK: a record. LL_ERR_SHORT: nothing good at the position. */
static int ll_reader_take(struct ll_journal_reader *reader, struct ll_journal_record *record,
                          struct ll_why *why)
{
    struct ll_journal_position *position = &reader->position;
    for (;;) {
        enum ll_reader_sight sight = LL_SIGHT_END;
        int rc = ll_reader_look(reader, &sight, why);
        if (rc != LL_OK)
            return rc;
        if (sight == LL_SIGHT_RECORD) {
            ll_reader_take_record(reader, record);
            return LL_OK;
        }
        if (sight == LL_SIGHT_GAP) {
            position->slot_index = ll_segment_run_start(&reader->segment, position->slot_index);
        } else if (sight == LL_SIGHT_SEAL) {
            const struct ll_slot *seal = reader->window + (position->slot_index - reader->window_first);
            reader->expected_event_id = seal->event_id + 1;
            position->last_event_id = seal->event_id;
            position->durable_event_id = seal->event_id;
            position->slot_index++;
            position->sealed = true;
        } else {
            return LL_ERR_SHORT;
        }
    }
}

int ll_journal_reader_next(struct ll_journal_reader *reader, struct ll_journal_record *record,
                           struct ll_why *why)
{
    struct ll_why local = {0};
    int rc = reader->failed.code;
    while (rc == LL_OK) {
        rc = ll_reader_take(reader, record, &local);
        if (rc == LL_OK)
            return LL_OK;
        if (rc == LL_ERR_SHORT)
            rc = ll_reader_judge(reader, &local);
        reader->position.ended = rc == LL_ERR_SHORT;
        if (rc == LL_ERR_SHORT)
            return rc;
        if (rc != LL_OK) {
            reader->failed = local;
            reader->failed.code = rc;
        }
    }
    if (why != NULL && why->code == LL_OK)
        *why = reader->failed;
    return rc;
}

void ll_journal_reader_position(const struct ll_journal_reader *reader, struct ll_journal_position *position)
{
    *position = reader->position;
    position->next_event_id = reader->expected_event_id;
    position->salt = reader->segment.salt;
}

const struct ll_journal_files *ll_journal_reader_door(const struct ll_journal_reader *reader, int *dir)
{
    *dir = reader->dir;
    return reader->files;
}

/* The first event id of a segment, as its first slot tells: a run always begins there. 0 = it does not tell:
 * never written, or damaged; reading on from the segment before it judges that. */
static int ll_reader_first_event_id(struct ll_journal_reader *reader, size_t index, uint64_t *event_id,
                                    struct ll_why *why)
{
    struct ll_segment segment;
    int file = -1;
    *event_id = 0;
    int rc = ll_reader_open_entry(reader, index, &file, &segment, why);
    if (rc != LL_OK)
        return rc;
    rc = ll_reader_read_slots(reader, file, 0, 1, why);
    reader->files->close(reader->files->context, file);
    const struct ll_slot *first = &reader->window[0];
    if (rc == LL_OK && ll_slot_check(first, ll_segment_seed(&segment)) == LL_SLOT_GOOD &&
        ll_slot_starts_run(first))
        *event_id = first->kind == LL_RECORD_KIND_SEAL ? first->event_id + 1 : first->event_id;
    return rc;
}

/* Enters the last segment that begins at or before the event; the first one when none is known to. */
static int ll_reader_enter_for(struct ll_journal_reader *reader, uint64_t event_id, struct ll_why *why)
{
    size_t index = event_id > 1 ? reader->list.count - 1 : 0;
    reader->expected_event_id = reader->list.entries[0].number == 1 ? 1 : 0;
    for (; index > 0; index--) {
        uint64_t first_event_id;
        int rc = ll_reader_first_event_id(reader, index, &first_event_id, why);
        if (rc != LL_OK)
            return rc;
        if (first_event_id != 0 && first_event_id <= event_id) {
            reader->expected_event_id = first_event_id;
            break;
        }
    }
    return ll_reader_enter(reader, index, why);
}

#define LL_READER_ENTER_TRIES 3

/* Lists the segments and enters the one that holds the event. A segment of a live journal may get its day between
 * the listing and the opening: then once more. */
static int ll_reader_go_to(struct ll_journal_reader *reader, uint64_t event_id, struct ll_why *why)
{
    struct ll_why local = {0};
    int rc = LL_ERR_INPUT;
    for (int i = 0; i < LL_READER_ENTER_TRIES && rc == LL_ERR_INPUT; i++) {
        memset(&local, 0, sizeof local);
        memset(&reader->position, 0, sizeof reader->position);
        reader->follows = false;
        reader->renames = 0;
        rc = ll_journal_list_read(&reader->list, reader->files, reader->dir, 0, &local);
        if (rc == LL_OK && reader->list.count == 0)
            return LL_FAIL(why, LL_ERR_INPUT,
                           "no journal is here (no *.lljournal file); check the directory");
        if (rc == LL_OK)
            rc = ll_reader_enter_for(reader, event_id, &local);
    }
    if (rc != LL_OK && rc != LL_ERR_INPUT)
        reader->failed = local;
    if (rc != LL_OK && why != NULL && why->code == LL_OK)
        *why = local;
    return rc;
}

/* What was read on the way is not what the caller asked for. */
static void ll_reader_count_anew(struct ll_journal_reader *reader)
{
    struct ll_journal_position *position = &reader->position;
    position->segments = 0;
    position->records = 0;
    position->slots = 0;
    position->first_event_id = 0;
    reader->records_before_segment = 0;
}

int ll_journal_reader_seek(struct ll_journal_reader *reader, uint64_t event_id, struct ll_why *why)
{
    struct ll_journal_record record;
    int rc = reader->failed.code;
    if (rc != LL_OK && why != NULL && why->code == LL_OK)
        *why = reader->failed;
    if (rc == LL_OK)
        rc = ll_reader_go_to(reader, event_id, why);
    while (rc == LL_OK && reader->expected_event_id < event_id) {
        rc = ll_journal_reader_next(reader, &record, why);
        if (rc == LL_OK && record.event_id >= event_id)
            rc = LL_FAIL(why, LL_ERR_INPUT,
                         "the journal begins at event %llu, behind event %llu; bring back its older segments",
                         (unsigned long long)record.event_id, (unsigned long long)event_id);
    }
    if (rc == LL_ERR_SHORT)
        rc = LL_FAIL(why, LL_ERR_SHORT, "the journal ends at event %llu, before event %llu",
                     (unsigned long long)reader->position.last_event_id, (unsigned long long)event_id);
    ll_reader_count_anew(reader);
    return rc;
}

int ll_journal_reader_open_at(struct ll_journal_reader **reader, const char *dir, uint64_t event_id,
                              const struct ll_journal_files *files, struct ll_why *why)
{
    *reader = NULL;
    struct ll_arena arena;
    int rc = ll_arena_init(&arena, sizeof **reader, why);
    if (rc != LL_OK)
        return rc;
    struct ll_journal_reader *made = ll_arena_alloc(&arena, sizeof **reader, 64);
    made->arena = arena;
    made->files = files != NULL ? files : ll_journal_files_real();
    made->dir = -1;
    made->file = -1;
    rc = made->files->dir_open(made->files->context, dir, false, &made->dir, why);
    if (rc == LL_OK) {
        rc = ll_journal_reader_seek(made, event_id, why);
        if (rc == LL_ERR_INPUT)
            ll_why_append(why, "journal %s", dir);
    }
    if (rc == LL_OK)
        *reader = made;
    else
        ll_journal_reader_close(made);
    return rc;
}

int ll_journal_reader_open_files(struct ll_journal_reader **reader, const char *dir,
                                 const struct ll_journal_files *files, struct ll_why *why)
{
    return ll_journal_reader_open_at(reader, dir, 0, files, why);
}

int ll_journal_reader_open(struct ll_journal_reader **reader, const char *dir, struct ll_why *why)
{
    return ll_journal_reader_open_files(reader, dir, NULL, why);
}

void ll_journal_reader_close(struct ll_journal_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->file >= 0)
        reader->files->close(reader->files->context, reader->file);
    if (reader->dir >= 0)
        reader->files->close(reader->files->context, reader->dir);
    ll_journal_list_free(&reader->list);
    struct ll_arena arena = reader->arena; /* the object lies in it */
    ll_arena_deinit(&arena);
}

#define LL_VERIFY_RECORDS_PER_CALL 4096u

int ll_journal_verify(const char *dir, struct ll_journal_report *report,
                      void (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes),
                      void *context, struct ll_why *why)
{
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    memset(report, 0, sizeof *report);
    int rc = ll_journal_reader_open(&reader, dir, why);
    if (rc != LL_OK)
        return rc;
    LL_ASSERT(reader != NULL);
    uint64_t first_number = reader->segment.number;
    uint64_t total_bytes = reader->list.count * reader->segment.segment_bytes;
    do {
        rc = ll_journal_reader_next(reader, &record, why);
        if (progress != NULL && reader->position.records % LL_VERIFY_RECORDS_PER_CALL == 0) {
            uint64_t done_bytes = (reader->segment.number - first_number) * reader->segment.segment_bytes +
                                  ll_segment_offset(reader->position.slot_index);
            progress(context, done_bytes < total_bytes ? done_bytes : total_bytes, total_bytes);
        }
    } while (rc == LL_OK);
    report->segments = reader->position.segments;
    report->records = reader->position.records;
    report->slots = reader->position.slots;
    report->first_event_id = reader->position.first_event_id;
    report->last_event_id = reader->position.last_event_id;
    report->torn_slots = reader->position.torn_slots;
    if (rc == LL_ERR_SHORT)
        rc = LL_OK;
    if (rc == LL_OK && progress != NULL)
        progress(context, total_bytes, total_bytes);
    ll_journal_reader_close(reader);
    return rc;
}
