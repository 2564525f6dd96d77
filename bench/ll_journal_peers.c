/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/ll_journal_peers.h"

#include "host/journal/ll_journal.h"
#include "host/journal/ll_journal_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LL_PEER_PATH_BYTES 512
#define LL_PEER_POLLS_MAX  2000u
#define LL_PEER_SLOTS_MAX  (LL_PEER_BATCH_MAX * 3u)

void ll_peer_payload(uint64_t id, uint8_t *payload, uint32_t payload_bytes)
{
    for (uint32_t at = 0; at < payload_bytes; at += 4) {
        uint32_t word = (uint32_t)(id * 2654435761u) + at;
        memcpy(payload + at, &word, sizeof word);
    }
}

uint64_t ll_peer_time_ns(uint64_t id)
{
    return (uint64_t)1763693471000000000 + id;
}

uint64_t ll_peer_hash_add(uint64_t hash, uint64_t id, const uint8_t *payload, uint32_t payload_bytes)
{
    hash = (hash ^ id) * 0x100000001b3u;
    for (uint32_t at = 0; at + 4 <= payload_bytes; at += 4) {
        uint32_t word;
        memcpy(&word, payload + at, sizeof word);
        hash = (hash ^ word) * 0x100000001b3u;
    }
    return hash;
}

void ll_peer_remove_dir(const char *dir)
{
    char path[LL_PEER_PATH_BYTES];
    DIR *stream = opendir(dir);
    if (stream == NULL)
        return;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(stream);
    (void)rmdir(dir);
}

static int ll_peer_failed(const char *peer, const char *what)
{
    (void)fprintf(stderr, "bench_journal: %s: %s\n", peer, what);
    return 1;
}

static void ll_peer_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Makes an empty folder `dir`/`name` and writes its path. */
static void ll_peer_folder(char *path, const char *dir, const char *name)
{
    (void)snprintf(path, LL_PEER_PATH_BYTES, "%s/%s", dir, name);
    ll_peer_remove_dir(path);
    (void)mkdir(path, 0777);
}

/* The records of a batch as the engine hands them to the journal. */
static uint32_t ll_peer_slots(struct ll_slot *slots, uint64_t first, uint32_t count, uint32_t payload_bytes)
{
    uint8_t payload[LL_PEER_PAYLOAD_MAX];
    uint32_t slot_count = 0;
    for (uint64_t id = first; id < first + count; id++) {
        ll_peer_payload(id, payload, payload_bytes);
        slot_count += ll_record_write(slots + slot_count, LL_RECORD_FEED, 0, id, ll_peer_time_ns(id), payload,
                                      payload_bytes);
    }
    return slot_count;
}

/* --- the journal ----------------------------------------------------------------------------------- */

struct ll_peer_journal {
    struct ll_journal *journal;
    char path[LL_PEER_PATH_BYTES];
    uint32_t payload_bytes;
    uint64_t last_id;
    struct ll_slot slots[LL_PEER_SLOTS_MAX];
};

static int ll_peer_journal_open_in(void **state, const char *dir, const char *folder, uint32_t payload_bytes,
                                   uint32_t batch)
{
    struct ll_peer_journal *peer = aligned_alloc(64, (sizeof *peer + 63) & ~(size_t)63);
    struct ll_journal_config config;
    struct ll_journal_recovery recovery;
    struct ll_why why = {0};
    if (peer == NULL)
        return ll_peer_failed("journal", "no memory");
    ll_peer_folder(peer->path, dir, folder);
    ll_journal_config_default(&config);
    config.dir = peer->path;
    config.write_slots_max = (uint64_t)batch * ll_record_slots(payload_bytes);
    peer->payload_bytes = payload_bytes;
    peer->last_id = 0;
    if (ll_journal_open(&peer->journal, &config, &recovery, &why) != LL_OK) {
        free(peer);
        return ll_peer_failed("journal", why.text);
    }
    *state = peer;
    return 0;
}

static int ll_peer_journal_open(void **state, const char *dir, uint32_t payload_bytes, uint32_t batch,
                                uint64_t bytes_total)
{
    (void)bytes_total;
    return ll_peer_journal_open_in(state, dir, "journal", payload_bytes, batch);
}

