/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_common_options.h"

#include "host/app/ll_flow_text.h"

#include <stdio.h>

void ll_common_options_default(struct ll_common_options *options)
{
    struct ll_book_config book;
    ll_book_config_default(&book);
    *options = (struct ll_common_options){.batch = 32,
                                          .orders = book.orders,
                                          .levels = book.levels,
                                          .books = book.books,
                                          .segment_bytes = LL_JOURNAL_SEGMENT_BYTES_DEFAULT};
    ll_device_options_default(&options->device);
}

int ll_common_options_flows(const struct ll_common_options *options, struct ll_flow *flows,
                            uint32_t *flow_count, struct ll_why *why)
{
    const struct ll_flow_text texts[LL_COMMON_FLOWS_MAX] = {
        {options->line_a, 0}, {options->line_b, 1}, {options->rerequest, LL_MOLD_LINE_REREQUEST}};
    int status = LL_OK;
    *flow_count = 0;
    for (size_t i = 0; i < LL_COMMON_FLOWS_MAX && status == LL_OK; i++)
        if (texts[i].text != NULL)
            status = ll_flow_parse(&texts[i], &flows[(*flow_count)++], why);
    return status;
}

/* A start that is slower than it could be has a reason; the operator is told. */
static void ll_common_note(void *context, const char *sentence)
{
    (void)context;
    (void)fprintf(stderr, "lifeline: %s\n", sentence);
}

void ll_common_options_gateway(const struct ll_common_options *options, const char *journal_dir,
                               struct ll_gateway_config *config)
{
    ll_gateway_config_default(config);
    ll_device_options_config(&options->device, &config->device);
    config->device.batch = (uint32_t)options->batch;
    config->device.book.orders = options->orders;
    config->device.book.levels = options->levels;
    config->device.book.books = options->books;
    config->mold.line_count = options->line_b != NULL ? 2 : 1;
    config->mold.start_sequence = options->start_sequence;
    config->mold.holdback_bytes_max = LL_PORT_FRAME_BYTES_MAX;
    config->journal.dir = journal_dir;
    config->journal.segment_bytes = options->segment_bytes;
    config->resume = options->resume;
    config->no_snapshot = options->no_snapshot;
    config->note = ll_common_note;
}
