/* SPDX-License-Identifier: Apache-2.0 */
#include "host/base/ll_options.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define LL_HELP_COLUMNS       100
#define LL_VALUE_TEXT_BYTES   32
#define LL_OPTION_INDENT      2
#define LL_OPTION_COLUMN_MAX  40 /* a longer name puts its help on the next line */
#define LL_OPTION_TEXT_BYTES  80
#define LL_OPTION_CHOICES_SEP '|'

struct ll_suffix {
    const char *text;
    uint64_t factor;
};

/* Largest first: printing takes the first one that divides the value. */
static const struct ll_suffix ll_size_suffixes[] = {
    {"G", (uint64_t)1 << 30}, {"M", (uint64_t)1 << 20}, {"K", (uint64_t)1 << 10}, {"", 1}, {NULL, 0}};
static const struct ll_suffix ll_duration_suffixes[] = {
    {"m", 60 * LL_NS_PER_S}, {"s", LL_NS_PER_S}, {"ms", LL_NS_PER_MS},
    {"us", LL_NS_PER_US},    {"ns", 1},          {NULL, 0}};
static const struct ll_suffix ll_no_suffixes[] = {{"", 1}, {NULL, 0}};

static const struct ll_suffix *ll_options_suffixes(enum ll_option_type type)
{
    if (type == LL_OPTION_SIZE)
        return ll_size_suffixes;
    return type == LL_OPTION_DURATION ? ll_duration_suffixes : ll_no_suffixes;
}

static const char *ll_options_number_form(enum ll_option_type type)
{
    if (type == LL_OPTION_SIZE)
        return "a number with an optional K, M or G";
    return type == LL_OPTION_DURATION ? "a number with its unit: ns, us, ms, s or m" : "a whole number";
}

static int ll_options_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

/* Reads digits; returns what follows them, or NULL when there is no digit or the value does not fit. */
static const char *ll_options_read_digits(const char *text, int base, uint64_t *value)
{
    const char *at = text;
    *value = 0;
    while (ll_options_digit(*at) < base) {
        uint64_t digit = (uint64_t)ll_options_digit(*at);
        if (__builtin_mul_overflow(*value, (uint64_t)base, value))
            return NULL;
        if (__builtin_add_overflow(*value, digit, value))
            return NULL;
        at++;
    }
    return at == text ? NULL : at;
}

int ll_options_parse_u64(const char *text, enum ll_option_type type, uint64_t *value, struct ll_why *why)
{
    bool is_hex = type == LL_OPTION_U64 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    uint64_t number = 0;
    const char *rest = ll_options_read_digits(is_hex ? text + 2 : text, is_hex ? 16 : 10, &number);
    if (rest == NULL)
        return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' is not %s below 2^64", text, ll_options_number_form(type));
    if (number == 0 && *rest == '\0') {
        *value = 0; /* nothing is nothing in any unit */
        return LL_OK;
    }
    for (const struct ll_suffix *suffix = ll_options_suffixes(type); suffix->text != NULL; suffix++) {
        if (strcmp(rest, suffix->text) != 0)
            continue;
        if (__builtin_mul_overflow(number, suffix->factor, &number))
            return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' does not fit in 64 bits; give less", text);
        *value = number;
        return LL_OK;
    }
    return LL_FAIL(why, LL_ERR_USAGE, "'%.60s' is not %s", text, ll_options_number_form(type));
}

static void ll_options_format(char text[LL_VALUE_TEXT_BYTES], enum ll_option_type type, uint64_t value)
{
    const struct ll_suffix *suffix = ll_options_suffixes(type);
    while (value % suffix->factor != 0 || (value == 0 && suffix->factor != 1))
        suffix++; /* ends at the suffix of factor 1 */
    (void)snprintf(text, LL_VALUE_TEXT_BYTES, "%" PRIu64 "%s", value / suffix->factor, suffix->text);
}

static bool ll_options_is_choice(const char *choices, const char *text)
{
    size_t text_bytes = strlen(text);
    for (const char *at = choices; *at != '\0';) {
        const char *end = strchr(at, LL_OPTION_CHOICES_SEP);
        size_t choice_bytes = end != NULL ? (size_t)(end - at) : strlen(at);
        if (choice_bytes == text_bytes && memcmp(at, text, text_bytes) == 0)
            return true;
        at += choice_bytes + (end != NULL);
    }
    return false;
}

