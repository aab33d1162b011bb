// The functions are in the header; a target of C needs a file of its own.
#include "CHost.h"
