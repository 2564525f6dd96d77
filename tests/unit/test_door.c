/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: every command that a client published reaches the gateway once and in its order, every answer reaches the
 * client it is for, and no client, dead, slow, or full of garbage, harms the gateway or another client.
 * Method: gateway and clients in one process for the edges; raw memory of a place written to for the garbage; clients
 * as forked processes, one killed with requests in its ring; clients as threads beside a stub gateway (SAN=thread).
 * threads
 */
#include "host/base/ll_clock.h"
#include "host/base/ll_prng.h"
#include "host/client/ll_door.h"
#include "host/client/ll_link.h"
#include "tests/unit/ll_test_seed.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOOR_CLIENTS  50
#define DOOR_COMMANDS 200u

static char door_dir[64];
static char door_path[96];
static struct ll_door door;

static void door_setup(void)
{
    (void)snprintf(door_dir, sizeof door_dir, "/dev/shm/ll-test-door-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(door_dir));
    (void)snprintf(door_path, sizeof door_path, "%s/door", door_dir);
    door.fd = -1;
}

static void door_teardown(void)
{
    ll_door_close(&door);
    (void)unlink(door_path);
    ck_assert_int_eq(rmdir(door_dir), 0); /* nothing else was left */
}

static int door_try(uint32_t places, uint32_t requests, uint32_t events, struct ll_why *why)
{
    struct ll_door_config config;
    ll_door_config_default(&config);
    config.path = door_path;
    config.places = places;
    config.requests = requests;
    config.events = events;
    return ll_door_open(&door, &config, why);
}

static void door_make(uint32_t places, uint32_t requests, uint32_t events)
{
    struct ll_why why = {0};
    ck_assert_msg(door_try(places, requests, events, &why) == LL_OK, "%s", why.text);
}

static void door_enter(struct ll_link *link)
{
    struct ll_why why = {0};
    ck_assert_msg(ll_link_open(link, door_path, &why) == LL_OK, "%s", why.text);
}

/* A command that says who sent it and the how many-th it is. */
static struct ll_command door_command(uint64_t request, uint64_t sender)
{
    struct ll_command command = {.kind = LL_COMMAND_STATUS, .request = request, .quantity = sender};
    ck_assert_int_eq(ll_command_add_text(&command, LL_TEXT_target, "ORDER-1", 7), LL_OK);
    return command;
}

static void door_send(struct ll_link *link, uint64_t request)
{
    struct ll_command command = door_command(request, 0);
    ck_assert_int_eq(ll_link_send(link, &command), LL_OK);
}

static void door_answer(const struct ll_command *command)
{
    struct ll_client_event event = {.kind = LL_CLIENT_RESOLVED,
                                    .request = command->request,
                                    .value = command->quantity,
                                    .client = command->client};
    ll_door_answer(&door, command->client, &event);
}

static uint32_t door_number_of(const struct ll_link *link)
{
    return atomic_load(&ll_door_place(&link->shm, link->place)->client);
}

START_TEST(door_refuses_bad_sizes)
{
    static const uint32_t bad[][3] = {{0, 2, 2}, {65, 2, 2}, {1, 0, 2},    {1, 1, 2},     {1, 3, 2},
                                      {1, 2, 0}, {1, 2, 6},  {1, 8192, 2}, {1, 2, 131072}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ll_why why = {0};
        ck_assert_int_eq(door_try(bad[i][0], bad[i][1], bad[i][2], &why), LL_ERR_USAGE);
        ck_assert_int_gt((int)strlen(why.text), 10);
        ck_assert_int_ne(access(door_path, F_OK), 0);
    }
}
END_TEST

START_TEST(door_is_private_and_goes_with_its_gateway)
{
    struct stat status;
    door_make(64, 128, 512);
    ck_assert_int_eq(stat(door_path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_uint_eq((uint64_t)status.st_size, door.shm.file_bytes);
    ll_door_close(&door);
    ck_assert_int_ne(access(door_path, F_OK), 0);
    ll_door_close(&door); /* twice is fine */
}
END_TEST

START_TEST(door_of_a_living_gateway_is_refused)
{
    struct ll_door_config config;
    struct ll_why why = {0};
    struct ll_door other;
    door_make(2, 2, 2);
    ll_door_config_default(&config);
    config.path = door_path;
    ck_assert_int_eq(ll_door_open(&other, &config, &why), LL_ERR_BUSY);
    ck_assert_ptr_nonnull(strstr(why.text, "lives at"));
    struct ll_link link;
    door_enter(&link); /* and the living one did not notice */
    ll_link_close(&link);
}
END_TEST

START_TEST(door_leaves_other_files_alone)
{
    static const char text[] =
        "these are somebody's notes, and long enough to hold a header of a door or two; but "
        "they are not one, and must be left as they are, whatever happens to the gateway. "
        "So much for that, and now some more of it until it is long enough.............";
    char back[sizeof text] = {0};
    struct ll_link link;
    for (size_t bytes = 0; bytes <= sizeof text; bytes += sizeof text / 4) {
        struct ll_why why = {0};
        struct ll_why client_why = {0};
        int fd = open(door_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ck_assert_int_eq((int)write(fd, text, bytes), (int)bytes);
        ck_assert_int_eq(door_try(2, 2, 2, &why), LL_ERR_INPUT);
        ck_assert_ptr_nonnull(strstr(why.text, "remove it"));
        ck_assert_int_eq(ll_link_open(&link, door_path, &client_why), LL_ERR_INPUT);
        ck_assert_int_eq((int)pread(fd, back, sizeof back, 0), (int)bytes);
        ck_assert_mem_eq(back, text, bytes);
        (void)close(fd);
    }
    (void)unlink(door_path);
    ck_assert_int_eq(mkdir(door_path, 0700), 0);
    ck_assert_int_lt(door_try(2, 2, 2, NULL), 0);
    ck_assert_int_eq(rmdir(door_path), 0);
    ck_assert_int_eq(symlink("/dev/null", door_path), 0);
    ck_assert_int_eq(door_try(2, 2, 2, NULL), LL_ERR_IO);
    ck_assert_int_eq(unlink(door_path), 0);
    struct ll_why why = {0};
    ck_assert_int_eq(ll_link_open(&link, door_path, &why), LL_ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(why.text, "no gateway"));
}
END_TEST

START_TEST(door_commands_come_in_order_and_are_answered)
{
    struct ll_command got[4];
    struct ll_client_event event;
    struct ll_link link;
    door_make(4, 8, 8);
    ck_assert_uint_eq(ll_door_poll(&door, got, 4), 0);
    door_enter(&link);
    for (uint64_t lap = 0; lap < 100; lap++) { /* many laps of both rings */
        for (uint64_t i = 0; i < 5; i++)
            door_send(&link, lap * 5 + i + 1);
        ck_assert_uint_eq(ll_door_poll(&door, got, 4), 4);
        for (uint64_t i = 0; i < 4; i++) {
            ck_assert_uint_eq(got[i].request, lap * 5 + i + 1);
            ck_assert_uint_eq(got[i].client, door_number_of(&link));
            door_answer(&got[i]);
        }
        ck_assert_uint_eq(ll_door_poll(&door, got, 4), 1);
        door_answer(&got[0]);
        ck_assert_uint_eq(ll_door_poll(&door, got, 4), 0);
        for (uint64_t i = 0; i < 5; i++) {
            ck_assert(ll_link_receive(&link, &event));
            ck_assert_uint_eq(event.request, lap * 5 + i + 1);
            ck_assert_uint_eq(event.kind, LL_CLIENT_RESOLVED);
        }
        ck_assert(!ll_link_receive(&link, &event));
    }
    ck_assert_uint_eq(door.counters.commands, 500);
    ck_assert_uint_eq(door.counters.events, 500);
    ck_assert_uint_eq(door.counters.clients_come, 1);
    ll_link_close(&link);
    ck_assert_uint_eq(ll_door_poll(&door, got, 4), 0);
    ck_assert_uint_eq(door.counters.clients_left, 1);
    ck_assert_uint_eq(ll_door_client_count(&door), 0);
}
END_TEST

START_TEST(door_full_request_ring_is_said)
{
    struct ll_command command = door_command(1, 0);
    struct ll_command got[8];
    struct ll_link link;
    door_make(1, 4, 4);
    door_enter(&link);
    for (uint64_t i = 1; i <= 4; i++)
        door_send(&link, i);
    ck_assert_int_eq(ll_link_send(&link, &command), LL_ERR_FULL);
    ck_assert_uint_eq(ll_door_poll(&door, got, 1), 1);
    door_send(&link, 5);
    ck_assert_int_eq(ll_link_send(&link, &command), LL_ERR_FULL);
    ck_assert_uint_eq(ll_door_poll(&door, got, 8), 4);
    ck_assert_uint_eq(got[3].request, 5);
    ll_link_close(&link);
}
END_TEST

START_TEST(door_full_event_ring_loses_counted_and_told)
{
    struct ll_client_event news = {.kind = LL_CLIENT_ORDER};
    struct ll_client_event event;
    struct ll_command got[2];
    struct ll_link link;
    door_make(1, 4, 4);
    door_enter(&link);
    ll_link_subscribe(&link, LL_SUBSCRIBE_ALL);
    ck_assert_uint_eq(ll_door_poll(&door, got, 2), 0);
    for (uint64_t i = 1; i <= 7; i++) {
        news.event_id = i;
        ll_door_news(&door, &news);
    }
    ck_assert_uint_eq(door.counters.events, 4);
    ck_assert_uint_eq(door.counters.events_lost, 3);
    for (uint64_t i = 1; i <= 4; i++) {
        ck_assert(ll_link_receive(&link, &event));
        ck_assert_uint_eq(event.event_id, i);
    }
    ck_assert(!ll_link_receive(&link, &event));
    news.event_id = 8;
    ll_door_news(&door, &news);
    ck_assert(ll_link_receive(&link, &event));
    ck_assert_uint_eq(event.kind, LL_CLIENT_LOST);
    ck_assert_uint_eq(event.value, 3);
    ck_assert(ll_link_receive(&link, &event));
    ck_assert_uint_eq(event.event_id, 8);
    /* Without another event the slow look tells it. */
    for (uint64_t i = 0; i < 6; i++)
        ll_door_news(&door, &news);
    for (uint64_t i = 0; i < 4; i++)
        ck_assert(ll_link_receive(&link, &event));
    ll_door_sweep(&door, 1);
    ck_assert_uint_eq(ll_door_poll(&door, got, 2), 0);
    ck_assert(ll_link_receive(&link, &event));
    ck_assert_uint_eq(event.kind, LL_CLIENT_LOST);
    ck_assert_uint_eq(event.value, 2);
    ll_link_close(&link);
}
END_TEST

START_TEST(door_is_fair)
{
    struct ll_command got[64];
    struct ll_link link[4];
    door_make(64, 64, 64);
    for (uint32_t c = 0; c < 4; c++)
        door_enter(&link[c]);
    for (uint64_t i = 1; i <= 60; i++)
        door_send(&link[0], i);
    for (uint32_t c = 1; c < 4; c++)
        door_send(&link[c], 1);
    ck_assert_uint_eq(ll_door_poll(&door, got, 4), 4);
    for (uint32_t c = 0; c < 4; c++)
        ck_assert_uint_eq(got[c].client, door_number_of(&link[c])); /* one each, before one has a second */
    ck_assert_uint_eq(ll_door_poll(&door, got, 64), 59);
    for (uint32_t c = 0; c < 4; c++)
        ll_link_close(&link[c]);
}
END_TEST

START_TEST(door_news_go_to_who_asked)
{
    struct ll_client_event event;
    struct ll_command got[4];
    struct ll_link link[3];
    door_make(8, 4, 8);
    for (uint32_t c = 0; c < 3; c++) {
        door_enter(&link[c]);
        ll_link_subscribe(&link[c], c); /* none, own, all */
        door_send(&link[c], 1);
    }
    ck_assert_uint_eq(ll_door_poll(&door, got, 4), 3);
    for (uint32_t c = 0; c < 3; c++) {
        struct ll_client_event news = {
            .kind = LL_CLIENT_ORDER, .event_id = c, .client = door_number_of(&link[c])};
        ll_door_news(&door, &news);
    }
    ck_assert(!ll_link_receive(&link[0], &event));
    ck_assert(ll_link_receive(&link[1], &event));
    ck_assert_uint_eq(event.event_id, 1);
    ck_assert(!ll_link_receive(&link[1], &event));
    for (uint64_t i = 0; i < 3; i++) {
        ck_assert(ll_link_receive(&link[2], &event));
        ck_assert_uint_eq(event.event_id, i);
    }
    ck_assert(!ll_link_receive(&link[2], &event));
    for (uint32_t c = 0; c < 3; c++)
        ll_link_close(&link[c]);
}
END_TEST

START_TEST(door_answers_never_reach_the_next_in_a_place)
{
    struct ll_client_event event;
    struct ll_command first;
    struct ll_command second;
    struct ll_link link;
    door_make(1, 4, 4);
    door_enter(&link);
    door_send(&link, 7);
    ck_assert_uint_eq(ll_door_poll(&door, &first, 1), 1);
    ll_link_close(&link);
    struct ll_why why = {0};
    ck_assert_int_eq(ll_link_open(&link, door_path, &why), LL_ERR_FULL); /* not yet given back */
    ck_assert_uint_eq(ll_door_poll(&door, &second, 1), 0);
    door_enter(&link);
    door_send(&link, 7);
    ck_assert_uint_eq(ll_door_poll(&door, &second, 1), 1);
    ck_assert_uint_ne(first.client, second.client);
    door_answer(&first);
    ck_assert_uint_eq(door.counters.events_gone, 1);
    ck_assert(!ll_link_receive(&link, &event));
    door_answer(&second);
    ck_assert(ll_link_receive(&link, &event));
    ll_link_close(&link);
}
END_TEST

/* An order may outlive the gateway it came through; news about it must not go to a stranger of the next one. */
START_TEST(door_numbers_differ_between_generations)
{
    struct ll_door_config config;
    struct ll_link link;
    struct ll_command got;
    uint32_t numbers[3];
    ll_door_config_default(&config);
    config.path = door_path;
    for (uint32_t i = 0; i < 3; i++) {
        config.generation = 7 + i;
        ck_assert_int_eq(ll_door_open(&door, &config, NULL), LL_OK);
        ck_assert_uint_eq(door.shm.header->generation, 7 + i);
        door_enter(&link);
        ck_assert_uint_eq(ll_door_poll(&door, &got, 1), 0);
        numbers[i] = door_number_of(&link);
        for (uint32_t j = 0; j < i; j++)
            ck_assert_uint_ne(numbers[i], numbers[j]);
        ll_link_close(&link);
        ll_door_close(&door);
    }
}
END_TEST

START_TEST(door_delivers_what_a_leaver_had_sent)
{
    struct ll_command got[8];
    struct ll_link link;
    door_make(2, 8, 8);
    door_enter(&link);
    for (uint64_t i = 1; i <= 5; i++)
        door_send(&link, i);
    ll_link_close(&link);
    ck_assert_uint_eq(ll_door_poll(&door, got, 3), 3);
    ck_assert_uint_eq(ll_door_client_count(&door), 1);
    ck_assert_uint_eq(ll_door_poll(&door, got, 3), 2);
    ck_assert_uint_eq(got[1].request, 5);
    ck_assert_uint_eq(ll_door_client_count(&door), 0);
}
END_TEST

START_TEST(door_a_bell_that_was_not_rung_is_made_good)
{
    struct ll_command got;
    struct ll_link link;
    door_make(4, 8, 8);
    door_enter(&link);
    door_send(&link, 1);
    atomic_store(&door.shm.header->bell, 0);
    ck_assert_uint_eq(ll_door_poll(&door, &got, 1), 0);
    ll_door_sweep(&door, 4);
    ck_assert_uint_eq(ll_door_poll(&door, &got, 1), 1);
    ll_link_close(&link);
}
END_TEST

/* A client process: enters, sends `published` commands, writes one more without publishing it, and waits to die. */
static pid_t door_fork_client(uint32_t published, int *ready)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct ll_link link;
        struct ll_command half = door_command(999, 0);
        if (ll_link_open(&link, door_path, NULL) != LL_OK)
            _exit(2);
        for (uint32_t i = 1; i <= published; i++)
            door_send(&link, i);
        memcpy(ll_door_request(&link.shm, link.place, link.request_head), &half, sizeof half / 2);
        (void)!write(ends[1], "r", 1);
        for (;;)
            (void)pause();
    }
    char byte = 0;
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    (void)close(ends[1]);
    *ready = ends[0];
    return child;
}

START_TEST(door_a_killed_client_is_heard_out)
{
    struct ll_command got[16];
    struct ll_link link;
    int ready;
    door_make(2, 16, 16);
    door_enter(&link);
    pid_t child = door_fork_client(6, &ready);
    ck_assert_uint_eq(ll_door_poll(&door, got, 2), 2);
    ll_door_sweep(&door, 2);
    ck_assert_uint_eq(ll_door_client_count(&door), 2);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ll_door_sweep(&door, 2); /* it is a zombie: dead enough */
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_uint_eq(ll_door_poll(&door, got, 16), 4);
    for (uint64_t i = 0; i < 4; i++)
        ck_assert_uint_eq(got[i].request, i + 3);
    ck_assert_uint_eq(ll_door_poll(&door, got, 16), 0); /* what it had not published was never seen */
    ck_assert_uint_eq(door.counters.clients_died, 1);
    ck_assert_uint_eq(door.counters.malformed, 0);
    ck_assert_uint_eq(ll_door_client_count(&door), 1);
    door_answer(&got[3]);
    ck_assert_uint_eq(door.counters.events_gone, 1);
    (void)close(ready);
    struct ll_link next;
    door_enter(&next); /* its place serves again */
    door_send(&next, 1);
    ck_assert_uint_eq(ll_door_poll(&door, got, 16), 1);
    ck_assert_uint_eq(got[0].request, 1);
    ll_link_close(&next);
    ll_link_close(&link);
}
END_TEST

START_TEST(door_evicts_what_makes_no_sense)
{
    static const uint64_t heads[] = {9, UINT64_MAX, UINT64_C(1) << 63, 4096, 100};
    struct ll_command got[4];
    struct ll_link bad;
    struct ll_link good;
    door_make(8, 8, 8);
    door_enter(&good);
    door_enter(&bad);
    door_send(&bad, 1);
    ck_assert_uint_eq(ll_door_poll(&door, got, 4), 1);
    struct ll_door_place *shared = ll_door_place(&bad.shm, bad.place);
    if (_i < 5) {
        atomic_store(&shared->request_head, heads[_i] + (_i == 0)); /* tail 1: 1+8 would be full, not wrong */
        atomic_fetch_or(&bad.shm.header->bell, UINT64_C(1) << bad.place);
        ck_assert_uint_eq(ll_door_poll(&door, got, 4), 0);
    } else if (_i == 5) {
        atomic_store(&shared->event_tail, 3); /* ahead of what was ever written */
        door_answer(&got[0]);
    } else {
        atomic_store(&shared->owner, UINT64_C(0x123456789abcdef));
        ll_door_sweep(&door, 8);
        ck_assert_uint_eq(ll_door_poll(&door, got, 4), 0);
    }
    ck_assert_uint_eq(door.counters.clients_evicted, 1);
    struct ll_command command = door_command(2, 0);
    ck_assert_int_eq(ll_link_send(&bad, &command), LL_ERR_CORRUPT);
    door_answer(&got[0]);
    ck_assert_uint_eq(door.counters.clients_evicted, 1);
    ll_door_sweep(&door, 8);
    ck_assert_uint_eq(ll_door_client_count(&door), 2); /* its process lives, so its place stays shut */
    door_send(&good, 1);
    ck_assert_uint_eq(ll_door_poll(&door, got, 4), 1);
    ll_link_close(&good);
    ll_link_close(&bad);
}
END_TEST

START_TEST(door_refuses_malformed_commands_itself)
{
    struct ll_client_event event;
    struct ll_command got;
    struct ll_command bad = {.kind = 200, .request = 42};
    struct ll_link link;
    door_make(1, 8, 8);
    door_enter(&link);
    ck_assert_int_eq(ll_link_send(&link, &bad), LL_OK);
    door_send(&link, 43);
    ck_assert_uint_eq(ll_door_poll(&door, &got, 1), 1);
    ck_assert_uint_eq(got.request, 43);
    ck_assert_uint_eq(door.counters.malformed, 1);
    ck_assert(ll_link_receive(&link, &event));
    ck_assert_uint_eq(event.request, 42);
    ck_assert_uint_eq(event.kind, LL_CLIENT_REFUSED);
    ck_assert_uint_eq(event.refusal, LL_REFUSAL_MALFORMED);
    ll_link_close(&link);
}
END_TEST

/* Writes garbage to something that a client may write, in any place but the first. */
static void door_write_garbage(struct ll_prng *prng)
{
    uint32_t place = 1 + ll_prng_below(prng, 7);
    struct ll_door_place *shared = ll_door_place(&door.shm, place);
    uint64_t word = ll_prng_chance(prng, 500) ? ll_prng_next(prng) : ll_prng_below(prng, 40);
    size_t span = (size_t)(door.shm.file_bytes - LL_DOOR_PAGE_BYTES - door.shm.place_bytes);
    switch (ll_prng_below(prng, 7)) {
    case 0:
        atomic_store(&shared->request_head, word);
        break;
    case 1:
        atomic_store(&shared->event_tail, word);
        break;
    case 2:
        atomic_store(&shared->owner, word);
        break;
    case 3:
        atomic_store(&shared->subscription, (uint32_t)word);
        atomic_store(&shared->leaving, (uint32_t)(word >> 32));
        break;
    case 4:
        atomic_store(&door.shm.header->bell, word);
        break;
    case 5:
        ((unsigned char *)ll_door_place(&door.shm, 1))[ll_prng_next(prng) % span] = (unsigned char)word;
        break;
    default:
        memset(ll_door_request(&door.shm, place, word), (int)(word >> 8) & 0xff, sizeof(struct ll_command));
        break;
    }
}

/* Serves what is there; counts the commands of the client `good`, whose order must be right. */
static void door_serve_among_garbage(const struct ll_link *good, uint32_t count_max, uint64_t *heard)
{
    struct ll_command got[16];
    uint32_t count = ll_door_poll(&door, got, count_max);
    for (uint32_t i = 0; i < count; i++) {
        if (got[i].client == door_number_of(good))
            ck_assert_uint_eq(got[i].request, ++*heard);
        door_answer(&got[i]);
        struct ll_client_event news = {.client = got[i].client, .kind = LL_CLIENT_ORDER};
        ll_door_news(&door, &news);
    }
}

START_TEST(door_garbage_harms_nobody)
{
    struct ll_client_event event;
    struct ll_prng prng;
    struct ll_link good;
    uint64_t sent = 0;
    uint64_t heard = 0;
    uint64_t answered = 0;
    ll_prng_init(&prng, ll_test_seed("door_garbage") + (uint64_t)_i);
    door_make(8, 16, 16);
    door_enter(&good);
    ck_assert_uint_eq(good.place, 0);
    for (uint32_t step = 0; step < 20000 || heard < sent; step++) {
        ck_assert_uint_lt(step, 30000);
        if (step < 20000 && ll_prng_chance(&prng, 800))
            door_write_garbage(&prng);
        else if (step < 20000 && sent - heard < 16)
            door_send(&good, ++sent);
        door_serve_among_garbage(&good, 1 + ll_prng_below(&prng, 16), &heard);
        if (step % 16 == 0)
            ll_door_sweep(&door, 2);
        while (ll_link_receive(&good, &event)) {
            ck_assert_uint_eq(event.kind, LL_CLIENT_RESOLVED);
            ck_assert_uint_eq(event.request, ++answered);
        }
    }
    ck_assert_uint_eq(heard, sent);
    ck_assert_uint_eq(answered, sent);
    ck_assert_uint_gt(heard, 1000);
    ck_assert_uint_gt(door.counters.clients_evicted, 10);
    ck_assert_uint_gt(door.counters.clients_died, 10);
    ck_assert_uint_gt(door.counters.malformed, 10);
    ck_assert_uint_gt(door.counters.strays, 0);
    ll_link_close(&good);
}
END_TEST

START_TEST(door_random_steps_equal_the_model)
{
    struct ll_link link[3];
    uint64_t sent[3] = {0};
    uint64_t heard[3] = {0};
    uint64_t answered[3] = {0};
    uint64_t told[3] = {0};
    struct ll_prng prng;
    ll_prng_init(&prng, ll_test_seed("door_model") + (uint64_t)_i);
    uint32_t capacity = 2u << _i;
    door_make(3, capacity, capacity);
    for (uint32_t c = 0; c < 3; c++)
        door_enter(&link[c]);
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t c = ll_prng_below(&prng, 3);
        uint32_t what = ll_prng_below(&prng, 3);
        if (what == 0) {
            struct ll_command command = door_command(sent[c] + 1, c);
            int err = ll_link_send(&link[c], &command);
            ck_assert_int_eq(err, sent[c] - heard[c] < capacity ? LL_OK : LL_ERR_FULL);
            sent[c] += err == LL_OK;
        } else if (what == 1) {
            struct ll_command got[4];
            uint32_t count = ll_door_poll(&door, got, 1 + ll_prng_below(&prng, 4));
            for (uint32_t i = 0; i < count; i++) {
                uint64_t who = got[i].quantity;
                ck_assert_uint_lt(who, 3);
                ck_assert_uint_eq(got[i].request, ++heard[who]);
                if (answered[who] - told[who] < capacity) {
                    door_answer(&got[i]);
                    answered[who]++;
                }
            }
        } else {
            struct ll_client_event event;
            bool has = ll_link_receive(&link[c], &event);
            ck_assert(has == (answered[c] > told[c]));
            if (has)
                ck_assert_uint_eq(event.value, c);
            told[c] += has;
        }
    }
    ck_assert_uint_eq(door.counters.events_lost, 0);
    ck_assert_uint_gt(heard[0] + heard[1] + heard[2], 2000);
    for (uint32_t c = 0; c < 3; c++)
        ll_link_close(&link[c]);
}
END_TEST

/* What a client of the crowd does: asks, hears, and checks that each answer is its own. Returns 0 when all is well.
 * A thread works in the gateway's own mapping, because the thread sanitizer knows memory by its address. */
static int door_client_run(uint64_t sender, bool is_thread)
{
    struct ll_link link;
    struct ll_client_event event;
    uint64_t sent = 0;
    uint64_t heard = 0;
    uint64_t deadline_ns = ll_clock_mono_ns() + 50 * LL_NS_PER_S;
    if (ll_link_open(&link, door_path, NULL) != LL_OK)
        return 2;
    const struct ll_door_shm own = link.shm;
    if (is_thread)
        link.shm = door.shm;
    while (heard < DOOR_COMMANDS && ll_clock_mono_ns() < deadline_ns) {
        if (sent < DOOR_COMMANDS && sent - heard < 8) {
            struct ll_command command = door_command(sent + 1, sender);
            sent += ll_link_send(&link, &command) == LL_OK;
        }
        bool has = ll_link_receive(&link, &event);
        if (has && (event.value != sender || event.request != heard + 1))
            return 3;
        heard += has;
        if (!has)
            (void)sched_yield();
    }
    link.shm = own;
    ll_link_close(&link);
    return heard == DOOR_COMMANDS ? 0 : 4;
}

static void door_serve(uint64_t count)
{
    struct ll_command got[32];
    uint64_t deadline_ns = ll_clock_mono_ns() + 50 * LL_NS_PER_S;
    while (count > 0 && ll_clock_mono_ns() < deadline_ns) {
        uint32_t now = ll_door_poll(&door, got, 32);
        for (uint32_t i = 0; i < now; i++)
            door_answer(&got[i]);
        count -= now;
        if (now == 0) {
            ll_door_sweep(&door, 1);
            (void)sched_yield();
        }
    }
    ck_assert_uint_eq(count, 0);
}

static void *door_client_thread(void *argument)
{
    return (void *)(intptr_t)door_client_run((uint64_t)(uintptr_t)argument, true);
}

START_TEST(door_many_threads)
{
    pthread_t threads[DOOR_CLIENTS];
    door_make(64, 16, 16);
    for (uintptr_t i = 0; i < DOOR_CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, door_client_thread, (void *)(i + 1)), 0);
    door_serve(DOOR_CLIENTS * DOOR_COMMANDS);
    for (uintptr_t i = 0; i < DOOR_CLIENTS; i++) {
        void *result = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_int_eq((int)(intptr_t)result, 0);
    }
    ck_assert_uint_eq(door.counters.clients_evicted + door.counters.events_lost, 0);
}
END_TEST

