#ifndef STREAMTOP_CZLIB_SHIM_H
#define STREAMTOP_CZLIB_SHIM_H
#include <zlib.h>
#endif
