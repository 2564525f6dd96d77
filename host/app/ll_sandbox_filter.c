/* SPDX-License-Identifier: Apache-2.0 */
#include "host/app/ll_sandbox_filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define LL_FILTER_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define LL_FILTER_MACHINE AUDIT_ARCH_AARCH64
#else
#error "name this machine's AUDIT_ARCH"
#endif
/* The same calls under other numbers, for programs with 32-bit pointers on x86-64. */
#define LL_FILTER_X32 0x40000000u

enum ll_filter_kind { LL_FILTER_ALWAYS, LL_FILTER_DEBUG, LL_FILTER_BPF };

struct ll_filter_row {
    uint32_t number;
    enum ll_filter_kind kind;
};

static const struct ll_filter_row ll_filter_rows[] = {
    /* Other processes' memory and files. */
    {SYS_ptrace, LL_FILTER_DEBUG},
    {SYS_personality, LL_FILTER_DEBUG},
    {SYS_perf_event_open, LL_FILTER_DEBUG},
    {SYS_process_vm_readv, LL_FILTER_ALWAYS},
    {SYS_process_vm_writev, LL_FILTER_ALWAYS},
    {SYS_process_madvise, LL_FILTER_ALWAYS},
    {SYS_pidfd_getfd, LL_FILTER_ALWAYS},
    {SYS_open_by_handle_at, LL_FILTER_ALWAYS},
    /* What the kernel runs for us, and faults it lets us handle: the usual way on to more. */
    {SYS_bpf, LL_FILTER_BPF},
    {SYS_userfaultfd, LL_FILTER_ALWAYS},
    {SYS_io_uring_setup, LL_FILTER_ALWAYS},
    {SYS_add_key, LL_FILTER_ALWAYS},
    {SYS_request_key, LL_FILTER_ALWAYS},
    {SYS_keyctl, LL_FILTER_ALWAYS},
    /* Another view of the file system. */
    {SYS_mount, LL_FILTER_ALWAYS},
    {SYS_umount2, LL_FILTER_ALWAYS},
    {SYS_move_mount, LL_FILTER_ALWAYS},
    {SYS_open_tree, LL_FILTER_ALWAYS},
    {SYS_fsopen, LL_FILTER_ALWAYS},
    {SYS_fsconfig, LL_FILTER_ALWAYS},
    {SYS_fsmount, LL_FILTER_ALWAYS},
    {SYS_fspick, LL_FILTER_ALWAYS},
    {SYS_pivot_root, LL_FILTER_ALWAYS},
    {SYS_chroot, LL_FILTER_ALWAYS},
    {SYS_unshare, LL_FILTER_ALWAYS},
    {SYS_setns, LL_FILTER_ALWAYS},
    {SYS_swapon, LL_FILTER_ALWAYS},
    {SYS_swapoff, LL_FILTER_ALWAYS},
    {SYS_quotactl, LL_FILTER_ALWAYS},
    {SYS_acct, LL_FILTER_ALWAYS},
    /* The machine. */
    {SYS_init_module, LL_FILTER_ALWAYS},
    {SYS_finit_module, LL_FILTER_ALWAYS},
    {SYS_delete_module, LL_FILTER_ALWAYS},
    {SYS_kexec_load, LL_FILTER_ALWAYS},
    {SYS_kexec_file_load, LL_FILTER_ALWAYS},
    {SYS_reboot, LL_FILTER_ALWAYS},
    {SYS_settimeofday, LL_FILTER_ALWAYS},
    {SYS_clock_settime, LL_FILTER_ALWAYS},
    {SYS_sethostname, LL_FILTER_ALWAYS},
    {SYS_setdomainname, LL_FILTER_ALWAYS},
    {SYS_syslog, LL_FILTER_ALWAYS},
#if defined(__x86_64__)
    {SYS_iopl, LL_FILTER_ALWAYS},
    {SYS_ioperm, LL_FILTER_ALWAYS},
    {SYS_modify_ldt, LL_FILTER_ALWAYS},
    {SYS_uselib, LL_FILTER_ALWAYS},
#endif
};

#define LL_FILTER_ROWS  (sizeof ll_filter_rows / sizeof ll_filter_rows[0])
#define LL_FILTER_STEPS (2 * LL_FILTER_ROWS + 8)

struct ll_filter {
    struct sock_filter steps[LL_FILTER_STEPS];
    uint16_t count;
};

static void ll_filter_add(struct ll_filter *filter, uint16_t code, uint32_t value, uint8_t on_true,
                          uint8_t on_false)
{
    filter->steps[filter->count++] = (struct sock_filter){code, on_true, on_false, value};
}

/* Ends the process when the word last loaded equals, or (JGE) is not below, the value. */
static void ll_filter_end_on(struct ll_filter *filter, uint16_t how, uint32_t value)
{
    ll_filter_add(filter, (uint16_t)(BPF_JMP | how | BPF_K), value, 0, 1);
    ll_filter_add(filter, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
}

static void ll_filter_make(struct ll_filter *filter, bool allows_debug, bool allows_bpf)
{
    filter->count = 0;
    ll_filter_add(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
    ll_filter_add(filter, BPF_JMP | BPF_JEQ | BPF_K, LL_FILTER_MACHINE, 1, 0);
    ll_filter_add(filter, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
    ll_filter_add(filter, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    ll_filter_end_on(filter, BPF_JGE, LL_FILTER_X32);
    for (size_t i = 0; i < LL_FILTER_ROWS; i++) {
        enum ll_filter_kind kind = ll_filter_rows[i].kind;
        if (!(allows_debug && kind == LL_FILTER_DEBUG) && !(allows_bpf && kind == LL_FILTER_BPF))
            ll_filter_end_on(filter, BPF_JEQ, ll_filter_rows[i].number);
    }
    ll_filter_add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

int ll_sandbox_filter_install(bool allows_debug, bool allows_bpf, struct ll_why *why)
{
    struct ll_filter filter;
    ll_filter_make(&filter, allows_debug, allows_bpf);
    const struct sock_fprog program = {filter.count, filter.steps};
    /* SPEC_ALLOW: without it some kernels slow down every load behind a store of a process that has a filter. */
    const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    long failed = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (failed == 0)
        return LL_OK;
    return LL_FAIL(why, LL_ERR_ENVIRONMENT,
                   "the kernel takes no filter of system calls: %s; give --sandbox off",
                   failed > 0 ? "a thread has one of its own" : strerror(errno));
}
