/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal: whatever clients write into the memory they share with the gateway, the gateway reads and writes nothing
 * outside of it, hands out nothing but whole commands of clients it serves, and an honest client beside them gets its
 * commands through and its answers back, once and in order. And of a file only a door is taken for one.
 * Method: the door lies in a block of exact size. Place 0 belongs to an honest client; the input writes words,
 * commands and events into the other places and into the bell, and polls, answers, tells news and sweeps. At last
 * every bell that was silenced is made good by a sweep. The first byte may choose the other half instead: the rest is
 * then what is changed in the header of a file, as long as it says it is or not.
 *
 * Input: choice u8, then commands: kind u8, and its arguments. Missing bytes read as 0.
 */
#include "host/base/ll_assert.h"
#include "host/client/ll_door.h"
#include "host/client/ll_link.h"
#include "tests/fuzz/ll_fuzz_bytes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count);

enum { FUZZ_PLACES = 3, FUZZ_REQUESTS = 4, FUZZ_EVENTS = 4, FUZZ_COMMANDS_MAX = 1000, FUZZ_POLL_MAX = 8 };

struct fuzz {
    struct ll_fuzz_bytes input;
    struct ll_door door;
    struct ll_link honest;
    uint32_t honest_client; /* its number, once it was heard; 0 before */
    uint64_t sent;          /* the honest client's requests count from 1 */
    uint64_t heard;
    uint64_t answered; /* answers that it took */
    uint32_t last_client;
};

/* As ll_door_open leaves it, without a file. */
static void make_door(struct fuzz *fuzz)
{
    struct ll_door_shm *shm = &fuzz->door.shm;
    LL_ASSERT(ll_door_shm_size(shm, FUZZ_PLACES, FUZZ_REQUESTS, FUZZ_EVENTS, NULL) == LL_OK);
    shm->header = aligned_alloc(64, shm->file_bytes);
    LL_ASSERT(shm->header != NULL);
    memset(shm->header, 0, shm->file_bytes);
    atomic_store(&shm->header->state, LL_DOOR_OPEN);
    fuzz->door.process = ll_process_self();
    fuzz->door.fd = -1;
    fuzz->honest = (struct ll_link){.shm = *shm, .place = 0, .gateway = fuzz->door.process};
    atomic_store(&ll_door_place(shm, 0)->owner, fuzz->door.process);
}

/* --- The honest client ------------------------------------------------------------------------------------ */

static void honest_send(struct fuzz *fuzz)
{
    struct ll_command command = {.kind = LL_COMMAND_STATUS, .request = fuzz->sent + 1};
    LL_ASSERT(ll_command_add_text(&command, LL_TEXT_target, "OR-1", 4) == LL_OK);
    if (fuzz->sent - fuzz->answered < FUZZ_EVENTS && ll_link_send(&fuzz->honest, &command) == LL_OK)
        fuzz->sent++;
}

static void honest_receive(struct fuzz *fuzz)
{
    struct ll_client_event event;
    while (ll_link_receive(&fuzz->honest, &event)) {
        LL_ASSERT(event.request == fuzz->answered + 1);
        LL_ASSERT(event.kind == LL_CLIENT_RESOLVED && event.client == fuzz->honest_client);
        fuzz->answered++;
    }
}

/* --- The gateway ------------------------------------------------------------------------------------------ */

static void handle_command(struct fuzz *fuzz, const struct ll_command *command)
{
    struct ll_client_event event = {
        .kind = LL_CLIENT_RESOLVED, .request = command->request, .client = command->client};
    uint32_t place = command->client % LL_DOOR_PLACES_MAX;
    LL_ASSERT(ll_command_check(command) == LL_OK);
    LL_ASSERT(place < FUZZ_PLACES);
    fuzz->last_client = command->client;
    if (place != 0)
        return;
    LL_ASSERT(command->request == fuzz->heard + 1);
    LL_ASSERT(fuzz->honest_client == 0 || fuzz->honest_client == command->client);
    fuzz->honest_client = command->client;
    fuzz->heard++;
    ll_door_answer(&fuzz->door, command->client, &event);
}

static void poll_door(struct fuzz *fuzz, uint32_t count_max)
{
    struct ll_command commands[FUZZ_POLL_MAX];
    uint32_t count = ll_door_poll(&fuzz->door, commands, count_max);
    LL_ASSERT(count <= count_max);
    for (uint32_t i = 0; i < count; i++)
        handle_command(fuzz, &commands[i]);
}