static int ll_peer_journal_queue_open(void **state, const char *dir, uint32_t payload_bytes, uint32_t batch,
                                      uint64_t bytes_total)
{
    (void)bytes_total;
    return ll_peer_journal_open_in(state, dir, "journal.queue", payload_bytes, batch);
}

static int ll_peer_journal_commit(void *state, uint64_t first, uint32_t count)
{
    struct ll_peer_journal *peer = state;
    uint32_t slot_count = ll_peer_slots(peer->slots, first, count, peer->payload_bytes);
    if (ll_journal_append(peer->journal, peer->slots, slot_count) != LL_OK)
        return ll_peer_failed("journal", "append");
    while (ll_journal_durable_event_id(peer->journal) < first + count - 1) {
        if (ll_journal_status(peer->journal, NULL) != LL_OK)
            return ll_peer_failed("journal", "stopped");
        ll_peer_pause();
    }
    return 0;
}

/* The queue is kept full, each sync covers one batch: what the writer alone can do. */
static int ll_peer_journal_queue(void *state, uint64_t first, uint32_t count)
{
    struct ll_peer_journal *peer = state;
    uint32_t slot_count = ll_peer_slots(peer->slots, first, count, peer->payload_bytes);
    int rc = ll_journal_append(peer->journal, peer->slots, slot_count);
    while (rc == LL_ERR_FULL) {
        (void)usleep(200);
        rc = ll_journal_append(peer->journal, peer->slots, slot_count);
    }
    peer->last_id = first + count - 1;
    return rc == LL_OK ? 0 : ll_peer_failed("journal", "append");
}

static int ll_peer_journal_finish(void *state)
{
    struct ll_peer_journal *peer = state;
    while (ll_journal_durable_event_id(peer->journal) < peer->last_id) {
        if (ll_journal_status(peer->journal, NULL) != LL_OK)
            return ll_peer_failed("journal", "stopped");
        (void)usleep(50);
    }
    return 0;
}

static int ll_peer_journal_read_back(void *state, uint64_t *hash, uint64_t *count)
{
    struct ll_peer_journal *peer = state;
    struct ll_journal_reader *reader;
    struct ll_journal_record record;
    struct ll_why why = {0};
    int rc = ll_journal_reader_open(&reader, peer->path, &why);
    if (rc != LL_OK)
        return ll_peer_failed("journal", why.text);
    while ((rc = ll_journal_reader_next(reader, &record, &why)) == LL_OK) {
        *hash = ll_peer_hash_add(*hash, record.event_id, record.payload, record.payload_bytes);
        (*count)++;
    }
    ll_journal_reader_close(reader);
    return rc == LL_ERR_SHORT ? 0 : ll_peer_failed("journal", why.text);
}

static void ll_peer_journal_close(void *state)
{
    struct ll_peer_journal *peer = state;
    struct ll_why why = {0};
    if (ll_journal_close(peer->journal, &why) != LL_OK)
        (void)ll_peer_failed("journal", why.text);
    ll_peer_remove_dir(peer->path);
    free(peer);
}

/* --- raw append: the same slots, no checksum, no thread, one file ------------------------------------ */

struct ll_peer_raw {
    int fd;
    char path[LL_PEER_PATH_BYTES];
    uint32_t payload_bytes;
    uint64_t file_bytes;
    uint64_t at;
    pthread_t thread;
    bool threaded;
    _Atomic size_t handed_bytes; /* to the thread: 0 = done */
    _Atomic bool failed;
    _Atomic bool stopping;
    struct ll_slot slots[LL_PEER_SLOTS_MAX];
};

static int ll_peer_raw_open_in(void **state, const char *dir, const char *folder, uint32_t payload_bytes,
                               uint64_t bytes_total)
{
    static const uint8_t zeros[1 << 20];
    char path[LL_PEER_PATH_BYTES + 16];
    struct ll_peer_raw *peer = aligned_alloc(64, (sizeof *peer + 63) & ~(size_t)63);
    if (peer == NULL)
        return ll_peer_failed("raw", "no memory");
    ll_peer_folder(peer->path, dir, folder);
    (void)snprintf(path, sizeof path, "%s/file", peer->path);
    peer->threaded = false;
    atomic_init(&peer->handed_bytes, 0);
    atomic_init(&peer->failed, false);
    atomic_init(&peer->stopping, false);
    peer->payload_bytes = payload_bytes;
    peer->at = 0;
    peer->file_bytes = 0;
    peer->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    bool good = peer->fd >= 0;
    while (good && peer->file_bytes < bytes_total) {
        good = pwrite(peer->fd, zeros, sizeof zeros, (off_t)peer->file_bytes) == (ssize_t)sizeof zeros;
        peer->file_bytes += sizeof zeros;
    }
    good = good && fsync(peer->fd) == 0;
    *state = peer;
    return good ? 0 : ll_peer_failed("raw", "cannot make the file");
}

