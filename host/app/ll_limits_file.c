/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_limits_file.h"

#include "hls/ll_hash.h"
#include "host/base/ll_arena.h"
#include "host/base/ll_assert.h"
#include "host/provider/ll_input_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaml.h>

#define LL_SHOWN_BYTES 32 /* of a text from the file in an error */
static_assert(LL_LIMIT_COUNT <= 32, "keys that were seen are bits of one word");

/* Where the numbers and names of one mapping go. */
enum ll_limits_section {
    LL_SECTION_DECIMALS,
    LL_SECTION_FIRM,
    LL_SECTION_ACCOUNTS,
    LL_SECTION_STRATEGIES,
    LL_SECTION_SYMBOLS,
    LL_SECTION_INSTRUMENTS,
    LL_SECTION_COUNT
};

static const char *const LL_SECTION_NAMES[LL_SECTION_COUNT] = {"price_decimals", "firm",    "accounts",
                                                               "strategies",     "symbols", "instruments"};

/* K(NAME, "key") What an instrument can have. */
#define LL_INSTRUMENT_KEYS(K)   \
    K(TICK, "tick")             \
    K(LOT, "lot")               \
    K(MULTIPLIER, "multiplier") \
    K(STATE, "state")           \
    K(RESTRICTED, "restricted") \
    K(CLOSE, "prior_close")     \
    K(CLOSE_DATE, "prior_close_date")

enum ll_instrument_key {
#define LL_KEY_ENUM(name, text) LL_KEY_##name,
    LL_INSTRUMENT_KEYS(LL_KEY_ENUM)
#undef LL_KEY_ENUM
        LL_KEY_COUNT
};

static const char *const LL_KEY_NAMES[LL_KEY_COUNT] = {
#define LL_KEY_TEXT(name, text) text,
    LL_INSTRUMENT_KEYS(LL_KEY_TEXT)
#undef LL_KEY_TEXT
};

/* A text of the file and where it stands. */
struct ll_limits_word {
    char *text; /* zero terminated; valid until the next word is read into the same struct */
    size_t bytes;
    yaml_mark_t mark;
    yaml_event_type_t type;
};

struct ll_limits_reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the one that was read last */
    struct ll_limits_file *file;
    const char *path;
    struct ll_why *why;
    uint32_t *names;                          /* hash of the names seen: place in name_list + 1 */
    char (*name_list)[LL_NAME_BYTES_MAX + 1]; /* section, then the name */
    uint32_t name_count;
    uint32_t entry_room;
    uint32_t instrument_room;
    yaml_mark_t firm_mark;
};

/* --- Errors --------------------------------------------------------------------------------------------- */