/* A client's number: that of the last command, of a place as it is now, or any. The honest client is not spoken to. */
static uint32_t any_client(struct fuzz *fuzz)
{
    uint8_t choice = ll_fuzz_u8(&fuzz->input);
    uint32_t client = choice % 3 == 0   ? fuzz->last_client
                      : choice % 3 == 1 ? fuzz->door.clients[1 + choice / 3 % (FUZZ_PLACES - 1)].number
                                        : (uint32_t)ll_fuzz_u64(&fuzz->input);
    return client % LL_DOOR_PLACES_MAX == 0 ? client + 1 : client;
}

/* --- The others ------------------------------------------------------------------------------------------- */

static void write_word(struct fuzz *fuzz, struct ll_door_place *place)
{
    uint8_t which = ll_fuzz_u8(&fuzz->input);
    /* Near what is there, or anything. */
    bool is_near = which >= 64;
    uint64_t value = is_near ? ll_fuzz_u8(&fuzz->input) : ll_fuzz_u64(&fuzz->input);
    switch (which % 9) {
    case 0:
        atomic_store(&place->request_head, is_near ? atomic_load(&place->request_tail) + value % 8 : value);
        break;
    case 1: /* ourselves, who lives, or anybody */
        atomic_store(&place->owner, is_near && value % 2 == 0 ? fuzz->door.process : value);
        break;
    case 2:
        atomic_store(&place->subscription, (uint32_t)(is_near ? value % 4 : value));
        break;
    case 3:
        atomic_store(&place->leaving, (uint32_t)value);
        break;
    case 4:
        atomic_store(&place->request_tail, value);
        break;
    case 5:
        atomic_store(&place->state, (uint32_t)value);
        break;
    case 6:
        atomic_store(&place->client, (uint32_t)value);
        break;
    case 7:
        atomic_store(&place->event_head, value);
        break;
    default:
        atomic_store(&place->event_tail, is_near ? atomic_load(&place->event_head) - value % 8 : value);
        break;
    }
}

static void write_request(struct fuzz *fuzz, uint32_t place)
{
    uint8_t choice = ll_fuzz_u8(&fuzz->input);
    struct ll_command command = {.kind = LL_COMMAND_RESOLVE, .request = choice};
    if (choice % 2 == 0) {
        size_t count = ll_fuzz_u8(&fuzz->input) * 2u;
        count = count < sizeof command ? count : sizeof command;
        count = count < ll_fuzz_left_bytes(&fuzz->input) ? count : ll_fuzz_left_bytes(&fuzz->input);
        memcpy(&command, fuzz->input.at, count);
        fuzz->input.at += count;
    }
    memcpy(ll_door_request(&fuzz->door.shm, place, choice / 2), &command, sizeof command);
}

/* As a client does it: a command and its position, and the bell. */
static void publish(struct fuzz *fuzz, uint32_t place)
{
    struct ll_door_place *shared = ll_door_place(&fuzz->door.shm, place);
    write_request(fuzz, place);
    atomic_store(&shared->owner, fuzz->door.process);
    atomic_fetch_add(&shared->request_head, 1);
    atomic_fetch_or(&fuzz->door.shm.header->bell, UINT64_C(1) << place);
}

static void run_command(struct fuzz *fuzz)
{
    struct ll_client_event event = {.kind = LL_CLIENT_ORDER};
    uint8_t kind = ll_fuzz_u8(&fuzz->input);
    uint32_t place = 1 + kind / 16 % (FUZZ_PLACES - 1);
    switch (kind % 10) {
    case 0:
        write_word(fuzz, ll_door_place(&fuzz->door.shm, place));
        break;
    case 1:
        write_request(fuzz, place);
        break;
    case 2:
        publish(fuzz, place);
        break;
    case 3:
        atomic_store(&fuzz->door.shm.header->bell, ll_fuzz_u64(&fuzz->input));
        break;
    case 4:
        ll_door_answer(&fuzz->door, any_client(fuzz), &event);
        break;
    case 5:
        event.client = any_client(fuzz);
        ll_door_news(&fuzz->door, &event);
        break;
    case 6:
        ll_door_sweep(&fuzz->door, 1 + kind / 16 % FUZZ_PLACES);
        break;
    case 7:
        honest_send(fuzz);
        break;
    case 8:
        honest_receive(fuzz);
        break;
    default:
        poll_door(fuzz, 1 + kind / 16 % FUZZ_POLL_MAX);
        break;
    }
}

