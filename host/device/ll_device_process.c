/* SPDX-License-Identifier: Apache-2.0 */
#include "host/device/ll_device_process.h"

#include "host/base/ll_assert.h"
#include "host/base/ll_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LL_PROCESS_PROGRAM  "lifeline-device" /* lies beside the program that it was built with */
#define LL_PROCESS_FILES    16                /* open at a time while a directory is removed */
#define LL_PROCESS_REST_NS  ((uint64_t)1000000)
#define LL_PROCESS_MEMORIES 2u

void ll_device_process_init(struct ll_device_process *process, const char *program)
{
    memset(process, 0, sizeof *process);
    process->program = program;
    process->socket = -1;
    if (sched_getaffinity(0, sizeof process->cpus, &process->cpus) != 0)
        CPU_ZERO(&process->cpus);
}

/* --- Start ----------------------------------------------------------------------------------------------- */

/* Nothing of ours but the socket and the place for complaints, which is where runtimes say what ails them; no Ctrl-C
 * of ours, no signals held back, ordinary priority. */
static int ll_process_surroundings(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions,
                                   int socket)
{
    const struct sched_param ordinary = {.sched_priority = 0};
    const short flags =
        POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int error = posix_spawn_file_actions_adddup2(actions, socket, LL_DEVICE_LINK_FD);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, LL_DEVICE_LINK_FD + 1);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setschedpolicy(attributes, SCHED_OTHER);
    if (error == 0)
        error = posix_spawnattr_setschedparam(attributes, &ordinary);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

