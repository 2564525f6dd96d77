/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run says about the device that its kernel ran on: part of the live view, of the final report and of its JSON,
 * and whether the exit status has to speak of it.
 *
 * Shape    hot thread, about once a second: look copies counters into a plain snapshot -> the view's thread makes a
 *          line of it. After the run: settle has the device sum its tables' hashes and holds them against those here ->
 *          print and json.
 * Units    counts; ns.
 * Errors   settle: LL_ERR_CORRUPT, the device's tables are others than those of this process. A device that does not
 *          answer then is a loss like any other, and no error.
 * Threads  look, settle, print, json: the hot thread. picture and line: any, the snapshot is plain data.
 */
#ifndef LL_HOST_APP_DEVICE_SHOW_H
#define LL_HOST_APP_DEVICE_SHOW_H

#include "host/app/ll_gateway.h"
#include "host/base/ll_histogram.h"
#include "host/base/ll_json.h"
#include "host/device/ll_device.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Lines of the picture, when there is a device to speak of. */
#define LL_DEVICE_SHOW_ROWS       1u
#define LL_DEVICE_SHOW_NAME_BYTES 40u

struct ll_device_snapshot {
    bool is_shown;     /* false: the kernel runs here and was never to run elsewhere */
    uint32_t standing; /* enum ll_device_standing */
    uint64_t answers;
    uint64_t losses;
    uint64_t reloads;
    char name[LL_DEVICE_SHOW_NAME_BYTES]; /* cut to fit */
};

/* How it ended. */
struct ll_device_outcome {
    uint64_t losses;
    bool is_compared; /* the device was there, and summed its tables */
    bool is_equal;
    uint64_t book_hash; /* of the device */
    uint64_t life_hash; /* 0 = no lifecycle half */
};

const char *ll_device_standing_name(enum ll_device_standing standing);

void ll_device_look(struct ll_gateway *gateway, struct ll_device_snapshot *snapshot);
/* One line, or none. Returns the bytes written, without the NUL. */
uint32_t ll_device_show_picture(const struct ll_device_snapshot *snapshot, char *text, uint32_t text_bytes);
/* " key=value ...", or nothing; no line end. */
uint32_t ll_device_show_line(const struct ll_device_snapshot *snapshot, char *text, uint32_t text_bytes);

/* Whether the hashes that a device summed are those of the tables here; LL_ERR_CORRUPT says both. */
LL_MUST_CHECK int ll_device_check_hashes(struct ll_device *device, bool has_life, uint64_t book_hash,
                                         uint64_t life_hash, struct ll_why *why);
/* Before the gateway is closed, when nothing more comes. */
LL_MUST_CHECK int ll_device_settle(struct ll_gateway *gateway, struct ll_device_outcome *outcome,
                                   struct ll_why *why);
/* The exit code of a run that ended with `status`: a good one says whether the device was lost on the way. */
int ll_device_exit_code(int status, const struct ll_device_outcome *outcome);
/* A part of the report; nothing when the kernel was to run here. */
void ll_device_show_print(const struct ll_gateway *gateway, const struct ll_device_outcome *outcome,
                          FILE *file);
/* Count and percentiles of round trips, one object with this key; nothing when `times` is NULL. */
void ll_device_json_times(struct ll_json *json, const char *key, const struct ll_histogram *times);
/* One object with this key. */
void ll_device_show_json(const struct ll_gateway *gateway, const struct ll_device_outcome *outcome,
                         struct ll_json *json, const char *key);

#endif
