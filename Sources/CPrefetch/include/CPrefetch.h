#ifndef CPREFETCH_H
#define CPREFETCH_H

/// Asks the processor to fetch the cache line at `address`. Reads nothing and cannot fault, whatever the address.
static inline void streamtop_prefetch(const void *address) { __builtin_prefetch(address); }

#endif