static int ll_process_spawn_with(pid_t *child, const char *program, int socket)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char *const words[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "--serve", NULL};
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = ll_process_surroundings(&attributes, &actions, socket);
        if (error == 0)
            error = posix_spawn(child, program, &actions, &attributes, words, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

/* A child runs where its parent runs, and the parent may be bound to a CPU that is all its own. */
static int ll_process_spawn(const struct ll_device_process *process, pid_t *child, const char *program,
                            int socket)
{
    cpu_set_t own;
    bool moves = sched_getaffinity(0, sizeof own, &own) == 0 && CPU_COUNT(&process->cpus) > 0 &&
                 !CPU_EQUAL(&own, &process->cpus);
    if (moves)
        (void)sched_setaffinity(0, sizeof process->cpus, &process->cpus);
    int error = ll_process_spawn_with(child, program, socket);
    if (moves)
        (void)sched_setaffinity(0, sizeof own, &own);
    return error;
}

int ll_device_process_start(struct ll_device_process *process, const struct ll_device_request *request,
                            struct ll_why *why)
{
    const char *program = process->program;
    char beside[LL_BESIDE_PATH_BYTES];
    int ends[2];
    LL_ASSERT(process->pid == 0);
    LL_ASSERT(process->socket < 0);
    if (program[0] == '\0') {
        int status = ll_beside(beside, LL_PROCESS_PROGRAM, why);
        if (status != LL_OK)
            return status;
        program = beside;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "no socket for the device process: %s", strerror(errno));
    int error = ll_process_spawn(process, &process->pid, program, ends[1]);
    (void)close(ends[1]);
    if (error != 0) {
        process->pid = 0;
        (void)close(ends[0]);
        return LL_FAIL(why, LL_ERR_ENVIRONMENT, "%.120s cannot be run: %s; install it there", program,
                       strerror(error));
    }
    process->socket = ends[0];
    process->slots = request->slots;
    /* A child that is gone already is noticed when it is listened to. */
    (void)send(process->socket, request, sizeof *request, MSG_NOSIGNAL | MSG_DONTWAIT);
    return LL_OK;
}

/* --- Listen ---------------------------------------------------------------------------------------------- */

struct ll_process_mail {
    struct ll_device_word word;
    int files[LL_PROCESS_MEMORIES];
    uint32_t file_count;
    bool is_word;
};

static void ll_process_mail_close(struct ll_process_mail *mail)
{
    for (uint32_t i = 0; i < mail->file_count; i++)
        (void)close(mail->files[i]);
    mail->file_count = 0;
}

static void ll_process_end_text(char *text, size_t text_bytes)
{
    text[text_bytes - 1] = '\0';
}

/* Takes the descriptors that came along. */
static void ll_process_mail_files(struct ll_process_mail *mail, struct msghdr *message)
{
    for (struct cmsghdr *item = CMSG_FIRSTHDR(message); item != NULL; item = CMSG_NXTHDR(message, item)) {
        if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
            continue;
        size_t bytes = item->cmsg_len - CMSG_LEN(0);
        if (bytes > sizeof mail->files)
            bytes = sizeof mail->files;
        memcpy(mail->files, CMSG_DATA(item), bytes);
        mail->file_count = (uint32_t)(bytes / sizeof mail->files[0]);
    }
}

/* -1 = nothing there, 0 = the other side has closed, 1 = mail. */
static int ll_process_receive(const struct ll_device_process *process, struct ll_process_mail *mail)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof mail->files)];
    } control;
    memset(mail, 0, sizeof *mail);
    struct iovec vector = {&mail->word, sizeof mail->word};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t bytes = recvmsg(process->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (bytes < 0)
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    ll_process_mail_files(mail, &message);
    if (bytes == 0)
        return 0;
    mail->is_word = bytes == (ssize_t)sizeof mail->word &&
                    (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
                    mail->word.magic == LL_DEVICE_LINK_MAGIC && mail->word.version == LL_DEVICE_LINK_VERSION;
    ll_process_end_text(mail->word.platform, sizeof mail->word.platform);
    ll_process_end_text(mail->word.device, sizeof mail->word.device);
    ll_process_end_text(mail->word.text, sizeof mail->word.text);
    return 1;
}

static void ll_process_unmap(struct ll_device_process *process)
{
    if (process->to_device != NULL)
        (void)munmap((void *)(uintptr_t)process->to_device, process->memory_bytes);
    if (process->from_device != NULL)
        (void)munmap((void *)(uintptr_t)process->from_device, process->memory_bytes);
    process->to_device = NULL;
    process->from_device = NULL;
}

/* NULL with a reason, when the file is too small or is no memory. */
static void *ll_process_map(int file, size_t bytes, int rights, const char *what, struct ll_why *why)
{
    off_t has_bytes = lseek(file, 0, SEEK_END);
    if (has_bytes < 0 || (size_t)has_bytes < bytes) {
        (void)LL_FAIL(why, LL_ERR_INPUT,
                      "the device process gave %lld bytes of memory %s the device, %zu are needed; install "
                      "lifeline-device of this version",
                      (long long)has_bytes, what, bytes);
        return NULL;
    }
    void *memory = mmap(NULL, bytes, rights, MAP_SHARED | MAP_POPULATE, file, 0);
    if (memory == MAP_FAILED) {
        (void)LL_FAIL(why, LL_ERR_ENVIRONMENT, "the memory %s the device cannot be mapped: %s", what,
                      strerror(errno));
        return NULL;
    }
    return memory;
}

static bool ll_process_is_ready(struct ll_device_process *process, const struct ll_process_mail *mail,
                                struct ll_why *why)
{
    if (process->to_device != NULL || mail->file_count != LL_PROCESS_MEMORIES ||
        mail->word.slots != process->slots) {
        (void)LL_FAIL(why, LL_ERR_INPUT,
                      "the device process said ready with %u memories and %u slots, not 2 and %u; install "
                      "lifeline-device of this version",
                      mail->file_count, mail->word.slots, process->slots);
        return false;
    }
    process->memory_bytes = (size_t)ll_link_words(process->slots) * sizeof(uint64_t);
    process->to_device =
        ll_process_map(mail->files[0], process->memory_bytes, PROT_READ | PROT_WRITE, "to", why);
    if (process->to_device != NULL)
        process->from_device = ll_process_map(mail->files[1], process->memory_bytes, PROT_READ, "from", why);
    return process->from_device != NULL;
}

/* How it ended, when the system knows already. */
static void ll_process_say_end(const struct ll_device_process *process, struct ll_why *why)
{
    siginfo_t info = {0};
    (void)LL_FAIL(why, LL_ERR_ENVIRONMENT, "the device process ended without a word");
    if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
        return;
    if (info.si_code == CLD_EXITED)
        ll_why_append(why, "exit status %d", info.si_status);
    else
        ll_why_append(why, "signal %d", info.si_status);
}

static void ll_process_say_failed(const struct ll_device_word *word, struct ll_why *why)
{
    int code =
        word->code < 0 && strcmp(ll_err_name(word->code), "unknown") != 0 ? word->code : LL_ERR_ENVIRONMENT;
    (void)LL_FAIL(why, code, "%s", word->text[0] != '\0' ? word->text : "the device process gave up");
}

enum ll_carrier_news ll_device_process_look(struct ll_device_process *process, struct ll_device_word *word,
                                            struct ll_why *why)
{
    struct ll_process_mail mail;
    if (process->socket < 0)
        return LL_CARRIER_NOTHING;
    int received = ll_process_receive(process, &mail);
    if (received < 0)
        return LL_CARRIER_NOTHING;
    enum ll_carrier_news news = LL_CARRIER_ENDED;
    if (received == 0) {
        ll_process_say_end(process, why);
    } else if (!mail.is_word || mail.word.kind < LL_DEVICE_NOTE || mail.word.kind > LL_DEVICE_LOST) {
        (void)LL_FAIL(why, LL_ERR_INPUT,
                      "the device process speaks another language; install lifeline-device of this version");
    } else if (mail.word.kind == LL_DEVICE_NOTE) {
        news = LL_CARRIER_NOTE;
    } else if (mail.word.kind == LL_DEVICE_READY) {
        if (ll_process_is_ready(process, &mail, why))
            news = LL_CARRIER_READY;
    } else {
        ll_process_say_failed(&mail.word, why);
    }
    ll_process_mail_close(&mail);
    if (news != LL_CARRIER_ENDED)
        *word = mail.word;
    return news;
}

void ll_device_process_await(const struct ll_device_process *process, uint64_t wait_ns)
{
    struct pollfd file = {.fd = process->socket, .events = POLLIN};
    struct timespec wait = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};
    (void)ppoll(&file, 1, &wait, NULL);
}

