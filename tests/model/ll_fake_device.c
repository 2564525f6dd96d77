/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/ll_fake_device.h"

#include "hls/ll_gateway.h"
#include "host/base/ll_assert.h"
#include "host/device/ll_device_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LL_FAKE_VARIABLE   "LL_FAKE_DEVICE"
#define LL_FAKE_LOOKS_MAX  4096u
#define LL_FAKE_LIFE_S     120u /* a process that nobody ends ends itself */
#define LL_FAKE_EXIT       3
#define LL_FAKE_LOAD_STEPS 4u /* requests that one who dies in the load answers before */
#define LL_FAKE_SLOW_NS    30000000

struct ll_fake {
    struct ll_device_request request;
    void *part[LL_PART_COUNT];
    uint64_t *to_device;
    uint64_t *from_device; /* shared */
    uint64_t *own;         /* where the kernel answers, when the answers are looked through first */
    size_t link_bytes;
    char behaviour[64];
    uint64_t after; /* N of the behaviour */
    bool once;
    bool sticks; /* it began to misbehave */
    uint64_t work_count;
    uint64_t control_count;
    uint32_t next;
    struct ll_update updates[LL_GATEWAY_RUN_MAX];
    struct ll_result results[LL_GATEWAY_RUN_MAX];
    struct ll_life_ask asks[LL_GATEWAY_RUN_MAX];
    struct ll_life_answer answers[LL_GATEWAY_RUN_MAX];
};

void ll_fake_device_prepare(void)
{
    LL_ASSERT(setenv(LL_FAKE_VARIABLE, "1", 1) == 0);
}

bool ll_fake_device_is_wanted(void)
{
    struct stat stat;
    return getenv(LL_FAKE_VARIABLE) != NULL && fstat(LL_DEVICE_LINK_FD, &stat) == 0 && S_ISSOCK(stat.st_mode);
}

static bool ll_fake_is(const struct ll_fake *fake, const char *behaviour)
{
    return strcmp(fake->behaviour, behaviour) == 0;
}

/* --- The socket ------------------------------------------------------------------------------------------ */

