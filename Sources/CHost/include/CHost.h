#ifndef STREAMTOP_CHOST_H
#define STREAMTOP_CHOST_H
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Variadic in C, and so out of Swift's reach. */
static inline int streamtop_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static inline int streamtop_keep_capabilities(int keep) { return prctl(PR_SET_KEEPCAPS, keep, 0, 0, 0); }

/* No core file, neither written by the kernel nor handed to a program of the system's (core_pattern with a pipe, which
 * asks the second and not the first). 0, or -1 with errno. */
static inline int streamtop_forbid_core_files(void) {
    struct rlimit none = {0, 0};
    int limited = setrlimit(RLIMIT_CORE, &none);
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? limited : -1;
}

/* Sets effective and permitted capabilities of the calling thread to those in `mask` that it has; clears the
 * inheritable ones. 0, or -1 with errno. */
static inline int streamtop_limit_capabilities(unsigned int mask) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) != 0) return -1;
    data[0].permitted &= mask;
    data[0].effective = data[0].permitted;
    data[0].inheritable = 0;
    data[1].permitted = data[1].effective = data[1].inheritable = 0;
    return (int)syscall(SYS_capset, &header, data);
}

/* Effective capabilities 0 to 31 of the calling thread; 0 when they cannot be read. */
static inline unsigned int streamtop_effective_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    return syscall(SYS_capget, &header, data) == 0 ? data[0].effective : 0;
}
#endif
