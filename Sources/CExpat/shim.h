#ifndef STREAMTOP_CEXPAT_SHIM_H
#define STREAMTOP_CEXPAT_SHIM_H
#include <expat.h>
#endif
