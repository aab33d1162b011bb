#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "include/CRawCrypto.h"

struct rc_key {
    EVP_CIPHER_CTX *aead;
    EVP_CIPHER_CTX *mask;
    uint8_t iv[12];
};

static void expand(const uint8_t secret[32], const char *prefix, const char *label, uint8_t *out, size_t length) {
    uint8_t text[64], digest[32];
    size_t size = strlen(label);
    text[0] = (uint8_t)(length >> 8);
    text[1] = (uint8_t)length;
    text[2] = (uint8_t)(6 + size);
    memcpy(text + 3, prefix, 6);
    memcpy(text + 9, label, size);
    text[9 + size] = 0;
    text[10 + size] = 1;  // the first block of HKDF-Expand is all that is needed
    HMAC(EVP_sha256(), secret, 32, text, 11 + size, digest, NULL);
    memcpy(out, digest, length);
}

void rc_expand_label(const uint8_t secret[32], const char *label, uint8_t *out, size_t length) {
    expand(secret, "tls13 ", label, out, length);
}

void rc_initial_secrets(const uint8_t *destination, size_t length, uint8_t client[32], uint8_t server[32]) {
    static const uint8_t salt[20] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                     0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    uint8_t common[32];
    HMAC(EVP_sha256(), salt, sizeof salt, destination, length, common, NULL);
    rc_expand_label(common, "client in", client, 32);
    rc_expand_label(common, "server in", server, 32);
}

static rc_key *make(
    const uint8_t secret[32], const char *prefix, const char *key_label, const char *iv_label, const char *mask_label,
    bool sealing) {
    rc_key *key = calloc(1, sizeof *key);
    if (!key) return NULL;
    uint8_t bytes[16];
    expand(secret, prefix, key_label, bytes, 16);
    expand(secret, prefix, iv_label, key->iv, 12);
    key->aead = EVP_CIPHER_CTX_new();
    if (!EVP_CipherInit_ex(key->aead, EVP_aes_128_gcm(), NULL, bytes, NULL, sealing)) {
        rc_key_free(key);
        return NULL;
    }
    if (mask_label) {
        expand(secret, prefix, mask_label, bytes, 16);
        key->mask = EVP_CIPHER_CTX_new();
        EVP_EncryptInit_ex(key->mask, EVP_aes_128_ecb(), NULL, bytes, NULL);
        EVP_CIPHER_CTX_set_padding(key->mask, 0);
    }
    return key;
}

rc_key *rc_key_new(const uint8_t secret[32], bool quic, bool sealing) {
    return quic ? make(secret, "tls13 ", "quic key", "quic iv", "quic hp", sealing)
                : make(secret, "tls13 ", "key", "iv", NULL, sealing);
}

rc_key *rc_key_new_dtls(const uint8_t secret[32]) { return make(secret, "dtls13", "key", "iv", "sn", true); }

void rc_key_free(rc_key *key) {
    if (!key) return;
    EVP_CIPHER_CTX_free(key->aead);
    EVP_CIPHER_CTX_free(key->mask);
    free(key);
}

static void begin(rc_key *key, uint64_t number, int sealing) {
    uint8_t nonce[12];
    memcpy(nonce, key->iv, 12);
    for (int index = 0; index < 8; index++) nonce[11 - index] ^= (uint8_t)(number >> (8 * index));
    EVP_CipherInit_ex(key->aead, NULL, NULL, NULL, nonce, sealing);
}

static size_t seal(
    rc_key *key, uint64_t number, const uint8_t *extra, size_t extra_length, const uint8_t *plain, size_t length,
    uint8_t *out) {
    int written = 0;
    begin(key, number, 1);
    EVP_CipherUpdate(key->aead, NULL, &written, extra, (int)extra_length);
    EVP_CipherUpdate(key->aead, out, &written, plain, (int)length);
    EVP_CipherFinal_ex(key->aead, out + length, &written);
    EVP_CIPHER_CTX_ctrl(key->aead, EVP_CTRL_AEAD_GET_TAG, 16, out + length);
    return length + 16;
}