static int ll_peer_raw_open(void **state, const char *dir, uint32_t payload_bytes, uint32_t batch,
                            uint64_t bytes_total)
{
    (void)batch;
    return ll_peer_raw_open_in(state, dir, "raw", payload_bytes, bytes_total);
}

static int ll_peer_raw_commit(void *state, uint64_t first, uint32_t count)
{
    struct ll_peer_raw *peer = state;
    size_t bytes = ll_peer_slots(peer->slots, first, count, peer->payload_bytes) * sizeof(struct ll_slot);
    if (peer->at + bytes > peer->file_bytes)
        return ll_peer_failed("raw", "the file is full");
    if (pwrite(peer->fd, peer->slots, bytes, (off_t)peer->at) != (ssize_t)bytes || fdatasync(peer->fd) != 0)
        return ll_peer_failed("raw", "write");
    peer->at += bytes;
    return 0;
}

static void *ll_peer_raw_main(void *argument)
{
    struct ll_peer_raw *peer = argument;
    uint32_t idle = 0;
    while (!atomic_load_explicit(&peer->stopping, memory_order_relaxed)) {
        size_t bytes = atomic_load_explicit(&peer->handed_bytes, memory_order_acquire);
        if (bytes == 0) {
            ll_peer_pause();
            if (++idle > LL_PEER_POLLS_MAX)
                (void)usleep(100); /* the others' rounds: out of their way */
            continue;
        }
        idle = 0;
        bool good = pwrite(peer->fd, peer->slots, bytes, (off_t)peer->at) == (ssize_t)bytes &&
                    fdatasync(peer->fd) == 0;
        peer->at += bytes;
        if (!good)
            atomic_store(&peer->failed, true);
        atomic_store_explicit(&peer->handed_bytes, 0, memory_order_release);
    }
    return NULL;
}

static int ll_peer_raw_thread_open(void **state, const char *dir, uint32_t payload_bytes, uint32_t batch,
                                   uint64_t bytes_total)
{
    (void)batch;
    int rc = ll_peer_raw_open_in(state, dir, "raw.thread", payload_bytes, bytes_total);
    struct ll_peer_raw *peer = *state;
    if (rc == 0)
        peer->threaded = pthread_create(&peer->thread, NULL, ll_peer_raw_main, peer) == 0;
    return rc == 0 && peer->threaded ? 0 : 1;
}

static int ll_peer_raw_thread_commit(void *state, uint64_t first, uint32_t count)
{
    struct ll_peer_raw *peer = state;
    size_t bytes = ll_peer_slots(peer->slots, first, count, peer->payload_bytes) * sizeof(struct ll_slot);
    if (peer->at + bytes > peer->file_bytes)
        return ll_peer_failed("raw", "the file is full");
    atomic_store_explicit(&peer->handed_bytes, bytes, memory_order_release);
    while (atomic_load_explicit(&peer->handed_bytes, memory_order_acquire) != 0)
        ll_peer_pause();
    return atomic_load(&peer->failed) ? ll_peer_failed("raw", "write") : 0;
}

static int ll_peer_raw_read_back(void *state, uint64_t *hash, uint64_t *count)
{
    struct ll_peer_raw *peer = state;
    uint8_t payload[LL_PEER_PAYLOAD_MAX];
    uint32_t slot_count = ll_record_slots(peer->payload_bytes);
    for (uint64_t at = 0; at < peer->at; at += slot_count * sizeof(struct ll_slot)) {
        ssize_t wanted = (ssize_t)(slot_count * sizeof(struct ll_slot));
        if (pread(peer->fd, peer->slots, (size_t)wanted, (off_t)at) != wanted)
            return ll_peer_failed("raw", "read");
        uint32_t have =
            peer->payload_bytes < LL_RECORD_HEAD_PAYLOAD ? peer->payload_bytes : LL_RECORD_HEAD_PAYLOAD;
        memcpy(payload, peer->slots[0].payload, have);
        for (uint32_t i = 1; i < slot_count; i++) {
            uint32_t part = peer->payload_bytes - have;
            part = part < LL_RECORD_TAIL_PAYLOAD ? part : LL_RECORD_TAIL_PAYLOAD;
            memcpy(payload + have, ll_record_tail_payload(&peer->slots[i]), part);
            have += part;
        }
        *hash = ll_peer_hash_add(*hash, peer->slots[0].event_id, payload, peer->payload_bytes);
        (*count)++;
    }
    return 0;
}