/* A text from the file as it may stand in an error: short, and nothing that a terminal obeys. */
static const char *ll_limits_shown(char shown[LL_SHOWN_BYTES + 1], const char *text)
{
    size_t i = 0;
    for (; i < LL_SHOWN_BYTES && text[i] != '\0'; i++)
        shown[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    shown[i] = '\0';
    return shown;
}

#define LL_FAIL_AT(reader, mark, fmt, ...)                                                        \
    LL_FAIL((reader)->why, LL_ERR_USAGE, "%s:%zu:%zu: " fmt, ll_input_path_shown((reader)->path), \
            (mark).line + 1, (mark).column + 1, __VA_ARGS__)

/* The parser's own complaint. */
static int ll_limits_bad_yaml(struct ll_limits_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return LL_FAIL(reader->why, LL_ERR_NO_MEMORY, "%s: no memory to read it", reader->path);
    return LL_FAIL_AT(reader, parser->problem_mark,
                      "%s; this is not YAML, compare it with docs/limits.example.yaml",
                      parser->problem != NULL ? parser->problem : "a character that is no text");
}

/* --- Words ---------------------------------------------------------------------------------------------- */

/* The next event. What the file's shape has no place for is refused here: aliases, anchors and tags. */
static int ll_limits_next(struct ll_limits_reader *reader, struct ll_limits_word *word)
{
    memset(word, 0, sizeof *word);
    yaml_event_delete(&reader->event);
    if (!yaml_parser_parse(&reader->parser, &reader->event))
        return ll_limits_bad_yaml(reader);
    const yaml_event_t *event = &reader->event;
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    *word = (struct ll_limits_word){NULL, 0, event->start_mark, event->type};
    if (event->type == YAML_SCALAR_EVENT) {
        word->text = (char *)event->data.scalar.value;
        word->bytes = event->data.scalar.length;
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        if (memchr(word->text, '\0', word->bytes) != NULL)
            return LL_FAIL_AT(reader, word->mark, "%s", "a text with a zero byte; remove it");
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (anchor != NULL || tag != NULL || event->type == YAML_ALIAS_EVENT)
        return LL_FAIL_AT(reader, word->mark, "%s",
                          "anchors, aliases and tags have no place here; write the value");
    return LL_OK;
}

/* The next word has to be of that type. */
static int ll_limits_want(struct ll_limits_reader *reader, struct ll_limits_word *word,
                          yaml_event_type_t type, const char *what)
{
    int code = ll_limits_next(reader, word);
    if (code == LL_OK && word->type != type)
        return LL_FAIL_AT(reader, word->mark, "here has to be %s; see docs/limits.example.yaml", what);
    return code;
}

/* The next key of a mapping; *is_end at its end. */
static int ll_limits_key(struct ll_limits_reader *reader, struct ll_limits_word *key, bool *is_end)
{
    int code = ll_limits_next(reader, key);
    *is_end = code == LL_OK && key->type == YAML_MAPPING_END_EVENT;
    if (code == LL_OK && !*is_end && key->type != YAML_SCALAR_EVENT)
        return LL_FAIL_AT(reader, key->mark, "%s", "here has to be a name; see docs/limits.example.yaml");
    return code;
}

/* Finds a key in a list of names and marks it as seen. */
static int ll_limits_find_key(struct ll_limits_reader *reader, const struct ll_limits_word *key,
                              const char *const *names, uint32_t name_count, uint32_t *seen, uint32_t *found)
{
    char shown[LL_SHOWN_BYTES + 1];
    for (*found = 0; *found < name_count && strcmp(names[*found], key->text) != 0;)
        ++*found;
    if (*found == name_count)
        return LL_FAIL_AT(reader, key->mark, "unknown key '%s'; docs/limits.example.yaml has every key",
                          ll_limits_shown(shown, key->text));
    if ((*seen >> *found & 1u) != 0)
        return LL_FAIL_AT(reader, key->mark, "'%s' is given twice; keep one", names[*found]);
    *seen |= 1u << *found;
    return LL_OK;
}

/* --- Numbers -------------------------------------------------------------------------------------------- */

enum ll_number { LL_NUMBER_GOOD, LL_NUMBER_NONE, LL_NUMBER_LARGE, LL_NUMBER_FINE };

/* "1_000.25" with at most `decimals` digits behind the point, as a whole number of the finest step. */
static enum ll_number ll_limits_decimal(const char *text, size_t bytes, uint32_t decimals, uint64_t *value)
{
    bool has_point = false;
    bool is_digit = false; /* the character before */
    uint32_t places = 0;
    *value = 0;
    for (size_t i = 0; i < bytes; i++) {
        bool was_digit = is_digit;
        is_digit = text[i] >= '0' && text[i] <= '9';
        if (is_digit) {
            if (has_point && places++ == decimals)
                return LL_NUMBER_FINE;
            if (__builtin_mul_overflow(*value, UINT64_C(10), value) ||
                __builtin_add_overflow(*value, (uint64_t)(text[i] - '0'), value))
                return LL_NUMBER_LARGE;
        } else if (was_digit && text[i] == '.' && !has_point && decimals > 0) {
            has_point = true;
        } else if (!was_digit || text[i] != '_') {
            return LL_NUMBER_NONE;
        }
    }
    for (; places < decimals; places++)
        if (__builtin_mul_overflow(*value, UINT64_C(10), value))
            return LL_NUMBER_LARGE;
    return is_digit ? LL_NUMBER_GOOD : LL_NUMBER_NONE;
}

/* "500ms": a whole number and its unit. */
static enum ll_number ll_limits_time(const char *text, size_t bytes, uint64_t *value)
{
    static const struct {
        const char *suffix;
        uint64_t ns;
    } UNITS[] = {{"ns", 1},
                 {"us", 1000},
                 {"ms", 1000000},
                 {"s", UINT64_C(1000000000)},
                 {"m", UINT64_C(60000000000)},
                 {"h", UINT64_C(3600000000000)},
                 {"d", UINT64_C(86400000000000)}};
    size_t digits = 0;
    while (digits < bytes && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '_'))
        digits++;
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (strcmp(text + digits, UNITS[i].suffix) != 0)
            continue;
        enum ll_number number = ll_limits_decimal(text, digits, 0, value);
        if (number == LL_NUMBER_GOOD && __builtin_mul_overflow(*value, UNITS[i].ns, value))
            number = LL_NUMBER_LARGE;
        return number;
    }
    return LL_NUMBER_NONE;
}

