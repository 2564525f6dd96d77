/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte door that follows a script, for tests of sessions over a byte stream.
 *
 * Shape    Set what comes in, what connect says and how much goes out; then hand ll_test_script_door to the
 *          session. A door that is used while it is closed fails the test.
 * Units    bytes.
 * Errors   each helper fails the running test case itself (libcheck).
 * Threads  one test case.
 */
#ifndef LL_TESTS_UNIT_TEST_SOUP_H
#define LL_TESTS_UNIT_TEST_SOUP_H

#include "host/base/ll_byte_door.h"
#include "host/wire/ll_soupbintcp.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LL_TEST_SCRIPT_BYTES 262144u

struct ll_test_script {
    int connect_status;
    int in_status;           /* what receive says when everything has been read */
    int send_status;         /* negative: what send says */
    uint32_t in_step_bytes;  /* at most so many in one receive */
    uint32_t out_room_bytes; /* so many are still taken */
    uint32_t in_at;
    uint32_t in_bytes;
    uint32_t out_bytes;
    uint32_t connects;
    uint32_t closes;
    bool connected;
    uint8_t in[LL_TEST_SCRIPT_BYTES];
    uint8_t out[LL_TEST_SCRIPT_BYTES];
};

static inline int ll_test_script_connect(void *context, struct ll_why *why)
{
    struct ll_test_script *script = context;
    ck_assert(!script->connected);
    script->connects++;
    if (script->connect_status == LL_OK)
        script->connected = true;
    else if (script->connect_status != LL_ERR_BUSY)
        (void)LL_FAIL(why, script->connect_status, "the script says no");
    return script->connect_status;
}

static inline int ll_test_script_send(void *context, const uint8_t *bytes, uint32_t bytes_count)
{
    struct ll_test_script *script = context;
    ck_assert(script->connected);
    ck_assert_uint_gt(bytes_count, 0);
    if (script->send_status != 0)
        return script->send_status;
    uint32_t taken = bytes_count < script->out_room_bytes ? bytes_count : script->out_room_bytes;
    ck_assert_uint_le(taken, LL_TEST_SCRIPT_BYTES - script->out_bytes);
    memcpy(script->out + script->out_bytes, bytes, taken);
    script->out_bytes += taken;
    if (script->out_room_bytes != UINT32_MAX)
        script->out_room_bytes -= taken;
    return (int)taken;
}

static inline int ll_test_script_receive(void *context, uint8_t *bytes, uint32_t capacity_bytes)
{
    struct ll_test_script *script = context;
    uint32_t got = script->in_bytes - script->in_at;
    ck_assert(script->connected);
    ck_assert_uint_gt(capacity_bytes, 0);
    if (got == 0)
        return script->in_status;
    if (got > script->in_step_bytes)
        got = script->in_step_bytes;
    if (got > capacity_bytes)
        got = capacity_bytes;
    memcpy(bytes, script->in + script->in_at, got);
    script->in_at += got;
    return (int)got;
}

static inline void ll_test_script_close(void *context)
{
    struct ll_test_script *script = context;
    script->connected = false;
    script->closes++;
}

static inline struct ll_byte_door ll_test_script_door(struct ll_test_script *script)
{
    return (struct ll_byte_door){script, ll_test_script_connect, ll_test_script_send, ll_test_script_receive,
                                 ll_test_script_close};
}

/* Nothing comes, everything goes, every connect succeeds. */
static inline struct ll_test_script *ll_test_script_new(void)
{
    struct ll_test_script *script = calloc(1, sizeof *script);
    ck_assert_ptr_nonnull(script);
    script->in_step_bytes = UINT32_MAX;
    script->out_room_bytes = UINT32_MAX;
    return script;
}

/* --- What comes in --- */

static inline void ll_test_script_raw(struct ll_test_script *script, const void *bytes, uint32_t bytes_count)
{
    ck_assert_uint_le(bytes_count, LL_TEST_SCRIPT_BYTES - script->in_bytes);
    memcpy(script->in + script->in_bytes, bytes, bytes_count);
    script->in_bytes += bytes_count;
}

static inline void ll_test_script_packet(struct ll_test_script *script, uint8_t type, const void *payload,
                                         uint32_t payload_bytes)
{
    uint32_t bytes_count = 0;
    ck_assert_int_eq(ll_soup_packet_encode(type, payload, payload_bytes, script->in + script->in_bytes,
                                           LL_TEST_SCRIPT_BYTES - script->in_bytes, &bytes_count),
                     LL_OK);
    script->in_bytes += bytes_count;
}

static inline void ll_test_script_accept(struct ll_test_script *script, const char *session,
                                         uint64_t sequence)
{
    struct ll_soup_login_accepted accepted = {.sequence = sequence};
    uint32_t bytes_count = 0;
    memcpy(accepted.session, session, strlen(session));
    ck_assert_int_eq(ll_soup_login_accepted_encode(&accepted, script->in + script->in_bytes,
                                                   LL_TEST_SCRIPT_BYTES - script->in_bytes, &bytes_count),
                     LL_OK);
    script->in_bytes += bytes_count;
}

static inline void ll_test_script_login(struct ll_test_script *script, const char *username,
                                        const char *password, const char *session, uint64_t sequence)
{
    struct ll_soup_login_request login = {.sequence = sequence};
    uint32_t bytes_count = 0;
    memcpy(login.username, username, strlen(username));
    memcpy(login.password, password, strlen(password));
    memcpy(login.session, session, strlen(session));
    ck_assert_int_eq(ll_soup_login_request_encode(&login, script->in + script->in_bytes,
                                                  LL_TEST_SCRIPT_BYTES - script->in_bytes, &bytes_count),
                     LL_OK);
    script->in_bytes += bytes_count;
}

/* --- What went out --- */

/* The next whole packet of `out` from *at on; fails when there is none. */
static inline struct ll_soup_packet ll_test_script_sent(const struct ll_test_script *script, uint32_t *at)
{
    struct ll_soup_packet packet;
    ck_assert_int_eq(ll_soup_packet_next(script->out + *at, script->out_bytes - *at, &packet), LL_OK);
    *at += packet.packet_bytes;
    return packet;
}

#endif
