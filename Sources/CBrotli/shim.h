#ifndef STREAMTOP_CBROTLI_SHIM_H
#define STREAMTOP_CBROTLI_SHIM_H
#include <brotli/decode.h>
#endif
