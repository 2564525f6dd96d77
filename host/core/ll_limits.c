/* SPDX-License-Identifier: Apache-2.0 */
#include "host/core/ll_limits.h"

#include "hls/ll_hash.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LL_LIMITS_MAGIC    UINT64_C(0x4c4c4c494d495401) /* "LLLIMIT", version 1 */
#define LL_LIMITS_ROWS_MAX (1u << 20)
#define LL_LINE_BYTES      ((size_t)64)

struct ll_limits_control {
    uint64_t magic;
    struct ll_limits_config config;
    uint32_t row_count[2];
    uint32_t in_force; /* which of the two sets */
    uint32_t version;
    uint32_t slot_mask;
    uint8_t is_begun;
    uint8_t has_failed; /* an entry of the new set was refused */
    uint8_t reserved[2];
};

/* --- The list ------------------------------------------------------------------------------------------- */

static const struct ll_limit_info LL_LIMIT_INFO[LL_LIMIT_COUNT] = {
#define LL_LIMIT_ROW(NAME, number, text, UNIT, control, KIND, scopes, least, most) \
    [LL_LIMIT_##NAME] = {text, least, most, LL_UNIT_##UNIT, control, LL_LIMIT_##KIND, scopes},
    LL_LIMITS(LL_LIMIT_ROW)
#undef LL_LIMIT_ROW
};

/* What the firm has to have: the four controls of Article 15(1), with what they need. A collar is checked apart. */
static const uint8_t LL_LIMITS_REQUIRED[] = {LL_LIMIT_REFERENCE_AGE, LL_LIMIT_ORDER_QUANTITY,
                                             LL_LIMIT_ORDER_NOTIONAL, LL_LIMIT_MESSAGES,
                                             LL_LIMIT_MESSAGE_WINDOW};
/* A count says nothing without its window. */
static const uint8_t LL_LIMITS_WINDOWS[][2] = {{LL_LIMIT_REPEAT_COUNT, LL_LIMIT_REPEAT_WINDOW},
                                               {LL_LIMIT_EXECUTIONS, LL_LIMIT_EXECUTION_WINDOW}};

const struct ll_limit_info *ll_limit_info(enum ll_limit limit)
{
    LL_ASSERT((unsigned)limit < LL_LIMIT_COUNT);
    return &LL_LIMIT_INFO[limit];
}

const char *ll_limit_scope_name(uint8_t scope)
{
    static const char *const NAMES[LL_SCOPE_COUNT] = {
#define LL_SCOPE_TEXT(name, number, text) [number] = (text),
        LL_LIMIT_SCOPES(LL_SCOPE_TEXT)
#undef LL_SCOPE_TEXT
    };
    return scope < LL_SCOPE_COUNT ? NAMES[scope] : "unknown";
}

const char *ll_limit_unit_name(uint8_t unit)
{
    static const char *const NAMES[] = {
#define LL_UNIT_TEXT(name, text) [LL_UNIT_##name] = (text),
        LL_LIMIT_UNITS(LL_UNIT_TEXT)
#undef LL_UNIT_TEXT
    };
    return unit < sizeof NAMES / sizeof NAMES[0] ? NAMES[unit] : "unknown";
}

bool ll_limit_entry_add(struct ll_limit_entry *entry, enum ll_limit limit, uint64_t value)
{
    if (entry->value_count == LL_LIMIT_ENTRY_VALUES_MAX)
        return false;
    entry->limit[entry->value_count] = (uint8_t)limit;
    entry->value[entry->value_count] = value;
    entry->value_count++;
    return true;
}

/* --- Memory --------------------------------------------------------------------------------------------- */

static uint32_t ll_limits_slot_count(const struct ll_limits_config *config)
{
    uint32_t count = 8;
    while (count < config->rows_max * 2)
        count <<= 1;
    return count;
}

static size_t ll_limits_control_bytes(void)
{
    return ll_align_up(sizeof(struct ll_limits_control), LL_LINE_BYTES);
}

size_t ll_limits_footprint_bytes(const struct ll_limits_config *config)
{
    if (config->rows_max < LL_SCOPE_COUNT || config->rows_max > LL_LIMITS_ROWS_MAX ||
        config->window_count == 0 || config->window_count > LL_LIMIT_COUNT_MAX)
        return 0;
    return ll_limits_control_bytes() + (size_t)2 * config->rows_max * sizeof(struct ll_limit_row) +
           (size_t)2 * ll_limits_slot_count(config) * sizeof(uint32_t);
}

static void ll_limits_point(struct ll_limits *limits, void *memory, const struct ll_limits_config *config)
{
    unsigned char *at = memory;
    limits->control = memory;
    limits->rows[0] = (void *)(at + ll_limits_control_bytes());
    limits->rows[1] = limits->rows[0] + config->rows_max;
    limits->slots[0] = (void *)(limits->rows[1] + config->rows_max);
    limits->slots[1] = limits->slots[0] + ll_limits_slot_count(config);
}

static struct ll_limit_row *ll_limits_new_row(struct ll_limits *limits, uint32_t set, uint32_t scope,
                                              const char name[LL_NAME_BYTES_MAX])
{
    struct ll_limit_row *row = &limits->rows[set][limits->control->row_count[set]++];
    memcpy(row->name, name, LL_NAME_BYTES_MAX);
    row->scope = scope;
    row->reserved = 0;
    for (uint32_t i = 0; i < LL_LIMIT_COUNT; i++) {
        row->own[i] = LL_LIMIT_NOT_SET;
        row->value[i] = LL_LIMIT_NOT_SET;
    }
    return row;
}

/* Rows 0 to 3 are the firm and the "*" of each scope, by number of the scope. */
static void ll_limits_clear(struct ll_limits *limits, uint32_t set)
{
    static const char NONE[LL_NAME_BYTES_MAX] = "";
    static const char ANY[LL_NAME_BYTES_MAX] = "*";
    limits->control->row_count[set] = 0;
    memset(limits->slots[set], 0, ((size_t)limits->control->slot_mask + 1) * sizeof(uint32_t));
    for (uint32_t scope = 0; scope < LL_SCOPE_COUNT; scope++)
        (void)ll_limits_new_row(limits, set, scope, scope == LL_SCOPE_FIRM ? NONE : ANY);
}

void ll_limits_init(struct ll_limits *limits, void *memory, const struct ll_limits_config *config)
{
    size_t bytes = ll_limits_footprint_bytes(config);
    LL_ASSERT(bytes != 0);
    LL_ASSERT((uintptr_t)memory % LL_LINE_BYTES == 0);
    memset(memory, 0, bytes);
    ll_limits_point(limits, memory, config);
    limits->control->magic = LL_LIMITS_MAGIC;
    limits->control->config = *config;
    limits->control->slot_mask = ll_limits_slot_count(config) - 1;
    ll_limits_clear(limits, 0);
    ll_limits_clear(limits, 1);
}

int ll_limits_attach(struct ll_limits *limits, void *memory, size_t memory_bytes)
{
    const struct ll_limits_control *control = memory;
    if (memory_bytes < sizeof *control || control->magic != LL_LIMITS_MAGIC)
        return LL_ERR_CORRUPT;
    size_t bytes = ll_limits_footprint_bytes(&control->config);
    if (bytes == 0 || bytes > memory_bytes || control->in_force > 1 ||
        control->row_count[0] > control->config.rows_max ||
        control->row_count[1] > control->config.rows_max ||
        control->slot_mask != ll_limits_slot_count(&control->config) - 1)
        return LL_ERR_CORRUPT;
    ll_limits_point(limits, memory, &control->config);
    return LL_OK;
}

/* --- Rows ----------------------------------------------------------------------------------------------- */

/* The slot that a scope and name have in a set, or would get. Slots are at least twice the rows. */
static uint32_t *ll_limits_slot(const struct ll_limits *limits, uint32_t set, uint32_t scope,
                                const char name[LL_NAME_BYTES_MAX])
{
    uint64_t words[2];
    memcpy(words, name, sizeof words);
    uint32_t mask = limits->control->slot_mask;
    uint32_t slot = ll_hash_ref(words[0], ll_hash_ref(words[1], scope)) & mask;
    for (;; slot = (slot + 1) & mask) {
        uint32_t row = limits->slots[set][slot];
        if (row == 0 || (limits->rows[set][row - 1].scope == scope &&
                         memcmp(limits->rows[set][row - 1].name, name, LL_NAME_BYTES_MAX) == 0))
            return &limits->slots[set][slot];
    }
}

/* The row of exactly that name, or NULL. */
static struct ll_limit_row *ll_limits_exact(const struct ll_limits *limits, uint32_t set, uint32_t scope,
                                            const char name[LL_NAME_BYTES_MAX])
{
    if (memcmp(limits->rows[set][scope].name, name, LL_NAME_BYTES_MAX) == 0)
        return &limits->rows[set][scope];
    uint32_t row = *ll_limits_slot(limits, set, scope, name);
    return row == 0 ? NULL : &limits->rows[set][row - 1];
}

uint32_t ll_limits_window_count(const struct ll_limits *limits)
{
    return limits->control->config.window_count;
}

uint32_t ll_limits_version(const struct ll_limits *limits)
{
    return limits->control->version;
}

uint32_t ll_limits_find(const struct ll_limits *limits, enum ll_limit_scope scope,
                        const char name[LL_NAME_BYTES_MAX])
{
    uint32_t set = limits->control->in_force;
    uint32_t row = scope == LL_SCOPE_FIRM ? 0 : *ll_limits_slot(limits, set, scope, name);
    return row == 0 ? (uint32_t)scope : row - 1;
}

const struct ll_limit_row *ll_limits_row(const struct ll_limits *limits, uint32_t row)
{
    uint32_t set = limits->control->in_force;
    LL_ASSERT(row < limits->control->row_count[set]);
    return &limits->rows[set][row];
}

uint64_t ll_limits_firm(const struct ll_limits *limits, enum ll_limit limit)
{
    return limits->rows[limits->control->in_force][LL_SCOPE_FIRM].value[limit];
}

/* --- A new set ------------------------------------------------------------------------------------------ */

void ll_limits_begin(struct ll_limits *limits)
{
    ll_limits_clear(limits, limits->control->in_force ^ 1u);
    limits->control->is_begun = 1;
    limits->control->has_failed = 0;
}

/* The firm has no name; the others have one of printable characters without space, zero padded. */
static bool ll_limit_name_is_good(uint8_t scope, const char name[LL_NAME_BYTES_MAX])
{
    uint32_t bytes = 0;
    while (bytes < LL_NAME_BYTES_MAX && name[bytes] > ' ' && name[bytes] <= '~')
        bytes++;
    for (uint32_t i = bytes; i < LL_NAME_BYTES_MAX; i++)
        if (name[i] != 0)
            return false;
    return scope == LL_SCOPE_FIRM ? bytes == 0 : bytes > 0;
}

static int ll_limits_check_value(const struct ll_limits *limits, const struct ll_limit_entry *entry,
                                 uint32_t i, struct ll_why *why)
{
    const char *scope = ll_limit_scope_name(entry->scope);
    if (entry->limit[i] >= LL_LIMIT_COUNT)
        return LL_FAIL(why, LL_ERR_MALFORMED,
                       "%s %.16s: there is no limit number %u; it was written by a newer "
                       "version",
                       scope, entry->name, entry->limit[i]);
    const struct ll_limit_info *info = &LL_LIMIT_INFO[entry->limit[i]];
    uint64_t most = info->most;
    if ((info->scopes >> entry->scope & 1u) == 0)
        return LL_FAIL(why, LL_ERR_MALFORMED, "%s is not a limit of one %s", info->name, scope);
    if ((info->control == 7 || info->control == 8) && info->unit == LL_UNIT_COUNT)
        most = limits->control->config.window_count;
    if (entry->value[i] < info->least || entry->value[i] > most)
        return LL_FAIL(why, LL_ERR_MALFORMED, "%s %.16s: %s is %llu to %llu, not %llu", scope, entry->name,
                       info->name, (unsigned long long)info->least, (unsigned long long)most,
                       (unsigned long long)entry->value[i]);
    return LL_OK;
}

static int ll_limits_check_entry(const struct ll_limits *limits, const struct ll_limit_entry *entry,
                                 struct ll_why *why)
{
    int code = LL_OK;
    if (entry->scope >= LL_SCOPE_COUNT || !ll_limit_name_is_good(entry->scope, entry->name))
        return LL_FAIL(why, LL_ERR_MALFORMED,
                       "limits are of the firm, or of an account, strategy or symbol whose name is 1 to 16 "
                       "printable characters without space");
    if (entry->value_count > LL_LIMIT_ENTRY_VALUES_MAX)
        return LL_FAIL(why, LL_ERR_MALFORMED, "an entry has at most %u values", LL_LIMIT_ENTRY_VALUES_MAX);
    for (uint32_t i = 0; i < entry->value_count && code == LL_OK; i++)
        code = ll_limits_check_value(limits, entry, i, why);
    return code;
}

static int ll_limits_take(struct ll_limits *limits, const struct ll_limit_entry *entry, struct ll_why *why)
{
    struct ll_limits_control *control = limits->control;
    uint32_t set = control->in_force ^ 1u;
    struct ll_limit_row *row = ll_limits_exact(limits, set, entry->scope, entry->name);
    if (row == NULL && control->row_count[set] == control->config.rows_max)
        return LL_FAIL(why, LL_ERR_FULL,
                       "no room for more than %u scopes with limits; start with a larger table",
                       control->config.rows_max);
    if (row == NULL) {
        uint32_t *slot = ll_limits_slot(limits, set, entry->scope, entry->name);
        row = ll_limits_new_row(limits, set, entry->scope, entry->name);
        *slot = control->row_count[set];
    }
    for (uint32_t i = 0; i < entry->value_count; i++) {
        if (row->own[entry->limit[i]] != LL_LIMIT_NOT_SET)
            return LL_FAIL(why, LL_ERR_MALFORMED, "%s %.16s: %s is given twice; keep one",
                           ll_limit_scope_name(entry->scope), entry->name,
                           LL_LIMIT_INFO[entry->limit[i]].name);
        row->own[entry->limit[i]] = entry->value[i];
    }
    return LL_OK;
}

int ll_limits_add(struct ll_limits *limits, const struct ll_limit_entry *entry, struct ll_why *why)
{
    if (!limits->control->is_begun)
        return LL_FAIL(why, LL_ERR_USAGE, "limits are added between begin and commit");
    int code = ll_limits_check_entry(limits, entry, why);
    if (code == LL_OK)
        code = ll_limits_take(limits, entry, why);
    if (code != LL_OK)
        limits->control->has_failed = 1;
    return code;
}

static int ll_limits_check_complete(const struct ll_limits *limits, uint32_t set, struct ll_why *why)
{
    const uint64_t *firm = limits->rows[set][LL_SCOPE_FIRM].own;
    for (size_t i = 0; i < sizeof LL_LIMITS_REQUIRED; i++)
        if (firm[LL_LIMITS_REQUIRED[i]] == LL_LIMIT_NOT_SET)
            return LL_FAIL(why, LL_ERR_USAGE, "the firm has no %s; no order may pass without one, so add it",
                           LL_LIMIT_INFO[LL_LIMITS_REQUIRED[i]].name);
    if (firm[LL_LIMIT_COLLAR_BPS] == LL_LIMIT_NOT_SET && firm[LL_LIMIT_COLLAR_PRICE] == LL_LIMIT_NOT_SET)
        return LL_FAIL(
            why, LL_ERR_USAGE,
            "the firm has no collar; no order may pass without one, so add collar_bps or collar_price");
    for (uint32_t row = 0; row < limits->control->row_count[set]; row++)
        for (size_t i = 0; i < sizeof LL_LIMITS_WINDOWS / sizeof LL_LIMITS_WINDOWS[0]; i++)
            if (limits->rows[set][row].own[LL_LIMITS_WINDOWS[i][0]] != LL_LIMIT_NOT_SET &&
                firm[LL_LIMITS_WINDOWS[i][1]] == LL_LIMIT_NOT_SET)
                return LL_FAIL(why, LL_ERR_USAGE, "%s means nothing without the firm's %s; add it",
                               LL_LIMIT_INFO[LL_LIMITS_WINDOWS[i][0]].name,
                               LL_LIMIT_INFO[LL_LIMITS_WINDOWS[i][1]].name);
    return LL_OK;
}

int ll_limits_commit(struct ll_limits *limits, struct ll_why *why)
{
    struct ll_limits_control *control = limits->control;
    uint32_t set = control->in_force ^ 1u;
    if (!control->is_begun || control->has_failed)
        return LL_FAIL(why, LL_ERR_USAGE, "there is no whole new set of limits; begin anew");
    int code = ll_limits_check_complete(limits, set, why);
    if (code != LL_OK)
        return code;
    for (uint32_t i = 0; i < control->row_count[set]; i++) {
        struct ll_limit_row *row = &limits->rows[set][i];
        const struct ll_limit_row *any = &limits->rows[set][row->scope];
        for (uint32_t k = 0; k < LL_LIMIT_COUNT; k++)
            row->value[k] = row->own[k] != LL_LIMIT_NOT_SET ? row->own[k] : any->own[k];
    }
    control->in_force = set;
    control->is_begun = 0;
    control->version++;
    return LL_OK;
}

/* --- What changed --------------------------------------------------------------------------------------- */

/* Fills in the difference at one place of the walk: all of the new set, then what only the old one has. */
static bool ll_limits_change_at(const struct ll_limits *limits, uint64_t at, struct ll_limit_change *change)
{
    uint32_t now = limits->control->in_force;
    uint64_t new_places = (uint64_t)limits->control->row_count[now] * LL_LIMIT_COUNT;
    bool is_new = at < new_places;
    uint32_t set = is_new ? now : now ^ 1u;
    uint64_t place = is_new ? at : at - new_places;
    uint32_t limit = (uint32_t)(place % LL_LIMIT_COUNT);
    const struct ll_limit_row *row = &limits->rows[set][place / LL_LIMIT_COUNT];
    const struct ll_limit_row *other = ll_limits_exact(limits, set ^ 1u, row->scope, row->name);
    uint64_t other_value = other == NULL ? LL_LIMIT_NOT_SET : other->own[limit];
    if (row->own[limit] == other_value || (!is_new && other != NULL))
        return false;
    memset(change, 0, sizeof *change);
    memcpy(change->name, row->name, sizeof change->name);
    change->scope = (uint8_t)row->scope;
    change->limit = (uint8_t)limit;
    change->old_value = is_new ? other_value : row->own[limit];
    change->new_value = is_new ? row->own[limit] : other_value;
    return true;
}

bool ll_limits_next_change(const struct ll_limits *limits, uint64_t *cursor, struct ll_limit_change *change)
{
    const struct ll_limits_control *control = limits->control;
    uint64_t places = ((uint64_t)control->row_count[0] + control->row_count[1]) * LL_LIMIT_COUNT;
    if (control->version == 0 || control->is_begun)
        return false;
    while (*cursor < places)
        if (ll_limits_change_at(limits, (*cursor)++, change))
            return true;
    return false;
}

uint64_t ll_limits_hash(const struct ll_limits *limits)
{
    uint32_t set = limits->control->in_force;
    return XXH3_64bits_withSeed(limits->rows[set],
                                limits->control->row_count[set] * sizeof(struct ll_limit_row),
                                limits->control->version);
}
