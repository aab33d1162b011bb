#ifndef STREAMTOP_CZSTD_SHIM_H
#define STREAMTOP_CZSTD_SHIM_H
#include <zstd.h>
#endif