static int ll_options_store_number(const struct ll_option *option, const char *text, unsigned char *target,
                                   struct ll_why *why)
{
    uint64_t value = 0;
    int result = ll_options_parse_u64(text, option->type, &value, why);
    if (result != LL_OK) {
        ll_why_append(why, "given to --%s", option->name);
        return result;
    }
    uint64_t max = option->max == 0 ? UINT64_MAX : option->max;
    if (value < option->min || value > max) {
        char least[LL_VALUE_TEXT_BYTES];
        char most[LL_VALUE_TEXT_BYTES];
        ll_options_format(least, option->type, option->min);
        ll_options_format(most, option->type, max);
        return LL_FAIL(why, LL_ERR_USAGE, "--%s: %.60s is out of range; it takes %s to %s", option->name,
                       text, least, most);
    }
    memcpy(target, &value, sizeof value);
    return LL_OK;
}

static int ll_options_store(const struct ll_option *option, const char *text, void *config,
                            struct ll_why *why)
{
    unsigned char *target = (unsigned char *)config + option->offset;
    switch (option->type) {
    case LL_OPTION_U64:
    case LL_OPTION_SIZE:
    case LL_OPTION_DURATION:
        return ll_options_store_number(option, text, target, why);
    case LL_OPTION_CHOICE:
        if (!ll_options_is_choice(option->choices, text))
            return LL_FAIL(why, LL_ERR_USAGE, "--%s: '%.60s' is none of %s", option->name, text,
                           option->choices);
        memcpy(target, &text, sizeof text);
        return LL_OK;
    case LL_OPTION_STRING:
        memcpy(target, &text, sizeof text);
        return LL_OK;
    case LL_OPTION_FLAG:
    default:
        LL_ASSERT(option->type == LL_OPTION_FLAG);
        memcpy(target, &(bool){true}, sizeof(bool));
        return LL_OK;
    }
}

/* The row whose name is the `name_bytes` bytes at `name`, NULL when there is none. */
static const struct ll_option *ll_options_find(const struct ll_option *table, const char *name,
                                               size_t name_bytes)
{
    for (const struct ll_option *option = table; option->name != NULL; option++)
        if (strlen(option->name) == name_bytes && memcmp(option->name, name, name_bytes) == 0)
            return option;
    return NULL;
}

/* One option at argv[*index]; moves *index past the value when that is an argument of its own. */
static int ll_options_take(const struct ll_option *table, int argc, char **argv, int *index, void *config,
                           struct ll_why *why)
{
    const char *argument = argv[*index];
    const char *name = argument + 2;
    const char *equals = strchr(argument, '=');
    size_t name_bytes = equals != NULL && equals > name ? (size_t)(equals - name) : strlen(name);
    const struct ll_option *option = argument[1] == '-' ? ll_options_find(table, name, name_bytes) : NULL;
    if (option == NULL)
        return LL_FAIL(why, LL_ERR_USAGE, "unknown option %.60s; --help lists them", argument);
    const char *value = equals != NULL ? equals + 1 : NULL;
    if (option->type == LL_OPTION_FLAG) {
        if (value != NULL)
            return LL_FAIL(why, LL_ERR_USAGE, "--%s is a flag and takes no value", option->name);
        return ll_options_store(option, "", config, why);
    }
    if (value == NULL) {
        if (*index + 1 >= argc)
            return LL_FAIL(why, LL_ERR_USAGE, "--%s needs a value: %s", option->name,
                           option->value_name != NULL ? option->value_name : "VALUE");
        value = argv[++*index];
    }
    return ll_options_store(option, value, config, why);
}

static int ll_options_take_operand(struct ll_operands *operands, const char *value, struct ll_why *why)
{
    if (operands->count == LL_OPERANDS_MAX)
        return LL_FAIL(why, LL_ERR_USAGE, "more than %d operands, at '%.60s'", LL_OPERANDS_MAX, value);
    operands->value[operands->count++] = value;
    return LL_OK;
}

