/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to make a batch of records durable, one interface: the journal and what it is compared with.
 *
 * Shape    open(dir) -> commit a batch, again and again -> read_back -> close. Record n is a function of n,
 * so that the read-back can be judged. Each peer is in its own folder below `dir`. Units    records, bytes.
 * Errors   0 or non-zero with a line on standard error.
 * Threads  one caller (the journal adds its own two).
 */
#ifndef LL_BENCH_JOURNAL_PEERS_H
#define LL_BENCH_JOURNAL_PEERS_H

#include <stdint.h>

#define LL_PEER_BATCH_MAX   1024u
#define LL_PEER_PAYLOAD_MAX 128u

struct ll_peer {
    const char *name;
    /* Batches of `batch` records will come; `bytes_total` is about what will be written in all. */
    int (*open)(void **state, const char *dir, uint32_t payload_bytes, uint32_t batch, uint64_t bytes_total);
    /* Records first..first+count-1 are durable when it returns; when `finish` is there, only after that. */
    int (*commit)(void *state, uint64_t first, uint32_t count);
    int (*finish)(void *state); /* NULL, or ends a round: such a peer has a rate but no commit latency */
    /* Hash over all records in order (ll_peer_hash_add), and how many there are. */
    int (*read_back)(void *state, uint64_t *hash, uint64_t *count);
    void (*close)(void *state);
};

#define LL_PEERS_COUNT 7
#define LL_PEER_RAW    2 /* what the others are divided by */
extern const struct ll_peer ll_peers[LL_PEERS_COUNT];

/* Payload of record n. */
void ll_peer_payload(uint64_t id, uint8_t *payload, uint32_t payload_bytes);
uint64_t ll_peer_time_ns(uint64_t id);
uint64_t ll_peer_hash_add(uint64_t hash, uint64_t id, const uint8_t *payload, uint32_t payload_bytes);

/* Removes a directory with the files and one level of folders in it. */
void ll_peer_remove_dir(const char *dir);

#endif
