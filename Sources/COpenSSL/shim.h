#ifndef STREAMTOP_COPENSSL_SHIM_H
#define STREAMTOP_COPENSSL_SHIM_H
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Macros and stack helpers of libcrypto that Swift cannot import.

static inline int st_general_name_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *st_general_name(const GENERAL_NAMES *names, int index) { return sk_GENERAL_NAME_value(names, index); }
#endif