int ll_options_parse(const struct ll_option *table, int argc, char **argv, void *config,
                     struct ll_operands *operands, int *help, struct ll_why *why)
{
    bool options_ended = false;
    operands->count = 0;
    *help = 0;
    for (int i = 1; i < argc; i++) {
        const char *argument = argv[i];
        int result = LL_OK;
        if (options_ended || argument[0] != '-' || argument[1] == '\0') {
            result = ll_options_take_operand(operands, argument, why);
        } else if (strcmp(argument, "--") == 0) {
            options_ended = true;
        } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            *help = 1;
            return LL_OK;
        } else {
            result = ll_options_take(table, argc, argv, &i, config, why);
        }
        if (result != LL_OK)
            return result;
    }
    return LL_OK;
}

/* "--name VALUE"; returns its width. */
static int ll_options_left_text(const struct ll_option *option, char text[LL_OPTION_TEXT_BYTES])
{
    if (option->type == LL_OPTION_FLAG)
        (void)snprintf(text, LL_OPTION_TEXT_BYTES, "--%s", option->name);
    else
        (void)snprintf(text, LL_OPTION_TEXT_BYTES, "--%s %s", option->name,
                       option->value_name != NULL ? option->value_name
                       : option->choices != NULL  ? option->choices
                                                  : "VALUE");
    return (int)strlen(text);
}

/* Prints words from column `column` on, breaking lines before LL_HELP_COLUMNS. */
static void ll_options_print_wrapped(const char *text, int column, FILE *file)
{
    int at = column;
    while (*text != '\0') {
        int word_bytes = (int)strcspn(text, " ");
        if (at > column && at + 1 + word_bytes > LL_HELP_COLUMNS) {
            (void)fprintf(file, "\n%*s", column, "");
            at = column;
        }
        at += fprintf(file, "%s%.*s", at > column ? " " : "", word_bytes, text);
        text += word_bytes;
        text += strspn(text, " ");
    }
    (void)putc('\n', file);
}

void ll_options_print_help(const struct ll_option *table, FILE *file)
{
    static const struct ll_option help_row = {
        .name = "help", .type = LL_OPTION_FLAG, .help = "Print this text."};
    char text[LL_OPTION_TEXT_BYTES];
    int left_columns = ll_options_left_text(&help_row, text);
    for (const struct ll_option *option = table; option->name != NULL; option++) {
        int width = ll_options_left_text(option, text);
        if (width > left_columns && width <= LL_OPTION_COLUMN_MAX)
            left_columns = width;
    }
    int help_column = LL_OPTION_INDENT + left_columns + 2;
    const struct ll_option *option = table;
    bool last = false;
    while (!last) {
        last = option->name == NULL;
        const struct ll_option *row = last ? &help_row : option++;
        int width = ll_options_left_text(row, text);
        (void)fprintf(file, "%*s%s", LL_OPTION_INDENT, "", text);
        if (width > left_columns)
            (void)fprintf(file, "\n%*s", help_column, "");
        else
            (void)fprintf(file, "%*s", help_column - LL_OPTION_INDENT - width, "");
        ll_options_print_wrapped(row->help != NULL ? row->help : "", help_column, file);
    }
}

void ll_options_print_values(const struct ll_option *table, const void *config, FILE *file)
{
    for (const struct ll_option *option = table; option->name != NULL; option++) {
        const unsigned char *source = (const unsigned char *)config + option->offset;
        char number[LL_VALUE_TEXT_BYTES];
        const char *text = number;
        if (option->type == LL_OPTION_FLAG) {
            bool flag;
            memcpy(&flag, source, sizeof flag);
            text = flag ? "true" : "false";
        } else if (option->type == LL_OPTION_STRING || option->type == LL_OPTION_CHOICE) {
            memcpy(&text, source, sizeof text);
        } else {
            uint64_t value;
            memcpy(&value, source, sizeof value);
            ll_options_format(number, option->type, value);
        }
        (void)fprintf(file, "%s = %s\n", option->name, text != NULL ? text : "");
    }
}