START_TEST(door_many_processes)
{
    pid_t children[DOOR_CLIENTS];
    door_make(64, 16, 16);
    for (uint64_t i = 0; i < DOOR_CLIENTS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0)
            _exit(door_client_run(i + 1, false));
    }
    door_serve(DOOR_CLIENTS * DOOR_COMMANDS);
    for (uint64_t i = 0; i < DOOR_CLIENTS; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_uint_eq(door.counters.commands, DOOR_CLIENTS * DOOR_COMMANDS);
    ck_assert_uint_eq(door.counters.clients_evicted + door.counters.events_lost, 0);
    for (uint32_t i = 0; i < 64; i++) {
        struct ll_command none;
        ll_door_sweep(&door, 64);
        ck_assert_uint_eq(ll_door_poll(&door, &none, 1), 0);
    }
    ck_assert_uint_eq(ll_door_client_count(&door), 0);
}
END_TEST

/* A gateway that is killed leaves its file; the next one takes it over, and old clients are told. */
START_TEST(door_is_taken_over_from_the_dead)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        door_make(4, 4, 4);
        (void)!write(ends[1], "r", 1);
        for (;;)
            (void)pause();
    }
    char byte;
    struct ll_link link;
    struct ll_command command = door_command(1, 0);
    ck_assert_int_eq((int)read(ends[0], &byte, 1), 1);
    door_enter(&link);
    ck_assert_int_eq(door_try(4, 4, 4, NULL), LL_ERR_BUSY);
    ck_assert_int_eq(ll_link_send(&link, &command), LL_OK);
    ck_assert(ll_link_gateway_is_alive(&link));
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert(!ll_link_gateway_is_alive(&link));
    struct ll_link late;
    struct ll_why why = {0};
    ck_assert_int_eq(ll_link_open(&late, door_path, &why), LL_ERR_ENVIRONMENT);
    ck_assert_ptr_nonnull(strstr(why.text, "has ended"));
    uint64_t generation = link.shm.header->generation;
    door_make(8, 8, 8);
    ck_assert_uint_eq(door.shm.header->generation, generation + 1);
    ck_assert_int_eq(ll_link_send(&link, &command), LL_ERR_STOPPED);
    ll_link_close(&link);
    ck_assert_uint_eq(ll_door_poll(&door, &command, 1), 0); /* what was asked of the old one stays there */
    door_enter(&late);
    door_send(&late, 1);
    ck_assert_uint_eq(ll_door_poll(&door, &command, 1), 1);
    ll_door_close(&door);
    ck_assert_int_eq(ll_link_send(&late, &command), LL_ERR_STOPPED);
    ll_link_close(&late);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