static enum ll_number ll_limits_switch(const char *text, uint64_t *value)
{
    *value = strcmp(text, "true") == 0;
    return *value != 0 || strcmp(text, "false") == 0 ? LL_NUMBER_GOOD : LL_NUMBER_NONE;
}

static const char *ll_limits_example(uint8_t unit)
{
    switch (unit) {
    case LL_UNIT_TIME:
        return "a time with its unit, such as 500ms, 30s or 2d";
    case LL_UNIT_SWITCH:
        return "true or false";
    case LL_UNIT_PRICE:
    case LL_UNIT_NOTIONAL:
        return "a number such as 2500.50";
    default:
        return "a whole number such as 1_000";
    }
}

/* A value of the largest or smallest kind, as it would stand in the file. */
static const char *ll_limits_value_text(const struct ll_limits_reader *reader, char text[32], uint8_t unit,
                                        uint64_t value)
{
    uint64_t scale = 1;
    if (unit == LL_UNIT_PRICE || unit == LL_UNIT_NOTIONAL)
        for (uint32_t i = 0; i < reader->file->price_decimals; i++)
            scale *= 10;
    if (scale > 1)
        (void)snprintf(text, 32, "%" PRIu64 ".%0*" PRIu64, value / scale, (int)reader->file->price_decimals,
                       value % scale);
    else
        (void)snprintf(text, 32, "%" PRIu64 "%s", value, unit == LL_UNIT_TIME ? "ns" : "");
    return text;
}

/* A number of some unit between `least` and `most`. */
static int ll_limits_number(struct ll_limits_reader *reader, const char *key, uint8_t unit, uint64_t least,
                            uint64_t most, uint64_t *value)
{
    struct ll_limits_word word;
    char shown[LL_SHOWN_BYTES + 1];
    char texts[2][32];
    bool is_money = unit == LL_UNIT_PRICE || unit == LL_UNIT_NOTIONAL;
    enum ll_number number;
    int code = ll_limits_want(reader, &word, YAML_SCALAR_EVENT, "one value");
    if (code != LL_OK)
        return code;
    if (unit == LL_UNIT_TIME)
        number = ll_limits_time(word.text, word.bytes, value);
    else if (unit == LL_UNIT_SWITCH)
        number = ll_limits_switch(word.text, value);
    else
        number = ll_limits_decimal(word.text, word.bytes, is_money ? reader->file->price_decimals : 0, value);
    if (number == LL_NUMBER_NONE)
        return LL_FAIL_AT(reader, word.mark, "%s: '%s' is not what it takes; write %s", key,
                          ll_limits_shown(shown, word.text), ll_limits_example(unit));
    if (number == LL_NUMBER_FINE)
        return LL_FAIL_AT(reader, word.mark,
                          "%s: '%s' has more than %u decimals; round it, or raise price_decimals", key,
                          ll_limits_shown(shown, word.text), reader->file->price_decimals);
    if (number == LL_NUMBER_LARGE || *value < least || *value > most)
        return LL_FAIL_AT(reader, word.mark, "%s: '%s' is out of range; write %s to %s", key,
                          ll_limits_shown(shown, word.text),
                          ll_limits_value_text(reader, texts[0], unit, least),
                          ll_limits_value_text(reader, texts[1], unit, most));
    return LL_OK;
}

/* --- Names ---------------------------------------------------------------------------------------------- */

#define LL_NAME_SLOTS 131072u /* a power of two */
static_assert(LL_NAME_SLOTS == LL_LIMITS_FILE_NAMES_MAX * 2, "never more than half full");

/* Keeps a name of a section; false when it was there before. */
static bool ll_limits_keep_name(struct ll_limits_reader *reader, uint32_t section,
                                const char name[LL_NAME_BYTES_MAX])
{
    char kept[LL_NAME_BYTES_MAX + 1];
    uint64_t words[2];
    memcpy(words, name, sizeof words);
    kept[0] = (char)section;
    memcpy(kept + 1, name, LL_NAME_BYTES_MAX);
    uint32_t slot = ll_hash_ref(words[0], ll_hash_ref(words[1], section)) & (LL_NAME_SLOTS - 1);
    for (; reader->names[slot] != 0; slot = (slot + 1) & (LL_NAME_SLOTS - 1))
        if (memcmp(reader->name_list[reader->names[slot] - 1], kept, sizeof kept) == 0)
            return false;
    memcpy(reader->name_list[reader->name_count], kept, sizeof kept);
    reader->names[slot] = ++reader->name_count;
    return true;
}