static void check_door(const struct fuzz *fuzz)
{
    const struct ll_door *door = &fuzz->door;
    const struct ll_door_counters *counters = &door->counters;
    uint32_t present = 0;
    uint64_t evicted = 0;
    for (uint32_t i = 0; i < FUZZ_PLACES; i++) {
        const struct ll_door_client *client = &door->clients[i];
        uint64_t bit = UINT64_C(1) << i;
        present += client->owner != 0;
        evicted += client->is_evicted;
        LL_ASSERT(client->owner == 0 || client->number % LL_DOOR_PLACES_MAX == i);
        LL_ASSERT((door->sees_all & door->sees_own & bit) == 0);
        LL_ASSERT((!client->is_evicted && client->owner != 0) ||
                  ((door->sees_all | door->sees_own) & bit) == 0);
    }
    LL_ASSERT(!door->clients[0].is_evicted);
    LL_ASSERT(present == ll_door_client_count(door));
    LL_ASSERT(evicted <= counters->clients_evicted);
    LL_ASSERT(counters->clients_come >= present + counters->clients_left + counters->clients_died);
}

static void run_script(struct fuzz *fuzz)
{
    make_door(fuzz);
    for (uint32_t i = 0; i < FUZZ_COMMANDS_MAX && ll_fuzz_left_bytes(&fuzz->input) > 0; i++) {
        run_command(fuzz);
        check_door(fuzz);
    }
    /* Each turn takes a command of each place that has one, and a place has at most a ring of them. */
    for (uint32_t i = 0; i < 2 * FUZZ_REQUESTS; i++) {
        ll_door_sweep(&fuzz->door, FUZZ_PLACES);
        poll_door(fuzz, FUZZ_POLL_MAX);
        honest_receive(fuzz);
    }
    check_door(fuzz);
    LL_ASSERT(fuzz->heard == fuzz->sent && fuzz->answered == fuzz->sent);
    free(fuzz->door.shm.header);
}

/* A door's file as long as its sizes say, or a byte longer; the input changes bits of its header. */
static void attach_file(struct fuzz *fuzz, bool is_longer)
{
    struct ll_door_header header = {.magic = LL_DOOR_MAGIC,
                                    .version = LL_DOOR_VERSION,
                                    .places = ll_fuzz_u8(&fuzz->input),
                                    .requests = (uint32_t)ll_fuzz_u8(&fuzz->input),
                                    .events = (uint32_t)ll_fuzz_u8(&fuzz->input),
                                    .command_bytes = sizeof(struct ll_command),
                                    .event_bytes = sizeof(struct ll_client_event)};
    struct ll_door_shm sizes = {0};
    struct ll_door_shm shm = {0};
    struct ll_why why = {0};
    size_t count = ll_fuzz_left_bytes(&fuzz->input);
    for (size_t i = 0; i < count && i < sizeof header; i++)
        ((uint8_t *)&header)[i] ^= fuzz->input.at[i];
    bool is_sized = ll_door_shm_size(&sizes, header.places, header.requests, header.events, NULL) == LL_OK;
    uint64_t file_bytes = (is_sized ? sizes.file_bytes : count) + is_longer;
    int fd = memfd_create("fuzz_door", 0);
    LL_ASSERT(fd >= 0);
    LL_ASSERT(write(fd, &header, sizeof header) == (ssize_t)sizeof header);
    LL_ASSERT(ftruncate(fd, (off_t)file_bytes) == 0);
    int err = ll_door_shm_attach(&shm, fd, "fuzz", &why);
    LL_ASSERT(err == why.code);
    LL_ASSERT(err == LL_OK || (err == LL_ERR_INPUT && shm.header == NULL));
    LL_ASSERT(err != LL_OK || (is_sized && !is_longer && header.magic == LL_DOOR_MAGIC));
    if (err == LL_OK) {
        /* Its last byte is there. */
        const volatile uint8_t *last = (const uint8_t *)shm.header + shm.file_bytes - 1;
        LL_ASSERT(*last == 0 || shm.file_bytes == sizes.file_bytes);
        ll_door_shm_unmap(&shm);
    }
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t bytes_count)
{
    struct fuzz *fuzz = calloc(1, sizeof *fuzz);
    LL_ASSERT(fuzz != NULL);
    fuzz->input = ll_fuzz_begin(bytes, bytes_count);
    uint8_t choice = ll_fuzz_u8(&fuzz->input);
    if (choice >= 240)
        attach_file(fuzz, (choice & 1) != 0);
    else
        run_script(fuzz);
    free(fuzz);
    return 0;
}
