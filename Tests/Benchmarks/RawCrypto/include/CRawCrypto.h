// libcrypto alone: what sealing and opening QUIC packets and TLS 1.3 records costs without a program around it.
// AES-128-GCM and SHA-256 throughout.
#ifndef CRAWCRYPTO_H
#define CRAWCRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rc_key rc_key;

/// HKDF-Expand-Label with an empty context (RFC 8446 section 7.1).
void rc_expand_label(const uint8_t secret[32], const char *label, uint8_t *out, size_t length);
/// RFC 9001 section 5.2.
void rc_initial_secrets(const uint8_t *destination, size_t length, uint8_t client[32], uint8_t server[32]);

/// Keys of one direction from its traffic secret; `quic` with header protection. NULL where libcrypto refuses.
rc_key *rc_key_new(const uint8_t secret[32], bool quic, bool sealing);
/// Keys of DTLS 1.3, for sealing, with those that mask record numbers (RFC 9147 sections 4.2.3 and 5.9).
rc_key *rc_key_new_dtls(const uint8_t secret[32]);
void rc_key_free(rc_key *key);

/// Seals a QUIC packet into `out`; returns its length. `header` ends in the packet number.
size_t rc_quic_seal(
    rc_key *key, const uint8_t *header, size_t header_length, size_t number_length, uint64_t number,
    const uint8_t *plain, size_t length, uint8_t *out);
/// Opens one after the other; returns how many opened. Packets lie back to back, their numbers go up from 0.
size_t rc_quic_open_all(
    rc_key *key, const uint8_t *packets, const uint32_t *lengths, size_t count, size_t number_offset, uint8_t *scratch);
/// Opens a client's Initial again and again, keys derived each time as for a new connection; returns how many opened.
size_t rc_initial_open_all(
    const uint8_t *packet, size_t length, size_t number_offset, const uint8_t *destination, size_t destination_length,
    size_t count, uint8_t *scratch);

/// Seals a TLS 1.3 record, header included, into `out`; returns its length. `plain` ends in the content type.
size_t rc_tls_seal(rc_key *key, uint64_t sequence, const uint8_t *plain, size_t length, uint8_t *out);
/// Seals a DTLS 1.3 record with a unified header (16 bits of number, a length) into `out`; returns its length.
size_t rc_dtls_seal(
    rc_key *key, uint16_t epoch, uint64_t number, const uint8_t *plain, size_t length, uint8_t *out);
/// Opens records that lie back to back; returns how many opened.
size_t rc_tls_open_all(rc_key *key, const uint8_t *records, size_t count, uint8_t *scratch);

#endif