static void ll_peer_raw_close(void *state)
{
    struct ll_peer_raw *peer = state;
    if (peer->threaded) {
        atomic_store(&peer->stopping, true);
        (void)pthread_join(peer->thread, NULL);
    }
    (void)close(peer->fd);
    ll_peer_remove_dir(peer->path);
    free(peer);
}

/* --- SQLite, WAL, synchronous=FULL --------------------------------------------------------------------- */

struct ll_peer_sqlite {
    sqlite3 *db;
    sqlite3_stmt *insert;
    char path[LL_PEER_PATH_BYTES];
    uint32_t payload_bytes;
};

static int ll_peer_sqlite_open(void **state, const char *dir, uint32_t payload_bytes, uint32_t batch,
                               uint64_t bytes_total)
{
    char path[LL_PEER_PATH_BYTES + 16];
    struct ll_peer_sqlite *peer = calloc(1, sizeof *peer);
    (void)batch;
    (void)bytes_total;
    if (peer == NULL)
        return ll_peer_failed("sqlite", "no memory");
    ll_peer_folder(peer->path, dir, "sqlite");
    (void)snprintf(path, sizeof path, "%s/db", peer->path);
    peer->payload_bytes = payload_bytes;
    *state = peer;
    if (sqlite3_open(path, &peer->db) != SQLITE_OK ||
        sqlite3_exec(peer->db,
                     "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                     "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=16384; "
                     "CREATE TABLE log (id INTEGER PRIMARY KEY, time_ns INTEGER, payload BLOB) STRICT;",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(peer->db, "INSERT INTO log VALUES (?,?,?)", -1, SQLITE_PREPARE_PERSISTENT,
                           &peer->insert, NULL) != SQLITE_OK)
        return ll_peer_failed("sqlite", sqlite3_errmsg(peer->db));
    return 0;
}

static int ll_peer_sqlite_commit(void *state, uint64_t first, uint32_t count)
{
    struct ll_peer_sqlite *peer = state;
    uint8_t payload[LL_PEER_PAYLOAD_MAX];
    if (sqlite3_exec(peer->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return ll_peer_failed("sqlite", sqlite3_errmsg(peer->db));
    for (uint64_t id = first; id < first + count; id++) {
        ll_peer_payload(id, payload, peer->payload_bytes);
        (void)sqlite3_bind_int64(peer->insert, 1, (sqlite3_int64)id);
        (void)sqlite3_bind_int64(peer->insert, 2, (sqlite3_int64)ll_peer_time_ns(id));
        (void)sqlite3_bind_blob(peer->insert, 3, payload, (int)peer->payload_bytes, SQLITE_STATIC);
        if (sqlite3_step(peer->insert) != SQLITE_DONE)
            return ll_peer_failed("sqlite", sqlite3_errmsg(peer->db));
        (void)sqlite3_reset(peer->insert);
    }
    if (sqlite3_exec(peer->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return ll_peer_failed("sqlite", sqlite3_errmsg(peer->db));
    return 0;
}

static int ll_peer_sqlite_read_back(void *state, uint64_t *hash, uint64_t *count)
{
    struct ll_peer_sqlite *peer = state;
    sqlite3_stmt *select = NULL;
    if (sqlite3_prepare_v2(peer->db, "SELECT id, payload FROM log ORDER BY id", -1, &select, NULL) !=
        SQLITE_OK)
        return ll_peer_failed("sqlite", sqlite3_errmsg(peer->db));
    while (sqlite3_step(select) == SQLITE_ROW) {
        *hash = ll_peer_hash_add(*hash, (uint64_t)sqlite3_column_int64(select, 0),
                                 sqlite3_column_blob(select, 1), (uint32_t)sqlite3_column_bytes(select, 1));
        (*count)++;
    }
    (void)sqlite3_finalize(select);
    return 0;
}

static void ll_peer_sqlite_close(void *state)
{
    struct ll_peer_sqlite *peer = state;
    (void)sqlite3_finalize(peer->insert);
    (void)sqlite3_close(peer->db);
    ll_peer_remove_dir(peer->path);
    free(peer);
}

/* --- RocksDB, write batch with sync --------------------------------------------------------------------- */

struct ll_peer_rocksdb {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *write;
    rocksdb_writebatch_t *batch;
    char path[LL_PEER_PATH_BYTES];
    uint32_t payload_bytes;
};

static int ll_peer_rocksdb_error(char *error)
{
    if (error == NULL)
        return 0;
    (void)ll_peer_failed("rocksdb", error);
    rocksdb_free(error);
    return 1;
}

static int ll_peer_rocksdb_open(void **state, const char *dir, uint32_t payload_bytes, uint32_t batch,
                                uint64_t bytes_total)
{
    struct ll_peer_rocksdb *peer = calloc(1, sizeof *peer);
    char *error = NULL;
    (void)batch;
    (void)bytes_total;
    if (peer == NULL)
        return ll_peer_failed("rocksdb", "no memory");
    ll_peer_folder(peer->path, dir, "rocksdb");
    peer->payload_bytes = payload_bytes;
    peer->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(peer->options, 1);
    peer->write = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(peer->write, 1);
    peer->batch = rocksdb_writebatch_create();
    peer->db = rocksdb_open(peer->options, peer->path, &error);
    *state = peer;
    return ll_peer_rocksdb_error(error);
}

/* Keys sort by number: big-endian. */
static void ll_peer_key(uint8_t *key, uint64_t id)
{
    uint64_t swapped = __builtin_bswap64(id);
    memcpy(key, &swapped, sizeof swapped);
}

static int ll_peer_rocksdb_commit(void *state, uint64_t first, uint32_t count)
{
    struct ll_peer_rocksdb *peer = state;
    uint8_t payload[LL_PEER_PAYLOAD_MAX];
    uint8_t key[8];
    char *error = NULL;
    rocksdb_writebatch_clear(peer->batch);
    for (uint64_t id = first; id < first + count; id++) {
        ll_peer_payload(id, payload, peer->payload_bytes);
        ll_peer_key(key, id);
        rocksdb_writebatch_put(peer->batch, (const char *)key, sizeof key, (const char *)payload,
                               peer->payload_bytes);
    }
    rocksdb_write(peer->db, peer->write, peer->batch, &error);
    return ll_peer_rocksdb_error(error);
}

static int ll_peer_rocksdb_read_back(void *state, uint64_t *hash, uint64_t *count)
{
    struct ll_peer_rocksdb *peer = state;
    rocksdb_readoptions_t *read = rocksdb_readoptions_create();
    rocksdb_iterator_t *iterator = rocksdb_create_iterator(peer->db, read);
    for (rocksdb_iter_seek_to_first(iterator); rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
        size_t bytes;
        uint64_t id;
        memcpy(&id, rocksdb_iter_key(iterator, &bytes), sizeof id);
        const char *payload = rocksdb_iter_value(iterator, &bytes);
        *hash = ll_peer_hash_add(*hash, __builtin_bswap64(id), (const uint8_t *)payload, (uint32_t)bytes);
        (*count)++;
    }
    rocksdb_iter_destroy(iterator);
    rocksdb_readoptions_destroy(read);
    return 0;
}

static void ll_peer_rocksdb_close(void *state)
{
    struct ll_peer_rocksdb *peer = state;
    if (peer->db != NULL)
        rocksdb_close(peer->db);
    rocksdb_writebatch_destroy(peer->batch);
    rocksdb_writeoptions_destroy(peer->write);
    rocksdb_options_destroy(peer->options);
    ll_peer_remove_dir(peer->path);
    free(peer);
}

/* --- LMDB, append in key order, full sync --------------------------------------------------------------- */

struct ll_peer_lmdb {
    MDB_env *env;
    MDB_dbi dbi;
    char path[LL_PEER_PATH_BYTES];
    uint32_t payload_bytes;
};

static int ll_peer_lmdb_open(void **state, const char *dir, uint32_t payload_bytes, uint32_t batch,
                             uint64_t bytes_total)
{
    struct ll_peer_lmdb *peer = calloc(1, sizeof *peer);
    MDB_txn *txn;
    (void)batch;
    if (peer == NULL)
        return ll_peer_failed("lmdb", "no memory");
    ll_peer_folder(peer->path, dir, "lmdb");
    peer->payload_bytes = payload_bytes;
    *state = peer;
    if (mdb_env_create(&peer->env) != 0 ||
        mdb_env_set_mapsize(peer->env, bytes_total * 4 + ((size_t)64 << 20)) != 0 ||
        mdb_env_open(peer->env, peer->path, 0, 0666) != 0 || mdb_txn_begin(peer->env, NULL, 0, &txn) != 0 ||
        mdb_dbi_open(txn, NULL, 0, &peer->dbi) != 0 || mdb_txn_commit(txn) != 0)
        return ll_peer_failed("lmdb", "open");
    return 0;
}

static int ll_peer_lmdb_commit(void *state, uint64_t first, uint32_t count)
{
    struct ll_peer_lmdb *peer = state;
    uint8_t payload[LL_PEER_PAYLOAD_MAX];
    uint8_t key_bytes[8];
    MDB_val key = {sizeof key_bytes, key_bytes};
    MDB_val value = {peer->payload_bytes, payload};
    MDB_txn *txn;
    int rc = mdb_txn_begin(peer->env, NULL, 0, &txn);
    if (rc != 0)
        return ll_peer_failed("lmdb", mdb_strerror(rc));
    for (uint64_t id = first; id < first + count && rc == 0; id++) {
        ll_peer_payload(id, payload, peer->payload_bytes);
        ll_peer_key(key_bytes, id);
        rc = mdb_put(txn, peer->dbi, &key, &value, MDB_APPEND);
    }
    if (rc == 0)
        rc = mdb_txn_commit(txn);
    return rc == 0 ? 0 : ll_peer_failed("lmdb", mdb_strerror(rc));
}

static int ll_peer_lmdb_read_back(void *state, uint64_t *hash, uint64_t *count)
{
    struct ll_peer_lmdb *peer = state;
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val value;
    if (mdb_txn_begin(peer->env, NULL, MDB_RDONLY, &txn) != 0 ||
        mdb_cursor_open(txn, peer->dbi, &cursor) != 0)
        return ll_peer_failed("lmdb", "read");
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        uint64_t id;
        memcpy(&id, key.mv_data, sizeof id);
        *hash = ll_peer_hash_add(*hash, __builtin_bswap64(id), value.mv_data, (uint32_t)value.mv_size);
        (*count)++;
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return 0;
}

static void ll_peer_lmdb_close(void *state)
{
    struct ll_peer_lmdb *peer = state;
    mdb_env_close(peer->env);
    ll_peer_remove_dir(peer->path);
    free(peer);
}

const struct ll_peer ll_peers[LL_PEERS_COUNT] = {
    {"journal", ll_peer_journal_open, ll_peer_journal_commit, NULL, ll_peer_journal_read_back,
     ll_peer_journal_close},
    {"journal, queue full", ll_peer_journal_queue_open, ll_peer_journal_queue, ll_peer_journal_finish,
     ll_peer_journal_read_back, ll_peer_journal_close},
    {"raw pwrite+fdatasync", ll_peer_raw_open, ll_peer_raw_commit, NULL, ll_peer_raw_read_back,
     ll_peer_raw_close},
    {"raw, other thread", ll_peer_raw_thread_open, ll_peer_raw_thread_commit, NULL, ll_peer_raw_read_back,
     ll_peer_raw_close},
    {"sqlite WAL FULL", ll_peer_sqlite_open, ll_peer_sqlite_commit, NULL, ll_peer_sqlite_read_back,
     ll_peer_sqlite_close},
    {"rocksdb WAL sync", ll_peer_rocksdb_open, ll_peer_rocksdb_commit, NULL, ll_peer_rocksdb_read_back,
     ll_peer_rocksdb_close},
    {"lmdb append sync", ll_peer_lmdb_open, ll_peer_lmdb_commit, NULL, ll_peer_lmdb_read_back,
     ll_peer_lmdb_close},
};
