/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device under test, held against the naive models: what all sections of the conformance suite share.
 *
 * Shape    open (tables of any capacity) -> sections before attach -> attach -> sections -> close. A section is
 *          begin -> updates and asks are put, and worked in calls of conf->submit_max and conf->ask_max -> end.
 *          Every result and answer is compared in all its 64 bytes with what the naive models say; at the end
 *          of a section, and after close, the state hash of the device with the mirror's and with one summed
 *          over the naive models, and the device must have answered everything itself. Loading a device counts
 *          the epochs up, and so they are expected to. Of what the device says only one thing is taken over:
 *          that a table of orders or levels was full, and then it is checked that this can have been true.
 *          The first difference ends everything: put, flush and sections do nothing after it.
 * Units    operations: updates and asks.
 * Errors   conf->failed, and a sentence in conf->text.
 * Threads  one owner.
 */
#ifndef LL_TESTS_DEVICE_CONF_H
#define LL_TESTS_DEVICE_CONF_H

#include "host/base/ll_prng.h"
#include "host/device/ll_device.h"
#include "tests/model/ll_book_pair.h"
#include "tests/model/ll_naive_life.h"

#include <stdbool.h>
#include <stdint.h>

#define LL_CONF_PENDING_MAX  16384u
#define LL_CONF_ASKS_MAX     1024u
#define LL_CONF_SUBMIT_MAX   1024u
#define LL_CONF_TEXT_BYTES   1024u
#define LL_CONF_SECTIONS_MAX 64u
#define LL_CONF_SHARDS_MAX   64u
#define LL_CONF_STREAM       0u /* submit_max: sizes of all kinds, one after the other, without waiting */

struct ll_conf_options {
    const char *device;
    const char *mode;
    const char *hour;
    const char *program;
    const char *binary;
    uint64_t seed;
    uint64_t random; /* operations of each half */
    uint64_t canary; /* the result with this number is changed before it is compared; 0 = none */
    bool is_json;
    bool is_list;
};

/* What a device is opened with. */
struct ll_conf_tables {
    const char *name;
    struct ll_book_config book;
    struct ll_life_config life;
    uint32_t epoch; /* of both halves, before attach */
    uint32_t batch;
    bool verify;
};

/* A part of the orders and identifiers with a naive model of its own, so that searching from end to end stays
 * short. Its keys carry its salt, so that two shards never share one. */
struct ll_conf_shard {
    struct ll_naive_life naive;
    uint32_t order_base;
    uint32_t id_base;
    uint64_t salt;
    bool is_open;
    bool is_closing; /* with the next flush, so that calls stay as long as they may be */
};

/* How many keys each chain of the identifiers has: what says when one is full. */
struct ll_conf_life {
    uint8_t *homes;
    uint32_t bucket_count;
    uint32_t overflow_count;
    uint32_t overflow_used;
    uint32_t hash_seed;
    uint32_t order_count;
    uint32_t id_count;
    uint32_t epoch;
    uint32_t orders_given;
    uint32_t ids_given;
    uint64_t shards_opened;
    uint64_t closed_hash; /* of the shards that are closed */
    uint64_t chains_full; /* times that a chain was the reason for table_full */
    struct ll_conf_shard shard[LL_CONF_SHARDS_MAX];
    struct ll_life_ask local[LL_CONF_ASKS_MAX];
    struct ll_life_ask asks[LL_CONF_ASKS_MAX];
    struct ll_life_answer answers[LL_CONF_ASKS_MAX + 1];
    struct ll_conf_shard *of[LL_CONF_ASKS_MAX];
    uint32_t pending;
};

struct ll_conf_section {
    const char *tables;
    const char *name;
    uint64_t cases;
    uint64_t operations;
    uint64_t digest; /* of all results, but for their epochs */
    uint64_t book_hash;
    uint64_t life_hash;
    uint64_t start_ns; /* for people: nothing is asserted about time */
    uint64_t took_ns;
};

struct ll_conf {
    const struct ll_conf_options *options;
    const struct ll_conf_tables *tables;
    struct ll_device *device;
    bool is_attached;
    struct ll_prng prng;
    struct ll_prng
        sizes; /* of calls when streaming: how many there are depends on time, so nothing else may */
    struct ll_book_pair book;
    struct ll_conf_life life;
    uint32_t submit_max;
    uint32_t ask_max;
    struct ll_update updates[LL_CONF_PENDING_MAX];
    struct ll_result results[LL_CONF_PENDING_MAX + 1];
    uint32_t pending;
    struct ll_result last_result; /* of the last flush */
    struct ll_life_answer last_answer;
    struct ll_conf_section section[LL_CONF_SECTIONS_MAX];
    uint32_t section_count;
    uint64_t seq;
    uint64_t operations;
    uint64_t updates_done; /* of the device that is open */
    uint64_t asks_done;
    uint64_t attached_at; /* of these both together, what was done before attach */
    uint64_t book_verdicts[LL_VERDICT_COUNT];
    uint64_t life_verdicts[LL_VERDICT_COUNT];
    uint64_t cells[LL_ORDER_STATE_COUNT][LL_ORDER_EVENT_COUNT]; /* events worked in each state */
    uint64_t full_orders;
    uint64_t full_levels;
    uint64_t full_chains;
    char describe[128];
    bool failed;
    char text[LL_CONF_TEXT_BYTES];
};

