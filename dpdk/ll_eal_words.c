/* SPDX-License-Identifier: Apache-2.0 */
#include "dpdk/ll_eal_words.h"

#include "host/base/ll_assert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One more word; false when it does not fit. */
static bool add(struct ll_eal_words *words, size_t *used_bytes, const char *fmt, ...) LL_PRINTF(3, 4);

static bool add(struct ll_eal_words *words, size_t *used_bytes, const char *fmt, ...)
{
    if (words->argc == LL_EAL_WORDS_MAX)
        return false;
    size_t room_bytes = sizeof words->text - *used_bytes;
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(words->text + *used_bytes, room_bytes, fmt, args);
    va_end(args);
    if (length < 0 || (size_t)length >= room_bytes)
        return false;
    words->argv[words->argc++] = words->text + *used_bytes;
    words->argv[words->argc] = NULL;
    *used_bytes += (size_t)length + 1;
    return true;
}

/* EAL answers these by printing and ending the process. getopt takes any clear beginning of a long word. */
static bool ends_the_process(const char *word)
{
    if (strncmp(word, "--he", 4) == 0)
        return true;
    return word[0] == '-' && word[1] != '-' && word[1 + strspn(word + 1, "v")] == 'h';
}

static int add_extra(struct ll_eal_words *words, size_t *used_bytes, const char *extra_args,
                     struct ll_why *why)
{
    const char *at = extra_args + strspn(extra_args, " ");
    while (*at != '\0') {
        size_t length = strcspn(at, " ");
        if (length > LL_EAL_TEXT_BYTES || !add(words, used_bytes, "%.*s", (int)length, at))
            return LL_FAIL(why, LL_ERR_USAGE, "too many extra EAL words; at most %d and %u bytes in all",
                           LL_EAL_WORDS_MAX, LL_EAL_TEXT_BYTES);
        const char *word = words->argv[words->argc - 1];
        if (ends_the_process(word))
            return LL_FAIL(why, LL_ERR_USAGE,
                           "extra EAL word '%.40s' would end the process; leave it out (dpdk-testpmd --help "
                           "lists the words)",
                           word);
        if (strncmp(word, "--log-level", 11) == 0)
            words->logs_visible = true;
        at += length;
        at += strspn(at, " ");
    }
    return LL_OK;
}

int ll_eal_words_init(struct ll_eal_words *words, const struct ll_eal_config *config,
                      const struct ll_eal_machine *machine, struct ll_why *why)
{
    LL_ASSERT(config != NULL);
    LL_ASSERT(machine != NULL);
    memset(words, 0, sizeof *words);
    uint32_t memory_mb = config->memory_mb != 0 ? config->memory_mb : LL_EAL_MEMORY_MB;
    if ((uint64_t)memory_mb << 20 > machine->memory_bytes)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                       "EAL shall take %u MB of memory, the machine has %" PRIu64 "; ask for less", memory_mb,
                       machine->memory_bytes >> 20);
    words->huge_pages = machine->huge_free_bytes >= (uint64_t)memory_mb << 20;
    (void)snprintf(words->file_prefix, sizeof words->file_prefix, "lifeline-%u", machine->process_id);

    size_t used_bytes = 0;
    bool fits = add(words, &used_bytes, "lifeline");
    if (words->huge_pages) {
        /* Pages are taken as needed and nothing stays in /dev/hugepages; virtual addresses keep a pool in one
         * piece. */
        fits = fits && add(words, &used_bytes, "--in-memory") && add(words, &used_bytes, "--iova-mode=va");
    } else {
        /* Excludes --in-memory. Shared configuration is for secondary processes; there are none. */
        fits = fits && add(words, &used_bytes, "--no-huge") && add(words, &used_bytes, "--no-shconf") &&
               add(words, &used_bytes, "-m") && add(words, &used_bytes, "%u", memory_mb);
    }
    /* lcore 0 on that CPU: this form also takes CPU numbers above RTE_MAX_LCORE. */
    fits = fits && add(words, &used_bytes, "--lcores=0@%u", machine->cpu) &&
           add(words, &used_bytes, "--file-prefix=%s", words->file_prefix) &&
           add(words, &used_bytes, "--no-telemetry");
    if (!config->allow_pci)
        fits = fits && add(words, &used_bytes, "--no-pci");
    LL_ASSERT(fits);
    return config->extra_args == NULL ? LL_OK : add_extra(words, &used_bytes, config->extra_args, why);
}
