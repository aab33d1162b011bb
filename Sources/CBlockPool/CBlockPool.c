// Small blocks for what every flow holds: a thread's own lists of free blocks, by multiples of 16 bytes, over chunks that are
// never given back. A block has no header, and taking one is a few instructions (decision 0300).
//
// C, because Swift has no word for a variable of a thread. With STREAMTOP_PLAIN_BLOCKS each block is one of malloc, so that an
// address sanitizer sees its bounds.

#include "CBlockPool.h"

#include <stdlib.h>

enum { grain = 16, classes = 65, chunk = 65536 };

static void *from_system(size_t size) {
    void *block = malloc(size);
    if (block == NULL) abort();
    return block;
}

#ifdef STREAMTOP_PLAIN_BLOCKS

void *streamtop_block_take(size_t size) { return from_system(size > 0 ? size : 1); }

void streamtop_block_give(void *block, size_t size) {
    (void)size;
    free(block);
}

#else

struct free_block {
    struct free_block *next;
};

struct pool {
    struct free_block *free[classes];
    /// What is left of the newest chunk.
    char *next, *end;
};

static _Thread_local __attribute__((tls_model("initial-exec"))) struct pool pool;

static size_t class_of(size_t size) { return size > grain ? (size + grain - 1) / grain : 1; }

static void put(void *block, size_t class) {
    struct free_block *first = block;
    first->next = pool.free[class];
    pool.free[class] = first;
}

static __attribute__((noinline)) void *from_chunk(size_t class) {
    size_t left = (size_t)(pool.end - pool.next);
    if (left < class * grain) {
        // The rest is smaller than the block that was asked for: it is one of its own class.
        if (left >= grain) put(pool.next, left / grain);
        pool.next = from_system(chunk);
        pool.end = pool.next + chunk;
    }
    void *block = pool.next;
    pool.next += class * grain;
    return block;
}

void *streamtop_block_take(size_t size) {
    size_t class = class_of(size);
    if (class >= classes) return from_system(size);
    struct free_block *first = pool.free[class];
    if (first == NULL) return from_chunk(class);
    pool.free[class] = first->next;
    return first;
}

void streamtop_block_give(void *block, size_t size) {
    size_t class = class_of(size);
    if (class >= classes)
        free(block);
    else
        put(block, class);
}

#endif