/* A key that is a name: zero padded into `name`. */
static int ll_limits_name(struct ll_limits_reader *reader, uint32_t section, const struct ll_limits_word *key,
                          char name[LL_NAME_BYTES_MAX])
{
    char shown[LL_SHOWN_BYTES + 1];
    bool is_symbol = section == LL_SECTION_SYMBOLS || section == LL_SECTION_INSTRUMENTS;
    size_t most = is_symbol ? LL_SYMBOL_BYTES : LL_NAME_BYTES_MAX;
    bool is_good = key->bytes >= 1 && key->bytes <= most;
    for (size_t i = 0; i < key->bytes && is_good; i++)
        is_good = key->text[i] > ' ' && key->text[i] <= '~';
    if (!is_good)
        return LL_FAIL_AT(reader, key->mark,
                          "'%s' is no name for %s; use 1 to %zu printable characters without space",
                          ll_limits_shown(shown, key->text), LL_SECTION_NAMES[section], most);
    if (reader->name_count == LL_LIMITS_FILE_NAMES_MAX)
        return LL_FAIL_AT(reader, key->mark, "more than %u names; use \"*\" for those that are alike",
                          LL_LIMITS_FILE_NAMES_MAX);
    memset(name, 0, LL_NAME_BYTES_MAX);
    memcpy(name, key->text, key->bytes);
    if (!ll_limits_keep_name(reader, section, name))
        return LL_FAIL_AT(reader, key->mark, "'%s' stands twice in %s; put all of it in one place",
                          ll_limits_shown(shown, key->text), LL_SECTION_NAMES[section]);
    return LL_OK;
}

/* --- Limits --------------------------------------------------------------------------------------------- */

/* Makes room for one more item of a growing list; false = no memory. */
static bool ll_limits_grow(void **items, uint32_t count, uint32_t *room, size_t item_bytes)
{
    if (count < *room)
        return true;
    uint32_t wanted = *room == 0 ? 64 : *room * 2;
    void *grown = realloc(*items, (size_t)wanted * item_bytes);
    if (grown == NULL)
        return false;
    *items = grown;
    *room = wanted;
    return true;
}

static struct ll_limit_entry *ll_limits_new_entry(struct ll_limits_reader *reader, uint8_t scope,
                                                  const char name[LL_NAME_BYTES_MAX])
{
    struct ll_limits_file *file = reader->file;
    void *entries = file->entries;
    bool is_grown = ll_limits_grow(&entries, file->entry_count, &reader->entry_room, sizeof *file->entries);
    file->entries = entries;
    if (!is_grown)
        return NULL;
    struct ll_limit_entry *entry = &file->entries[file->entry_count++];
    memset(entry, 0, sizeof *entry);
    memcpy(entry->name, name, LL_NAME_BYTES_MAX);
    entry->scope = scope;
    return entry;
}

/* One limit and its value. */
static int ll_limits_one(struct ll_limits_reader *reader, const struct ll_limits_word *key,
                         struct ll_limit_entry **entry, uint32_t *seen)
{
    const char *names[LL_LIMIT_COUNT];
    uint32_t limit;
    uint64_t value = 0;
    for (uint32_t i = 0; i < LL_LIMIT_COUNT; i++)
        names[i] = ll_limit_info(i)->name;
    int code = ll_limits_find_key(reader, key, names, LL_LIMIT_COUNT, seen, &limit);
    if (code != LL_OK)
        return code;
    const struct ll_limit_info *info = ll_limit_info(limit);
    if ((info->scopes >> (*entry)->scope & 1u) == 0)
        return LL_FAIL_AT(reader, key->mark, "%s is not a limit of one %s; move it to firm", info->name,
                          ll_limit_scope_name((*entry)->scope));
    code = ll_limits_number(reader, info->name, info->unit, info->least, info->most, &value);
    if (code != LL_OK)
        return code;
    if (ll_limit_entry_add(*entry, limit, value))
        return LL_OK;
    *entry = ll_limits_new_entry(reader, (*entry)->scope, (*entry)->name);
    if (*entry == NULL || !ll_limit_entry_add(*entry, limit, value))
        return LL_FAIL(reader->why, LL_ERR_NO_MEMORY, "%s: no memory to read it", reader->path);
    return LL_OK;
}