void ll_conf_fail(struct ll_conf *conf, const char *format, ...) LL_PRINTF(2, 3);

/* --- The device ------------------------------------------------------------------------------------------- */

void ll_conf_open(struct ll_conf *conf, const struct ll_conf_tables *tables);
void ll_conf_attach(struct ll_conf *conf);
/* Compares all tables in the device with the mirror, byte by byte, first. */
void ll_conf_close(struct ll_conf *conf);

/* Returns false when nothing is to be done: something failed before. */
bool ll_conf_section_begin(struct ll_conf *conf, const char *name);
void ll_conf_section_end(struct ll_conf *conf);
void ll_conf_case(struct ll_conf *conf);

/* --- Updates ---------------------------------------------------------------------------------------------- */

/* A copy of `update` is to be worked; its seq becomes one of ours. */
void ll_conf_update(struct ll_conf *conf, const struct ll_update *update);
void ll_conf_updates_flush(struct ll_conf *conf);
/* The sum of the state hash over the naive book. */
uint64_t ll_conf_book_hash(const struct ll_conf *conf);

/* --- Asks ------------------------------------------------------------------------------------------------- */

/* Takes the next orders and identifiers of the tables. Numbers and keys of asks are the shard's own; a number
 * beyond its counts is one beyond the tables. */
struct ll_conf_shard *ll_conf_shard_open(struct ll_conf *conf, uint32_t orders, uint32_t ids);
void ll_conf_shard_close(struct ll_conf *conf, struct ll_conf_shard *shard);
void ll_conf_ask(struct ll_conf *conf, struct ll_conf_shard *shard, const struct ll_life_ask *ask);
void ll_conf_asks_flush(struct ll_conf *conf);
void ll_conf_life_open(struct ll_conf *conf);
void ll_conf_life_close(struct ll_conf *conf);
uint64_t ll_conf_life_hash(const struct ll_conf *conf);
/* The chain that a key of the shard is in. */
uint32_t ll_conf_home(const struct ll_conf *conf, const struct ll_conf_shard *shard, const uint64_t key[2]);

/* --- What comes of every operation ------------------------------------------------------------------------ */

/* Counts the 64 bytes of a result or an answer, and is the canary: called before they are compared. */
void ll_conf_seen(struct ll_conf *conf, void *bytes);
/* Takes them into the digest of the section; of the epoch, which counts loads of the device and is compared
 * before, nothing goes in. */
void ll_conf_digest(struct ll_conf *conf, const void *bytes, const uint32_t *epoch);
/* For who waits: bounded, gives way to others. `since_ns` is 0 at first. */
void ll_conf_wait(struct ll_conf *conf, uint64_t *since_ns);

/* --- Sections --------------------------------------------------------------------------------------------- */

/* S(function, "name", "what it does") Each is a section, or more, of the tables that are open. */
#define LL_CONF_SECTIONS(S)                                                                                \
    S(nothing, "nothing", "calls with n = 0, and polls when nothing is out")                               \
    S(book_steps, "book steps", "each operation with each outcome, one at a time, verdict by verdict")     \
    S(book_pairs, "book pairs", "each pair of operations on one key at distances 1 to 16, three ways")     \
    S(book_sizes, "book sizes", "the same stream in submits of 1, 16, 64, 256, 1024 and as many as fit")   \
    S(life_states, "life states", "each event in each state")                                              \
    S(life_pairs, "life pairs", "each pair of asks about one order at distances 1 to 16")                  \
    S(life_sizes, "life sizes", "the same asks in calls of 1, 16, 64, 256 and 1024")                       \
    S(interleaved, "interleaved", "updates and asks in turns of all sizes")                                \
    S(book_random, "book random", "random updates of all shapes, streamed")                                \
    S(life_random, "life random", "random asks of all shapes")                                             \
    S(hour, "hour", "the real hour")                                                                       \
    S(book_bucket, "book bucket", "one bucket: orders of equal hashes until its chain is full, and again") \
    S(book_overflow, "book overflow", "random orders until the overflow buckets run out, and again")       \
    S(book_levels, "book levels", "price levels until the leaves run out, and again")                      \
    S(book_full_random, "book full random", "random updates into tables that are full")                    \
    S(life_numbers, "life numbers", "numbers beyond the tables, and numbers in use")                       \
    S(life_chains, "life chains", "keys of equal hashes until chains and overflow buckets are full")       \
    S(preload, "before attach, after attach", "tables that are not empty when the device takes them over")

#define LL_CONF_SECTION_DECLARE(function, name, text) void ll_conf_##function(struct ll_conf *conf);
LL_CONF_SECTIONS(LL_CONF_SECTION_DECLARE)
#undef LL_CONF_SECTION_DECLARE

#endif
