/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_xclbin.h"

#include <stdbool.h>
#include <string.h>

#define LENGTH_AT         304u
#define MODE_AT           332u
#define PLATFORM_AT       352u
#define SECTION_COUNT_AT  448u
#define SECTION_OFFSET_AT 24u
#define SECTION_BYTES_AT  32u
#define NAME_MAX_SHOWN    40

#define BUILD_ANEW "make one with `make emulation` or `make xclbin PLATFORM=...` of this version"

/* A stretch of the metadata. */
struct ll_xclbin_text {
    const char *at;
    const char *end;
};

static const char *ll_xclbin_mode_text(enum ll_xclbin_mode mode)
{
    static const char *const texts[] = {
#define LL_XCLBIN_MODE_TEXT(name, number, text) text,
        LL_XCLBIN_MODES(LL_XCLBIN_MODE_TEXT)
#undef LL_XCLBIN_MODE_TEXT
    };
    return texts[mode];
}

static uint64_t ll_xclbin_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < sizeof value; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static uint32_t ll_xclbin_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint16_t ll_xclbin_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

/* --- the file ----------------------------------------------------------------------------------------------- */

static int ll_xclbin_find_metadata(struct ll_xclbin *xclbin, const uint8_t *bytes, size_t bytes_count,
                                   struct ll_why *why)
{
    uint32_t section_count = ll_xclbin_u32(bytes + SECTION_COUNT_AT);
    if (section_count > LL_XCLBIN_SECTIONS_MAX ||
        LL_XCLBIN_HEADER_BYTES + (uint64_t)section_count * LL_XCLBIN_SECTION_BYTES > bytes_count)
        return LL_FAIL(why, LL_ERR_INPUT, "the xclbin says it has %u sections, which do not fit; " BUILD_ANEW,
                       section_count);
    for (uint32_t i = 0; i < section_count; i++) {
        const uint8_t *section = bytes + LL_XCLBIN_HEADER_BYTES + (size_t)i * LL_XCLBIN_SECTION_BYTES;
        uint64_t offset = ll_xclbin_u64(section + SECTION_OFFSET_AT);
        uint64_t section_bytes = ll_xclbin_u64(section + SECTION_BYTES_AT);
        if (offset > bytes_count || section_bytes > bytes_count - offset)
            return LL_FAIL(why, LL_ERR_INPUT, "section %u of the xclbin reaches beyond its end; " BUILD_ANEW,
                           i);
        if (ll_xclbin_u32(section) == LL_XCLBIN_METADATA && xclbin->metadata == NULL) {
            xclbin->metadata = (const char *)bytes + offset;
            xclbin->metadata_bytes = section_bytes;
        }
    }
    if (xclbin->metadata == NULL)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "the xclbin does not say which kernels it has (no EMBEDDED_METADATA); " BUILD_ANEW);
    return LL_OK;
}