/* A mapping of limits to values. */
static int ll_limits_scope(struct ll_limits_reader *reader, uint8_t scope, const char name[LL_NAME_BYTES_MAX])
{
    struct ll_limits_word key;
    uint32_t seen = 0;
    bool is_end = false;
    int code = ll_limits_want(reader, &key, YAML_MAPPING_START_EVENT, "limits, one per line");
    if (code != LL_OK)
        return code;
    struct ll_limit_entry *entry = ll_limits_new_entry(reader, scope, name);
    if (entry == NULL)
        return LL_FAIL(reader->why, LL_ERR_NO_MEMORY, "%s: no memory to read it", reader->path);
    reader->file->limit_row_count += scope != LL_SCOPE_FIRM && strcmp(name, "*") != 0;
    while ((code = ll_limits_key(reader, &key, &is_end)) == LL_OK && !is_end) {
        /* The key's text goes with the next event, so it is looked up before its value is read. */
        code = ll_limits_one(reader, &key, &entry, &seen);
        if (code != LL_OK)
            return code;
    }
    return code;
}

/* --- Instruments ---------------------------------------------------------------------------------------- */

/* Days from 1970-01-01, of the Gregorian calendar. Years are counted from March, so that a leap day is the last. */
static uint64_t ll_limits_days(uint32_t year, uint32_t month, uint32_t day)
{
    uint64_t y = month <= 2 ? year - 1 : year;
    uint64_t months = (month + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * months + 2) / 5 + day - 1 - 719468;
}