static void ll_fake_say(const void *bytes, size_t byte_count, const int *files, uint32_t file_count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec vector = {(void *)(uintptr_t)bytes, byte_count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    memset(&control, 0, sizeof control);
    if (file_count != 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(file_count * sizeof(int));
        struct cmsghdr *item = CMSG_FIRSTHDR(&message);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(file_count * sizeof(int));
        memcpy(CMSG_DATA(item), files, file_count * sizeof(int));
    }
    (void)sendmsg(LL_DEVICE_LINK_FD, &message, MSG_NOSIGNAL);
}

static struct ll_device_word ll_fake_word(enum ll_device_word_kind kind, const char *text)
{
    struct ll_device_word word = {.magic = LL_DEVICE_LINK_MAGIC,
                                  .version = LL_DEVICE_LINK_VERSION,
                                  .kind = kind,
                                  .platform = "fake platform",
                                  .device = "fake device"};
    (void)snprintf(word.text, sizeof word.text, "%s", text);
    return word;
}

static bool ll_fake_is_left_alone(const struct ll_fake *fake)
{
    struct pollfd file = {.fd = LL_DEVICE_LINK_FD, .events = POLLIN};
    if (ll_fake_is(fake, "stubborn"))
        return false;
    return poll(&file, 1, 0) > 0 && (file.revents & (POLLIN | POLLHUP)) != 0;
}

static void ll_fake_do_nothing(const struct ll_fake *fake)
{
    const struct timespec rest = {0, 1000000};
    while (!ll_fake_is_left_alone(fake))
        (void)nanosleep(&rest, NULL);
}

/* --- The kernel ------------------------------------------------------------------------------------------ */

static void ll_fake_run(struct ll_fake *fake, uint64_t *from_device, uint32_t count)
{
    void **part = fake->part;
    ll_gateway_run(part[LL_PART_BOOK_CONTROL], part[LL_PART_BOOK_BUCKETS], part[LL_PART_LEAVES],
                   part[LL_PART_LEVELS], part[LL_PART_INNERS], part[LL_PART_SIDES],
                   part[LL_PART_LIFE_CONTROL], part[LL_PART_LIFE_BUCKETS], part[LL_PART_LIFE_PLACES],
                   part[LL_PART_LIFE_ORDERS], fake->updates, fake->results, fake->asks, fake->answers,
                   fake->to_device, from_device, fake->request.slots, fake->next, count, LL_FAKE_LOOKS_MAX,
                   fake->request.kernel_batch);
    fake->next = (uint32_t)from_device[LL_LINK_NEXT];
}

static void ll_fake_resident(struct ll_fake *fake)
{
    while (!ll_fake_is_left_alone(fake)) {
        ll_fake_run(fake, fake->from_device, 0);
        (void)sched_yield();
    }
}

/* --- Misbehaviour ---------------------------------------------------------------------------------------- */

/* What no honest device would let out, in words 0 to 6, and then a tag that fits. */
static void ll_fake_spoil(const struct ll_fake *fake, uint32_t kind, struct ll_beat *beat)
{
    if (ll_fake_is(fake, "stale-epoch")) {
        if (kind == LL_BEAT_UPDATE)
            beat->word[2] -= (uint64_t)1 << 32;
        else
            beat->word[5] -= 1;
    } else if (ll_fake_is(fake, "bad-verdict")) {
        beat->word[0] |= 0xff;
    } else if (ll_fake_is(fake, "wrong-answer")) {
        beat->word[3] ^= 1;
    }
}

static void ll_fake_misbehave(struct ll_fake *fake, uint32_t kind, struct ll_beat beat)
{
    uint32_t ordinal = fake->next - 1;
    uint64_t *slot = fake->from_device + ll_link_slot_at(ordinal, fake->request.slots);
    if (ll_fake_is(fake, "exit-after"))
        _exit(LL_FAKE_EXIT);
    if (ll_fake_is(fake, "killed-after"))
        (void)kill(getpid(), SIGKILL);
    if (ll_fake_is(fake, "lost-after")) {
        struct ll_device_word word = ll_fake_word(LL_DEVICE_LOST, "the fake kernel ran off");
        word.code = LL_ERR_IO;
        ll_fake_say(&word, sizeof word, NULL, 0);
    }
    if (ll_fake_is(fake, "silent-after") || ll_fake_is(fake, "lost-after"))
        return;
    ll_fake_spoil(fake, kind, &beat);
    if (ll_fake_is(fake, "broken"))
        kind = LL_BEAT_BROKEN;
    uint64_t tag = ll_beat_tag(beat, ordinal + ll_fake_is(fake, "wrong-order"), kind);
    if (ll_fake_is(fake, "flip-bit"))
        beat.word[4] ^= 1u << 20;
    for (uint32_t i = 0; i < LL_BEAT_CONTENT; i++)
        slot[i] = beat.word[i];
    ll_link_store(slot + LL_BEAT_TAG, tag);
}

static bool ll_fake_has_turned(struct ll_fake *fake)
{
    const struct ll_book_control *control = fake->part[LL_PART_BOOK_CONTROL];
    if (fake->after != 0 && fake->work_count >= fake->after && (!fake->once || control->epoch <= 1))
        fake->sticks = true;
    return fake->sticks;
}

static void ll_fake_answer(struct ll_fake *fake, uint32_t kind)
{
    const struct timespec slow = {0, LL_FAKE_SLOW_NS};
    uint32_t slots = fake->request.slots;
    struct ll_beat beat = ll_link_get(fake->own, slots, fake->next - 1);
    if (kind == LL_BEAT_CONTROL) {
        fake->control_count++;
        if (ll_fake_is(fake, "slow-load"))
            (void)nanosleep(&slow, NULL);
        if (ll_fake_is(fake, "silent-load") && fake->control_count >= LL_FAKE_LOAD_STEPS)
            return;
        if (ll_fake_is(fake, "dies-in-load") && fake->control_count == LL_FAKE_LOAD_STEPS)
            _exit(LL_FAKE_EXIT);
        if (ll_fake_is(fake, "refuses-load") && fake->control_count == LL_FAKE_LOAD_STEPS)
            beat.word[6] = LL_BEAT_REFUSED;
        if (ll_fake_is(fake, "other-layout") && beat.word[0] == LL_BEAT_OP_PING)
            beat.word[4]++;
        if (beat.word[0] == LL_BEAT_OP_DUMP)
            memcpy(fake->from_device + ll_link_window_at(slots), fake->own + ll_link_window_at(slots),
                   LL_LINK_WINDOW_WORDS * sizeof(uint64_t));
    } else {
        fake->work_count++;
        if (ll_fake_has_turned(fake)) {
            ll_fake_misbehave(fake, kind, beat);
            return;
        }
    }
    ll_link_put(fake->from_device, slots, fake->next - 1, kind, beat);
}

/* Request by request: the kernel answers aside, and what it says is let out or not. */
static void ll_fake_careful(struct ll_fake *fake)
{
    uint32_t looks = 0;
    for (;;) {
        if (ll_link_has(fake->to_device, fake->request.slots, fake->next) != 0) {
            struct ll_beat request = ll_link_get(fake->to_device, fake->request.slots, fake->next);
            ll_fake_run(fake, fake->own, 1);
            ll_fake_answer(fake, ll_beat_kind_of(request.word[LL_BEAT_TAG]));
            continue;
        }
        if ((++looks & 63u) == 0 && ll_fake_is_left_alone(fake))
            return;
        (void)sched_yield();
    }
}

/* --- Start ----------------------------------------------------------------------------------------------- */

static void ll_fake_read_behaviour(struct ll_fake *fake)
{
    const char *text = fake->request.binary;
    const char *colon = strchr(text, ':');
    fake->once = strncmp(text, "once-", 5) == 0;
    text += fake->once ? 5 : 0;
    size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    LL_ASSERT(length < sizeof fake->behaviour);
    memcpy(fake->behaviour, text, length);
    fake->after = colon != NULL ? strtoull(colon + 1, NULL, 10) : 0;
}

static int ll_fake_share(struct ll_fake *fake, uint64_t **memory)
{
    int file = memfd_create("fake-device", MFD_CLOEXEC);
    LL_ASSERT(file >= 0);
    LL_ASSERT(ftruncate(file, (off_t)fake->link_bytes) == 0);
    *memory = mmap(NULL, fake->link_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    LL_ASSERT(*memory != MAP_FAILED);
    return file;
}

static void ll_fake_ready(struct ll_fake *fake)
{
    struct ll_device_word word = ll_fake_word(LL_DEVICE_NOTE, "the fake device starts");
    int files[2];
    ll_fake_say(&word, sizeof word, NULL, 0);
    fake->link_bytes = (size_t)ll_link_words(fake->request.slots) * sizeof(uint64_t);
    files[0] = ll_fake_share(fake, &fake->to_device);
    files[1] = ll_fake_share(fake, &fake->from_device);
    fake->own = calloc(1, fake->link_bytes);
    LL_ASSERT(fake->own != NULL);
    if (ll_fake_is(fake, "short-memory"))
        LL_ASSERT(ftruncate(files[1], (off_t)fake->link_bytes - 8) == 0);
    word = ll_fake_word(LL_DEVICE_READY, "");
    word.slots = fake->request.slots << ll_fake_is(fake, "other-slots");
    ll_fake_say(&word, sizeof word, files, ll_fake_is(fake, "one-memory") ? 1 : 2);
}

/* True when it is not to get any further. */
static bool ll_fake_fails(const struct ll_fake *fake)
{
    struct ll_device_word word = ll_fake_word(LL_DEVICE_FAILED, "no fake card; put one in");
    word.code = LL_ERR_INPUT;
    if (ll_fake_is(fake, "exits"))
        _exit(LL_FAKE_EXIT);
    if (ll_fake_is(fake, "fails"))
        ll_fake_say(&word, sizeof word, NULL, 0);
    else if (ll_fake_is(fake, "garbage-word"))
        ll_fake_say("no word", 7, NULL, 0);
    else if (ll_fake_is(fake, "garbage-note"))
        word.kind = 77, ll_fake_say(&word, sizeof word, NULL, 0);
    else if (!ll_fake_is(fake, "never-ready"))
        return false;
    ll_fake_do_nothing(fake);
    return true;
}

static void ll_fake_leave_something(const char *root)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/lifeline-device.%ld", root, (long)getpid());
    LL_ASSERT(mkdir(path, 0700) == 0);
    (void)snprintf(path, sizeof path, "%s/lifeline-device.%ld/left", root, (long)getpid());
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    LL_ASSERT(file >= 0);
    (void)close(file);
}

int ll_fake_device_main(void)
{
    struct ll_fake *fake = calloc(1, sizeof *fake);
    LL_ASSERT(fake != NULL);
    (void)alarm(LL_FAKE_LIFE_S);
    ssize_t bytes = recv(LL_DEVICE_LINK_FD, &fake->request, sizeof fake->request, 0);
    LL_ASSERT(bytes == (ssize_t)sizeof fake->request);
    LL_ASSERT(fake->request.magic == LL_DEVICE_LINK_MAGIC);
    ll_fake_read_behaviour(fake);
    if (ll_fake_fails(fake))
        _exit(0);
    if (ll_fake_is(fake, "stubborn")) {
        ll_fake_leave_something("/dev/shm");
        ll_fake_leave_something("/tmp");
    }
    for (uint32_t part = 0; part < LL_PART_COUNT; part++) {
        uint64_t part_bytes = fake->request.part_bytes[part];
        fake->part[part] = calloc(1, part_bytes < 512 ? 512 : part_bytes);
        LL_ASSERT(fake->part[part] != NULL);
    }
    fake->next = 1;
    ll_fake_ready(fake);
    if (fake->behaviour[0] == '\0')
        ll_fake_resident(fake);
    else
        ll_fake_careful(fake);
    _exit(0);
}