START_TEST(door_knows_processes)
{
    uint64_t self = ll_process_self();
    ck_assert_uint_eq(ll_process_pid(self), (uint32_t)getpid());
    ck_assert(ll_process_is_alive(self));
    ck_assert(!ll_process_is_alive(self + (UINT64_C(1) << 24))); /* the same pid, given out again */
    ck_assert(!ll_process_is_alive(0));
    ck_assert(!ll_process_is_alive(0xffffff));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("door");
    TCase *edges = tcase_create("edges");
    tcase_add_checked_fixture(edges, door_setup, door_teardown);
    tcase_set_timeout(edges, 60);
    tcase_add_test(edges, door_knows_processes);
    tcase_add_test(edges, door_refuses_bad_sizes);
    tcase_add_test(edges, door_is_private_and_goes_with_its_gateway);
    tcase_add_test(edges, door_of_a_living_gateway_is_refused);
    tcase_add_test(edges, door_leaves_other_files_alone);
    tcase_add_test(edges, door_commands_come_in_order_and_are_answered);
    tcase_add_test(edges, door_full_request_ring_is_said);
    tcase_add_test(edges, door_full_event_ring_loses_counted_and_told);
    tcase_add_test(edges, door_is_fair);
    tcase_add_test(edges, door_news_go_to_who_asked);
    tcase_add_test(edges, door_answers_never_reach_the_next_in_a_place);
    tcase_add_test(edges, door_numbers_differ_between_generations);
    tcase_add_test(edges, door_delivers_what_a_leaver_had_sent);
    tcase_add_test(edges, door_a_bell_that_was_not_rung_is_made_good);
    tcase_add_test(edges, door_refuses_malformed_commands_itself);
    tcase_add_loop_test(edges, door_evicts_what_makes_no_sense, 0, 7);
    suite_add_tcase(suite, edges);
    TCase *random = tcase_create("random");
    tcase_add_checked_fixture(random, door_setup, door_teardown);
    tcase_set_timeout(random, 120);
    tcase_add_loop_test(random, door_garbage_harms_nobody, 0, 4);
    tcase_add_loop_test(random, door_random_steps_equal_the_model, 0, 4);
    suite_add_tcase(suite, random);
    TCase *others = tcase_create("threads and processes");
    tcase_add_checked_fixture(others, door_setup, door_teardown);
    tcase_set_timeout(others, 120);
    tcase_add_test(others, door_a_killed_client_is_heard_out);
    tcase_add_test(others, door_is_taken_over_from_the_dead);
    tcase_add_test(others, door_many_threads);
    tcase_add_test(others, door_many_processes);
    suite_add_tcase(suite, others);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