/* "2026-01-30": the end of that day, UTC. */
static int ll_limits_date(struct ll_limits_reader *reader, uint64_t *time_ns)
{
    static const uint32_t DAYS[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct ll_limits_word word;
    char shown[LL_SHOWN_BYTES + 1];
    uint64_t part[3] = {0};
    int code = ll_limits_want(reader, &word, YAML_SCALAR_EVENT, "a date");
    if (code != LL_OK)
        return code;
    bool is_good = word.bytes == 10 && word.text[4] == '-' && word.text[7] == '-' &&
                   ll_limits_decimal(word.text, 4, 0, &part[0]) == LL_NUMBER_GOOD &&
                   ll_limits_decimal(word.text + 5, 2, 0, &part[1]) == LL_NUMBER_GOOD &&
                   ll_limits_decimal(word.text + 8, 2, 0, &part[2]) == LL_NUMBER_GOOD;
    is_good = is_good && part[0] >= 1970 && part[0] <= 2400 && part[1] >= 1 && part[1] <= 12 &&
              part[2] >= 1 && part[2] <= DAYS[part[1] - 1];
    if (!is_good)
        return LL_FAIL_AT(reader, word.mark, "'%s' is no date; write it as 2026-01-30",
                          ll_limits_shown(shown, word.text));
    *time_ns = (ll_limits_days((uint32_t)part[0], (uint32_t)part[1], (uint32_t)part[2]) + 1) *
               UINT64_C(86400000000000);
    return LL_OK;
}

/* Finds a word in a short list of choices. */
static int ll_limits_choice(struct ll_limits_reader *reader, const struct ll_limits_word *word,
                            const char *const choices[3], uint8_t *chosen)
{
    char shown[LL_SHOWN_BYTES + 1];
    for (*chosen = 0; *chosen < 3; ++*chosen)
        if (word->type == YAML_SCALAR_EVENT && strcmp(word->text, choices[*chosen]) == 0)
            return LL_OK;
    return LL_FAIL_AT(reader, word->mark, "'%s' is none of %s, %s, %s",
                      ll_limits_shown(shown, word->type == YAML_SCALAR_EVENT ? word->text : "a list"),
                      choices[0], choices[1], choices[2]);
}

/* A list of sides. */
static int ll_limits_sides(struct ll_limits_reader *reader, uint8_t *sides)
{
    static const char *const NAMES[3] = {"buy", "sell", "sell_short"};
    struct ll_limits_word word;
    uint8_t side;
    int code = ll_limits_want(reader, &word, YAML_SEQUENCE_START_EVENT, "a list such as [sell_short]");
    while (code == LL_OK && (code = ll_limits_next(reader, &word)) == LL_OK &&
           word.type != YAML_SEQUENCE_END_EVENT) {
        code = ll_limits_choice(reader, &word, NAMES, &side);
        if (code == LL_OK)
            *sides |= (uint8_t)(1u << side);
    }
    return code;
}

static int ll_limits_instrument_value(struct ll_limits_reader *reader, uint32_t key,
                                      struct ll_instrument_entry *entry)
{
    static const char *const STATES[3] = {"unknown", "trading", "halted"};
    struct ll_limits_word word;
    uint64_t multiplier = 0;
    int code;
    switch (key) {
    case LL_KEY_TICK:
        return ll_limits_number(reader, "tick", LL_UNIT_PRICE, 1, LL_PRICE_TICKS_MAX,
                                &entry->price_step_ticks);
    case LL_KEY_LOT:
        return ll_limits_number(reader, "lot", LL_UNIT_LOTS, 1, LL_QUANTITY_LOTS_MAX, &entry->lot_step_lots);
    case LL_KEY_MULTIPLIER:
        code = ll_limits_number(reader, "multiplier", LL_UNIT_COUNT, 1, LL_MULTIPLIER_MAX, &multiplier);
        entry->multiplier = (uint32_t)multiplier;
        return code;
    case LL_KEY_STATE:
        code = ll_limits_want(reader, &word, YAML_SCALAR_EVENT, "trading, halted or unknown");
        return code != LL_OK ? code : ll_limits_choice(reader, &word, STATES, &entry->state);
    case LL_KEY_RESTRICTED:
        return ll_limits_sides(reader, &entry->restricted_sides);
    case LL_KEY_CLOSE:
        return ll_limits_number(reader, "prior_close", LL_UNIT_PRICE, 1, LL_PRICE_TICKS_MAX,
                                &entry->prior_close_ticks);
    default:
        return ll_limits_date(reader, &entry->prior_close_ns);
    }
}

/* What has to be there together. */
static int ll_limits_instrument_whole(struct ll_limits_reader *reader, yaml_mark_t mark, const char *name,
                                      const struct ll_instrument_entry *entry, uint32_t seen)
{
    bool has_close = (seen >> LL_KEY_CLOSE & 1u) != 0;
    if ((seen >> LL_KEY_TICK & 1u) == 0)
        return LL_FAIL_AT(reader, mark, "%.16s has no tick; add the smallest step of its price", name);
    if (has_close != ((seen >> LL_KEY_CLOSE_DATE & 1u) != 0))
        return LL_FAIL_AT(reader, mark,
                          "%.16s: prior_close and prior_close_date belong together; add the other", name);
    if (has_close && strcmp(name, "*") == 0)
        return LL_FAIL_AT(reader, mark, "%s", "\"*\" has no price of its own; remove prior_close");
    struct ll_why reason = {0};
    if (ll_instrument_entry_check(entry, &reason) != LL_OK)
        return LL_FAIL_AT(reader, mark, "%s", reason.text);
    return LL_OK;
}

static int ll_limits_instrument(struct ll_limits_reader *reader, yaml_mark_t mark,
                                const char name[LL_NAME_BYTES_MAX])
{
    struct ll_instrument_entry entry = {.lot_step_lots = 1, .multiplier = 1};
    struct ll_limits_file *file = reader->file;
    struct ll_limits_word key;
    uint32_t seen = 0;
    uint32_t found = 0;
    bool is_end = false;
    bool is_symbol = ll_symbol_pad(entry.symbol, name, (uint32_t)strnlen(name, LL_NAME_BYTES_MAX));
    LL_ASSERT(is_symbol);
    int code =
        ll_limits_want(reader, &key, YAML_MAPPING_START_EVENT, "what the instrument has, one per line");
    while (code == LL_OK && (code = ll_limits_key(reader, &key, &is_end)) == LL_OK && !is_end) {
        code = ll_limits_find_key(reader, &key, LL_KEY_NAMES, LL_KEY_COUNT, &seen, &found);
        if (code == LL_OK)
            code = ll_limits_instrument_value(reader, found, &entry);
    }
    if (code == LL_OK)
        code = ll_limits_instrument_whole(reader, mark, name, &entry, seen);
    if (code != LL_OK)
        return code;
    void *instruments = file->instruments;
    bool is_grown =
        ll_limits_grow(&instruments, file->instrument_count, &reader->instrument_room, sizeof entry);
    file->instruments = instruments;
    if (!is_grown)
        return LL_FAIL(reader->why, LL_ERR_NO_MEMORY, "%s: no memory to read it", reader->path);
    file->instruments[file->instrument_count++] = entry;
    return LL_OK;
}

/* --- The file ------------------------------------------------------------------------------------------- */

/* A mapping of names to limits, or of symbols to instruments. */
static int ll_limits_named(struct ll_limits_reader *reader, uint32_t section)
{
    struct ll_limits_word key;
    char name[LL_NAME_BYTES_MAX];
    char text[LL_NAME_BYTES_MAX + 1] = {0};
    bool is_end = false;
    int code = ll_limits_want(reader, &key, YAML_MAPPING_START_EVENT, "names, one per line");
    while (code == LL_OK && (code = ll_limits_key(reader, &key, &is_end)) == LL_OK && !is_end) {
        yaml_mark_t mark = key.mark;
        code = ll_limits_name(reader, section, &key, name);
        if (code != LL_OK)
            return code;
        memcpy(text, name, sizeof name);
        if (section == LL_SECTION_INSTRUMENTS)
            code = ll_limits_instrument(reader, mark, text);
        else
            code = ll_limits_scope(reader, (uint8_t)(section - LL_SECTION_FIRM), text);
    }
    return code;
}

static int ll_limits_section(struct ll_limits_reader *reader, const struct ll_limits_word *key,
                             uint32_t *seen)
{
    static const char NONE[LL_NAME_BYTES_MAX] = "";
    uint32_t section = 0;
    uint64_t decimals = 0;
    yaml_mark_t mark = key->mark;
    int code = ll_limits_find_key(reader, key, LL_SECTION_NAMES, LL_SECTION_COUNT, seen, &section);
    if (code != LL_OK)
        return code;
    if (section == LL_SECTION_DECIMALS) {
        if (*seen != 1u << LL_SECTION_DECIMALS)
            return LL_FAIL_AT(reader, mark, "%s",
                              "price_decimals has to stand before all else; move it to the top");
        code = ll_limits_number(reader, "price_decimals", LL_UNIT_COUNT, 0, LL_LIMITS_FILE_DECIMALS_MAX,
                                &decimals);
        reader->file->price_decimals = (uint32_t)decimals;
        return code;
    }
    if (section == LL_SECTION_FIRM) {
        reader->firm_mark = mark;
        return ll_limits_scope(reader, LL_SCOPE_FIRM, NONE);
    }
    return ll_limits_named(reader, section);
}

static int ll_limits_document(struct ll_limits_reader *reader)
{
    struct ll_limits_word word;
    uint32_t seen = 0;
    bool is_end = false;
    int code = ll_limits_want(reader, &word, YAML_STREAM_START_EVENT, "YAML");
    if (code == LL_OK)
        code =
            ll_limits_want(reader, &word, YAML_DOCUMENT_START_EVENT, "something, as the file says nothing");
    if (code == LL_OK)
        code =
            ll_limits_want(reader, &word, YAML_MAPPING_START_EVENT, "firm, accounts, strategies and so on");
    while (code == LL_OK && (code = ll_limits_key(reader, &word, &is_end)) == LL_OK && !is_end)
        code = ll_limits_section(reader, &word, &seen);
    if (code == LL_OK)
        code = ll_limits_want(reader, &word, YAML_DOCUMENT_END_EVENT, "the end");
    if (code == LL_OK)
        code = ll_limits_want(reader, &word, YAML_STREAM_END_EVENT, "the end; a file has one document");
    return code;
}

/* Takes the entries into limits of their own, so that what loads can be committed. */
static int ll_limits_try(struct ll_limits_reader *reader, uint32_t window_count)
{
    struct ll_limits_file *file = reader->file;
    struct ll_limits_config config = {.rows_max = file->limit_row_count, .window_count = window_count};
    struct ll_limits limits;
    struct ll_why reason = {0};
    size_t bytes = ll_limits_footprint_bytes(&config);
    LL_ASSERT(bytes != 0);
    void *memory = aligned_alloc(64, ll_align_up(bytes, 64));
    if (memory == NULL)
        return LL_FAIL(reader->why, LL_ERR_NO_MEMORY, "%s: no memory to read it", reader->path);
    ll_limits_init(&limits, memory, &config);
    ll_limits_begin(&limits);
    int code = LL_OK;
    for (uint32_t i = 0; i < file->entry_count && code == LL_OK; i++)
        code = ll_limits_add(&limits, &file->entries[i], &reason);
    if (code == LL_OK)
        code = ll_limits_commit(&limits, &reason);
    free(memory);
    return code == LL_OK ? LL_OK : LL_FAIL_AT(reader, reader->firm_mark, "%s", reason.text);
}

static int ll_limits_read(struct ll_limits_reader *reader, const uint8_t *bytes, size_t bytes_count,
                          uint32_t window_count)
{
    reader->names = calloc(LL_NAME_SLOTS, sizeof *reader->names);
    reader->name_list = malloc((size_t)LL_LIMITS_FILE_NAMES_MAX * sizeof *reader->name_list);
    int code = LL_OK;
    if (reader->names == NULL || reader->name_list == NULL || !yaml_parser_initialize(&reader->parser)) {
        code = LL_FAIL(reader->why, LL_ERR_NO_MEMORY, "%s: no memory to read it", reader->path);
    } else {
        yaml_parser_set_input_string(&reader->parser, bytes, bytes_count);
        code = ll_limits_document(reader);
        yaml_event_delete(&reader->event);
        yaml_parser_delete(&reader->parser);
    }
    free(reader->name_list);
    free(reader->names);
    return code == LL_OK ? ll_limits_try(reader, window_count) : code;
}

int ll_limits_file_parse(struct ll_limits_file *file, const char *name, const uint8_t *bytes,
                         size_t bytes_count, uint32_t window_count, struct ll_why *why)
{
    struct ll_limits_reader reader = {.file = file, .path = name, .why = why};
    memset(file, 0, sizeof *file);
    file->limit_row_count = LL_SCOPE_COUNT;
    file->price_decimals = LL_LIMITS_FILE_DECIMALS;
    if (bytes_count > LL_LIMITS_FILE_BYTES_MAX)
        return LL_FAIL(why, LL_ERR_INPUT, "%s: more than %u MiB; is it a limits file?",
                       ll_input_path_shown(name), LL_LIMITS_FILE_BYTES_MAX >> 20);
    int code = ll_limits_read(&reader, bytes, bytes_count, window_count);
    if (code != LL_OK)
        ll_limits_file_deinit(file);
    return code;
}

void ll_limits_file_deinit(struct ll_limits_file *file)
{
    free(file->entries);
    free(file->instruments);
    memset(file, 0, sizeof *file);
}

/* --- Loading -------------------------------------------------------------------------------------------- */

static struct ll_limits_file_stamp ll_limits_stamp_of(const struct stat *status)
{
    return (struct ll_limits_file_stamp){
        (uint64_t)status->st_dev, (uint64_t)status->st_ino, (uint64_t)status->st_size,
        (uint64_t)status->st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)status->st_mtim.tv_nsec};
}

