#ifndef STREAMTOP_COPENSSL_SHIM_H
#define STREAMTOP_COPENSSL_SHIM_H
#include <openssl/evp.h>
#include <openssl/x509.h>
#endif