static bool open_sealed(
    rc_key *key, uint64_t number, const uint8_t *extra, size_t extra_length, const uint8_t *sealed, size_t length,
    uint8_t *out) {
    int written = 0;
    if (length < 16) return false;
    begin(key, number, 0);
    EVP_CIPHER_CTX_ctrl(key->aead, EVP_CTRL_AEAD_SET_TAG, 16, (void *)(sealed + length - 16));
    return EVP_CipherUpdate(key->aead, NULL, &written, extra, (int)extra_length) == 1 &&
           EVP_CipherUpdate(key->aead, out, &written, sealed, (int)length - 16) == 1 &&
           EVP_CipherFinal_ex(key->aead, out + length - 16, &written) == 1;
}

size_t rc_quic_seal(
    rc_key *key, const uint8_t *header, size_t header_length, size_t number_length, uint64_t number,
    const uint8_t *plain, size_t length, uint8_t *out) {
    uint8_t mask[32];
    int written = 0;
    memcpy(out, header, header_length);
    size_t sealed = seal(key, number, header, header_length, plain, length, out + header_length);
    uint8_t *place = out + header_length - number_length;
    EVP_EncryptUpdate(key->mask, mask, &written, place + 4, 16);
    out[0] ^= mask[0] & (out[0] & 0x80 ? 0x0f : 0x1f);
    for (size_t index = 0; index < number_length; index++) place[index] ^= mask[1 + index];
    return header_length + sealed;
}

static bool quic_open(
    rc_key *key, const uint8_t *packet, size_t length, size_t number_offset, uint64_t expected, uint8_t *scratch) {
    uint8_t mask[32], header[64];
    int written = 0;
    EVP_EncryptUpdate(key->mask, mask, &written, packet + number_offset + 4, 16);
    memcpy(header, packet, number_offset + 4);
    header[0] ^= mask[0] & (header[0] & 0x80 ? 0x0f : 0x1f);
    size_t number_length = (header[0] & 3) + 1;
    for (size_t index = 0; index < number_length; index++) header[number_offset + index] ^= mask[1 + index];
    size_t header_length = number_offset + number_length;
    return open_sealed(
        key, expected, header, header_length, packet + header_length, length - header_length, scratch);
}

size_t rc_quic_open_all(
    rc_key *key, const uint8_t *packets, const uint32_t *lengths, size_t count, size_t number_offset,
    uint8_t *scratch) {
    size_t opened = 0, place = 0;
    for (size_t index = 0; index < count; index++) {
        opened += quic_open(key, packets + place, lengths[index], number_offset, index, scratch);
        place += lengths[index];
    }
    return opened;
}

size_t rc_initial_open_all(
    const uint8_t *packet, size_t length, size_t number_offset, const uint8_t *destination, size_t destination_length,
    size_t count, uint8_t *scratch) {
    size_t opened = 0;
    for (size_t index = 0; index < count; index++) {
        uint8_t client[32], server[32];
        rc_initial_secrets(destination, destination_length, client, server);
        rc_key *key = rc_key_new(client, true, false);
        if (!key) return opened;
        opened += quic_open(key, packet, length, number_offset, 0, scratch);
        rc_key_free(key);
    }
    return opened;
}

size_t rc_tls_seal(rc_key *key, uint64_t sequence, const uint8_t *plain, size_t length, uint8_t *out) {
    const uint8_t header[5] = {23, 3, 3, (uint8_t)((length + 16) >> 8), (uint8_t)(length + 16)};
    memcpy(out, header, 5);
    return 5 + seal(key, sequence, header, 5, plain, length, out + 5);
}

size_t rc_dtls_seal(
    rc_key *key, uint16_t epoch, uint64_t number, const uint8_t *plain, size_t length, uint8_t *out) {
    size_t sealed = length + 16;
    uint8_t header[5] = {
        (uint8_t)(0x2c | (epoch & 3)), (uint8_t)(number >> 8), (uint8_t)number, (uint8_t)(sealed >> 8), (uint8_t)sealed};
    seal(key, number, header, 5, plain, length, out + 5);
    uint8_t mask[32];
    int written = 0;
    EVP_EncryptUpdate(key->mask, mask, &written, out + 5, 16);
    header[1] ^= mask[0];
    header[2] ^= mask[1];
    memcpy(out, header, 5);
    return 5 + sealed;
}

size_t rc_tls_open_all(rc_key *key, const uint8_t *records, size_t count, uint8_t *scratch) {
    size_t opened = 0;
    for (size_t index = 0; index < count; index++) {
        size_t length = (size_t)records[3] << 8 | records[4];
        opened += open_sealed(key, index, records, 5, records + 5, length, scratch);
        records += 5 + length;
    }
    return opened;
}