bool ll_limits_file_changed(const char *path, const struct ll_limits_file_stamp *stamp)
{
    struct ll_limits_file_stamp now = {0};
    struct stat status;
    if (stat(path, &status) == 0)
        now = ll_limits_stamp_of(&status);
    return memcmp(&now, stamp, sizeof now) != 0;
}

/* Reads to the end of a file that may be growing or shrinking: what the parser gets is what was read. */
static int ll_limits_read_file(int fd, const char *path, uint8_t *bytes, size_t *bytes_count,
                               struct ll_why *why)
{
    *bytes_count = 0;
    while (*bytes_count <= LL_LIMITS_FILE_BYTES_MAX) {
        ssize_t got = read(fd, bytes + *bytes_count, (size_t)LL_LIMITS_FILE_BYTES_MAX + 1 - *bytes_count);
        if (got < 0)
            return LL_FAIL(why, LL_ERR_IO, "%s: cannot be read; check the disk", ll_input_path_shown(path));
        if (got == 0)
            break;
        *bytes_count += (size_t)got;
    }
    return LL_OK;
}

int ll_limits_file_load(struct ll_limits_file *file, const char *path, uint32_t window_count,
                        struct ll_why *why)
{
    struct ll_input_file input;
    struct ll_limits_file_stamp stamp = {0};
    struct stat status;
    size_t bytes_count = 0;
    memset(file, 0, sizeof *file);
    /* An empty file, or one that cannot be opened, has a stamp too. */
    if (stat(path, &status) == 0)
        stamp = ll_limits_stamp_of(&status);
    int code = ll_input_file_open(&input, path, why);
    if (code == LL_OK) {
        uint8_t *bytes = malloc((size_t)LL_LIMITS_FILE_BYTES_MAX + 1);
        code = bytes == NULL ? LL_FAIL(why, LL_ERR_NO_MEMORY, "%s: no memory to read it", path)
                             : ll_limits_read_file(input.fd, path, bytes, &bytes_count, why);
        (void)close(input.fd);
        if (code == LL_OK)
            code = ll_limits_file_parse(file, path, bytes, bytes_count, window_count, why);
        free(bytes);
    }
    file->stamp = stamp;
    return code;
}

int ll_limits_file_reload(struct ll_limits_file *file, const char *path, uint32_t window_count, bool *is_new,
                          struct ll_why *why)
{
    struct ll_limits_file loaded;
    *is_new = false;
    if (!ll_limits_file_changed(path, &file->stamp))
        return LL_OK;
    int code = ll_limits_file_load(&loaded, path, window_count, why);
    if (code != LL_OK) {
        file->stamp = loaded.stamp;
        ll_why_append(why, "the limits loaded before stay in force");
        return code;
    }
    ll_limits_file_deinit(file);
    *file = loaded;
    *is_new = true;
    return LL_OK;
}
