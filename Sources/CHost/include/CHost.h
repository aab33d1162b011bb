#ifndef STREAMTOP_CHOST_H
#define STREAMTOP_CHOST_H
#include <errno.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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
/* Moves the calling thread into the network namespace of `descriptor`. 0, or -1 with errno. */
static inline int streamtop_enter_network(int descriptor) {
    return (int)syscall(SYS_setns, descriptor, 0x40000000 /* CLONE_NEWNET */);
}

static inline int streamtop_ethtool(int descriptor, const char *device, void *command) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    request.ifr_data = (char *)command;
    return ioctl(descriptor, SIOCETHTOOL, &request);
}

/* Ring sizes of a device: receive, its maximum, transmit, its maximum. 0, or -1 with errno. */
static inline int streamtop_ethtool_rings(int descriptor, const char *device, uint32_t *sizes) {
    struct ethtool_ringparam rings;
    memset(&rings, 0, sizeof rings);
    rings.cmd = ETHTOOL_GRINGPARAM;
    if (streamtop_ethtool(descriptor, device, &rings) != 0) return -1;
    sizes[0] = rings.rx_pending;
    sizes[1] = rings.rx_max_pending;
    sizes[2] = rings.tx_pending;
    sizes[3] = rings.tx_max_pending;
    return 0;
}

/* A driver's own counters: names of 32 bytes and values, at most `most` of each. How many there are, or -1 with errno. */
static inline int streamtop_ethtool_statistics(
    int descriptor, const char *device, uint8_t *names, uint64_t *values, uint32_t most) {
    struct ethtool_drvinfo driver;
    memset(&driver, 0, sizeof driver);
    driver.cmd = ETHTOOL_GDRVINFO;
    if (streamtop_ethtool(descriptor, device, &driver) != 0) return -1;
    uint32_t count = driver.n_stats;
    if (count == 0 || count > most) {
        errno = EOPNOTSUPP;
        return -1;
    }
    struct ethtool_gstrings *strings = calloc(1, sizeof *strings + (size_t)count * 32);
    struct ethtool_stats *statistics = calloc(1, sizeof *statistics + (size_t)count * 8);
    int result = -1;
    if (strings && statistics) {
        strings->cmd = ETHTOOL_GSTRINGS;
        strings->string_set = ETH_SS_STATS;
        strings->len = count;
        statistics->cmd = ETHTOOL_GSTATS;
        statistics->n_stats = count;
        if (streamtop_ethtool(descriptor, device, strings) == 0
            && streamtop_ethtool(descriptor, device, statistics) == 0 && strings->len <= count
            && statistics->n_stats <= count) {
            count = strings->len < statistics->n_stats ? strings->len : statistics->n_stats;
            memcpy(names, (uint8_t *)strings + sizeof *strings, (size_t)count * 32);
            memcpy(values, (uint8_t *)statistics + sizeof *statistics, (size_t)count * 8);
            result = (int)count;
        }
    }
    free(strings);
    free(statistics);
    return result;
}
#endif
