#ifndef STREAMTOP_COPENSSL_SHIM_H
#define STREAMTOP_COPENSSL_SHIM_H
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// Macros and stack accessors of libcrypto that Swift cannot import.

static inline int st_general_name_count(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}

// Type (GEN_DNS, GEN_IPADD, …) and string of a general name; NULL for the types that are no string.
static inline const ASN1_STRING *st_general_name_string(const GENERAL_NAMES *names, int index, int *type) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name == NULL) return NULL;
    *type = name->type;
    switch (name->type) {
    case GEN_EMAIL:
    case GEN_DNS:
    case GEN_URI:
    case GEN_IPADD:
        return name->d.ia5;
    default:
        return NULL;
    }
}

// A distinguished name in the form of RFC 4514, UTF-8 left as it is.
static inline int st_print_name(BIO *out, const X509_NAME *name) {
    return X509_NAME_print_ex(out, name, 0, (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB));
}

static inline long st_memory_contents(BIO *memory, char **start) {
    return BIO_get_mem_data(memory, start);
}
#endif