int ll_xclbin_read(struct ll_xclbin *xclbin, const uint8_t *bytes, size_t bytes_count, struct ll_why *why)
{
    static const char magic[8] = "xclbin2";
    memset(xclbin, 0, sizeof *xclbin);
    if (bytes_count < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return LL_FAIL(why, LL_ERR_INPUT, "this is no xclbin: it does not begin with xclbin2; " BUILD_ANEW);
    if (bytes_count < LL_XCLBIN_HEADER_BYTES)
        return LL_FAIL(why, LL_ERR_INPUT, "the xclbin is cut off in its header: %zu bytes; " BUILD_ANEW,
                       bytes_count);
    uint64_t length = ll_xclbin_u64(bytes + LENGTH_AT);
    if (length != bytes_count)
        return LL_FAIL(why, LL_ERR_INPUT,
                       "the xclbin says it has %llu bytes, and there are %zu: %s; " BUILD_ANEW,
                       (unsigned long long)length, bytes_count,
                       length > bytes_count ? "it is cut off" : "something was added");
    uint16_t mode = ll_xclbin_u16(bytes + MODE_AT);
    if (mode >= LL_XCLBIN_MODE_COUNT)
        return LL_FAIL(why, LL_ERR_INPUT, "the xclbin has mode %u, which XRT 2.13 does not know; " BUILD_ANEW,
                       mode);
    xclbin->mode = (enum ll_xclbin_mode)mode;
    memcpy(xclbin->platform, bytes + PLATFORM_AT, LL_XCLBIN_PLATFORM_BYTES - 1);
    return ll_xclbin_find_metadata(xclbin, bytes, bytes_count, why);
}

int ll_xclbin_check_mode(const struct ll_xclbin *xclbin, const char *emulation, struct ll_why *why)
{
    const char *built = ll_xclbin_mode_text(xclbin->mode);
    if (strcmp(built, emulation) == 0)
        return LL_OK;
    if (built[0] == '\0')
        return LL_FAIL(
            why, LL_ERR_INPUT,
            "the xclbin is for a card (%s), and XCL_EMULATION_MODE is %s: unset it, or give another file",
            xclbin->platform, emulation);
    return LL_FAIL(why, LL_ERR_INPUT,
                   "the xclbin is for %s, and XCL_EMULATION_MODE is %s: set it to %s, or give another file",
                   built, emulation[0] == '\0' ? "not set, which asks for a card" : emulation, built);
}

/* --- the metadata: as much XML as it takes ------------------------------------------------------------------ */

static const char *ll_xclbin_seek(struct ll_xclbin_text text, const char *word)
{
    size_t left = (size_t)(text.end - text.at);
    return left == 0 ? NULL : memmem(text.at, left, word, strlen(word));
}

/* The next tag: its inside, without the angles. Comments are none. */
static bool ll_xclbin_next_tag(struct ll_xclbin_text *text, struct ll_xclbin_text *tag)
{
    for (;;) {
        const char *open = ll_xclbin_seek(*text, "<");
        if (open == NULL)
            return false;
        text->at = open + 1;
        bool is_comment = text->end - text->at >= 3 && memcmp(text->at, "!--", 3) == 0;
        const char *close = ll_xclbin_seek(*text, is_comment ? "-->" : ">");
        if (close == NULL)
            return false;
        *tag = (struct ll_xclbin_text){text->at, close};
        text->at = close + 1;
        if (!is_comment)
            return true;
    }
}

static bool ll_xclbin_is_space(char letter)
{
    return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
}

/* Is the tag one of this name, as in `name attribute="value"`? */
static bool ll_xclbin_tag_is(struct ll_xclbin_text tag, const char *name)
{
    size_t name_bytes = strlen(name);
    size_t tag_bytes = (size_t)(tag.end - tag.at);
    return tag_bytes >= name_bytes && memcmp(tag.at, name, name_bytes) == 0 &&
           (tag_bytes == name_bytes || ll_xclbin_is_space(tag.at[name_bytes]) || tag.at[name_bytes] == '/');
}

/* The value of the attribute `name` of a tag; empty when it has none. */
static struct ll_xclbin_text ll_xclbin_name_of(struct ll_xclbin_text tag)
{
    struct ll_xclbin_text rest = tag;
    for (;;) {
        const char *found = ll_xclbin_seek(rest, "name=");
        if (found == NULL || tag.end - found < 7)
            break;
        char quote = found[5];
        struct ll_xclbin_text value = {found + 6, tag.end};
        rest.at = found + 5;
        if (!ll_xclbin_is_space(found[-1]) || (quote != '"' && quote != '\''))
            continue;
        const char *end = memchr(value.at, quote, (size_t)(value.end - value.at));
        if (end == NULL)
            break;
        value.end = end;
        return value;
    }
    return (struct ll_xclbin_text){tag.at, tag.at};
}

static bool ll_xclbin_text_is(struct ll_xclbin_text text, const char *word)
{
    size_t word_bytes = strlen(word);
    return (size_t)(text.end - text.at) == word_bytes && memcmp(text.at, word, word_bytes) == 0;
}

static int ll_xclbin_shown(struct ll_xclbin_text text)
{
    ptrdiff_t bytes = text.end - text.at;
    return bytes > NAME_MAX_SHOWN ? NAME_MAX_SHOWN : (int)bytes;
}

static int ll_xclbin_check_arguments(struct ll_xclbin_text text, const char *kernel,
                                     const char *const *arguments, uint32_t argument_count,
                                     struct ll_why *why)
{
    struct ll_xclbin_text tag;
    uint32_t count = 0;
    while (ll_xclbin_next_tag(&text, &tag) && !ll_xclbin_tag_is(tag, "/kernel")) {
        if (!ll_xclbin_tag_is(tag, "arg"))
            continue;
        struct ll_xclbin_text name = ll_xclbin_name_of(tag);
        if (count < argument_count && !ll_xclbin_text_is(name, arguments[count]))
            return LL_FAIL(why, LL_ERR_INPUT,
                           "argument %u of kernel %s in the xclbin is `%.*s`, not `%s`: it is of another "
                           "version; " BUILD_ANEW,
                           count, kernel, ll_xclbin_shown(name), name.at, arguments[count]);
        count++;
    }
    if (count != argument_count)
        return LL_FAIL(
            why, LL_ERR_INPUT,
            "kernel %s in the xclbin has %u arguments, not %u: it is of another version; " BUILD_ANEW, kernel,
            count, argument_count);
    return LL_OK;
}

int ll_xclbin_check_kernel(const struct ll_xclbin *xclbin, const char *kernel, const char *const *arguments,
                           uint32_t argument_count, struct ll_why *why)
{
    struct ll_xclbin_text text = {xclbin->metadata, xclbin->metadata + xclbin->metadata_bytes};
    struct ll_xclbin_text other = {xclbin->metadata, xclbin->metadata};
    struct ll_xclbin_text tag;
    while (ll_xclbin_next_tag(&text, &tag)) {
        if (!ll_xclbin_tag_is(tag, "kernel"))
            continue;
        other = ll_xclbin_name_of(tag);
        if (ll_xclbin_text_is(other, kernel))
            return ll_xclbin_check_arguments(text, kernel, arguments, argument_count, why);
    }
    if (other.at == other.end)
        return LL_FAIL(why, LL_ERR_INPUT, "the xclbin has no kernel at all; " BUILD_ANEW);
    return LL_FAIL(why, LL_ERR_INPUT, "the xclbin has kernel `%.*s`, and not %s; " BUILD_ANEW,
                   ll_xclbin_shown(other), other.at, kernel);
}