/* --- End ------------------------------------------------------------------------------------------------- */

void ll_device_process_dismiss(struct ll_device_process *process)
{
    ll_process_unmap(process);
    if (process->socket >= 0)
        (void)close(process->socket);
    process->socket = -1;
}

void ll_device_process_kill(struct ll_device_process *process)
{
    ll_device_process_dismiss(process);
    if (process->pid != 0)
        (void)kill(-process->pid, SIGKILL);
}

static int ll_process_remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat;
    (void)type;
    (void)where;
    (void)remove(path);
    return 0;
}

/* A process that was killed could not clean up. Everybody can make things in these places: only a directory of our own
 * is taken away. */
static void ll_process_remove_left(pid_t pid)
{
    static const char *const roots[] = {"/dev/shm", "/tmp"};
    struct stat stat;
    char path[64];
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/" LL_PROCESS_PROGRAM ".%ld", roots[i], (long)pid);
        if (lstat(path, &stat) == 0 && S_ISDIR(stat.st_mode) && stat.st_uid == geteuid())
            (void)nftw(path, ll_process_remove_one, LL_PROCESS_FILES, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    }
}

bool ll_device_process_reap(struct ll_device_process *process)
{
    siginfo_t info = {0};
    if (process->pid == 0)
        return true;
    int failed = waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    if (failed == 0 && info.si_pid == 0)
        return false;
    if (failed == 0) {
        /* The leader has ended and is not waited for yet, so the group's number is still ours. */
        (void)kill(-process->pid, SIGKILL);
        (void)waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG);
    }
    ll_process_remove_left(process->pid);
    process->pid = 0;
    return true;
}

static bool ll_process_await_end(struct ll_device_process *process, uint64_t wait_ns)
{
    const struct timespec rest = {0, (long)LL_PROCESS_REST_NS};
    for (uint64_t waited_ns = 0; waited_ns < wait_ns; waited_ns += LL_PROCESS_REST_NS) {
        if (ll_device_process_reap(process))
            return true;
        (void)nanosleep(&rest, NULL);
    }
    return ll_device_process_reap(process);
}

void ll_device_process_end(struct ll_device_process *process, uint64_t wait_ns)
{
    ll_device_process_dismiss(process);
    if (ll_process_await_end(process, wait_ns))
        return;
    ll_device_process_kill(process);
    (void)ll_process_await_end(process, wait_ns);
    process->pid = 0;
}
