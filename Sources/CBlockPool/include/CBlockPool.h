#ifndef CBLOCKPOOL_H
#define CBLOCKPOOL_H

#include <stddef.h>

/// A block of at least `size` bytes at a multiple of 16, whose content is not defined. The process ends where memory does.
void *streamtop_block_take(size_t size);

/// Gives back a block that was taken with the same `size`, by whichever thread.
void streamtop_block_give(void *block, size_t size);

#endif
