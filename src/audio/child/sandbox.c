#include "audio/child/sandbox.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static struct sock_fprog filter;

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(close),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(getrusage),
};

static const int failing[] = {
    SCMP_SYS(open),  SCMP_SYS(openat),     SCMP_SYS(access),    SCMP_SYS(faccessat),
    SCMP_SYS(stat),  SCMP_SYS(newfstatat), SCMP_SYS(readlink),  SCMP_SYS(readlinkat),
    SCMP_SYS(ioctl), SCMP_SYS(fcntl),      SCMP_SYS(prlimit64), SCMP_SYS(statx),
    SCMP_SYS(uname), SCMP_SYS(sysinfo),
};

static int filter_rules(scmp_filter_ctx ctx)
{
    int rc = 0;

    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0] && rc == 0; i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < sizeof failing / sizeof failing[0] && rc == 0; i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), failing[i], 0);
    return rc;
}

/* The filter's program as bytes: libseccomp writes it to a descriptor only. */
static int filter_export(scmp_filter_ctx ctx)
{
    const int fd = memfd_create("filter", MFD_CLOEXEC);
    struct stat status;
    int rc = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);

    if (rc == 0 && fstat(fd, &status) == 0) {
        filter.filter = malloc((size_t)status.st_size);
        filter.len = (unsigned short)((size_t)status.st_size / sizeof(struct sock_filter));
        if (!filter.filter ||
            pread(fd, filter.filter, (size_t)status.st_size, 0) != status.st_size)
            rc = -EIO;
    }
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

int sandbox_prepare(struct err *reterr)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rc = ctx ? filter_rules(ctx) : -ENOMEM;

    if (rc == 0)
        rc = filter_export(ctx);
    if (ctx)
        seccomp_release(ctx);
    return rc ? err_set_errno(reterr, -rc, "system-call filter") : 0;
}

static int limit(int resource, int64_t soft, int64_t hard)
{
    const struct rlimit both = { (rlim_t)soft, (rlim_t)hard };

    return setrlimit((__rlimit_resource_t)resource, &both);
}

static int limits_set(const struct sandbox_limits *l)
{
    int failed = limit(RLIMIT_CORE, 0, 0);

#ifndef SANITIZED /* sanitizers map terabytes of shadow */
    if (l->memory_bytes)
        failed |= limit(RLIMIT_AS, l->memory_bytes, l->memory_bytes);
#endif
    if (l->cpu_seconds) /* SIGXCPU, which tells why, comes only below the hard limit */
        failed |= limit(RLIMIT_CPU, l->cpu_seconds, l->cpu_seconds + 1);
    if (l->output_bytes)
        failed |= limit(RLIMIT_FSIZE, l->output_bytes, l->output_bytes);
    return failed;
}

/* A ruleset that handles every right of ABI 1 and grants none. Kernels without Landlock
 * have the filter alone. */
static int landlock_enter(void)
{
    const struct landlock_ruleset_attr rules = { .handled_access_fs = (1ULL << 13) - 1 };
    const int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
    int rc;

    if (fd < 0)
        return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
    rc = (int)syscall(SYS_landlock_restrict_self, fd, 0);
    (void)close(fd);
    return rc;
}

int sandbox_enter(const struct sandbox_limits *limits, struct err *reterr)
{
    if (limits_set(limits) != 0)
        return err_set_errno(reterr, errno, "resource limits");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || landlock_enter() != 0)
        return err_set_errno(reterr, errno, "Landlock");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        return err_set_errno(reterr, errno, "system-call filter");
    return 0;
}
