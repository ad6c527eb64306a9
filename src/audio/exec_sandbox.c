#include "audio/exec_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system-call filter does not know this architecture"
#endif

enum {
    OTHER_ABI = 0x40000000, /* x32's numbers begin here */
    ABI_TRUNCATE = 3,
    ABI_NETWORK = 4,
    ABI_SCOPES = 6,
    FILES_OPEN_MAX = 1024,
};

/* Newer than the headers of Debian 12. */
struct ruleset {
    uint64_t fs, net, scoped;
};

#define FS_ABI_1    ((1ULL << 13) - 1)
#define FS_REFER    (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define NET_ALL     3ULL
#define SCOPED_ALL  3ULL /* abstract sockets, signals */

static const unsigned denied[] = {
    SYS_socket,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_mount,
    SYS_unshare,
    SYS_setns,
    SYS_chroot,
    SYS_pivot_root,
    SYS_open_by_handle_at,
    SYS_shmget,
    SYS_msgget,
    SYS_semget,
    SYS_setsid,
    SYS_setpgid,
};

static const unsigned forks[] = {
    SYS_clone,
    SYS_clone3,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
};

static int abi(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1U /* the version */);
}

int exec_sandbox_check(struct err *reterr)
{
    if (abi() >= 1)
        return 0;
    return err_set(reterr, ERR_INVALID,
                   "this kernel has no Landlock, without which an engine could read the "
                   "files of all jobs");
}

static int limit(int resource, int64_t value)
{
    const struct rlimit both = { (rlim_t)value, (rlim_t)value };

    return setrlimit((__rlimit_resource_t)resource, &both);
}

/* ---- files ---- */

static int path_allow(int ruleset, const char *path, uint64_t rights)
{
    const uint64_t of_files = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                              LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE;
    struct landlock_path_beneath_attr rule = { .allowed_access = rights };
    struct stat status;
    int rc = -1;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
    if (fstat(rule.parent_fd, &status) == 0) {
        if (!S_ISDIR(status.st_mode))
            rule.allowed_access &= of_files;
        rc = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
                          0);
    }
    (void)close(rule.parent_fd);
    return rc;
}

static int files_confine(const struct exec_sandbox *s)
{
    const uint64_t read = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                          LANDLOCK_ACCESS_FS_READ_DIR;
    const int version = abi();
    const struct ruleset rules = {
        .fs = FS_ABI_1 | (version >= 2 ? FS_REFER : 0) |
              (version >= ABI_TRUNCATE ? FS_TRUNCATE : 0),
        .net = NET_ALL,
        .scoped = SCOPED_ALL,
    };
    const size_t size = version >= ABI_SCOPES    ? sizeof rules
                        : version >= ABI_NETWORK ? 2 * sizeof(uint64_t)
                                                 : sizeof(uint64_t);
    const uint64_t write = (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                            LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                            LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNCATE) &
                           rules.fs;
    const int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    int rc = fd < 0 ? -1 : path_allow(fd, s->work_dir, write);

    if (rc == 0)
        rc = path_allow(fd, "/dev/null",
                        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
    for (size_t i = 0; rc == 0 && s->read_paths[i]; i++)
        rc = path_allow(fd, s->read_paths[i], read);
    if (rc == 0)
        rc = (int)syscall(SYS_landlock_restrict_self, fd, 0);
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* ---- system calls ---- */

static const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

/* One comparison and what follows when it holds, for each number. */
static unsigned short each(struct sock_filter *code, const unsigned *numbers, size_t count,
                           uint32_t action)
{
    for (size_t i = 0; i < count; i++) {
        *code++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1);
        *code++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
    }
    return (unsigned short)(2 * count);
}

/* What is denied fails with EPERM: an engine that only tries goes on. */
static int calls_confine(int *ret_forks_fd)
{
    enum {
        DENIED = sizeof denied / sizeof denied[0],
        FORKS = sizeof forks / sizeof forks[0]
    };
    struct sock_filter code[10 + 2 * (DENIED + FORKS)];
    unsigned short n = 0;
    struct sock_fprog program = { .filter = code };
    const struct sock_filter deny = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    int fd;

    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             offsetof(struct seccomp_data, arch));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             offsetof(struct seccomp_data, nr));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_ABI, 0, 1);
    code[n++] = deny;
    n = (unsigned short)(n + each(code + n, denied, DENIED, SECCOMP_RET_ERRNO | EPERM));
    program.len = (unsigned short)(n + 1 + 2 * FORKS);
    (void)each(code + n, forks, FORKS, SECCOMP_RET_USER_NOTIF);
    code[program.len - 1] = allow;
    fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                      SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    *ret_forks_fd = fd;
    if (fd >= 0)
        return 0;
    code[n] = allow;
    program.len = (unsigned short)(n + 1);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int exec_sandbox_enter(const struct exec_sandbox *s, int *ret_forks_fd)
{
    if (limit(RLIMIT_CORE, 0) != 0 || limit(RLIMIT_AS, s->memory_bytes) != 0 ||
        limit(RLIMIT_CPU, s->cpu_seconds) != 0 || limit(RLIMIT_FSIZE, s->file_bytes) != 0 ||
        limit(RLIMIT_NOFILE, FILES_OPEN_MAX) != 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || files_confine(s) != 0)
        return -1;
    return calls_confine(ret_forks_fd);
}
