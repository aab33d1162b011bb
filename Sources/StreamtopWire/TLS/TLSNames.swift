/// Number to name from lines of "hex name".
func namesByNumber(_ table: String) -> [UInt16: String] {
    var names: [UInt16: String] = [:]
    for line in table.split(separator: "\n") {
        let parts = line.split(separator: " ")
        guard parts.count == 2, let number = UInt16(parts[0], radix: 16) else { continue }
        names[number] = String(parts[1])
    }
    return names
}

/// A number that IANA keeps a list of names for.
package protocol TLSRegisteredNumber: RawRepresentable, Hashable, Sendable where RawValue == UInt16 {
    static var names: [UInt16: String] { get }
}

extension TLSRegisteredNumber {
    /// The IANA name; nil for a number that is not assigned.
    package var name: String? { Self.names[rawValue] }

    /// The IANA name, or the number in hex.
    package var text: String { name ?? hexText(rawValue) }
}

/// "0x1a2b": what stands for a number without a name.
func hexText(_ number: UInt16) -> String {
    let digits = String(number, radix: 16)
    return "0x" + String(repeating: "0", count: 4 - digits.count) + digits  // four digits hold every UInt16
}

/// A key-exchange group by its number (IANA "TLS Supported Groups").
package struct TLSGroup: TLSRegisteredNumber {
    package var rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let names = namesByNumber(
        """
        1 sect163k1
        2 sect163r1
        3 sect163r2
        4 sect193r1
        5 sect193r2
        6 sect233k1
        7 sect233r1
        8 sect239k1
        9 sect283k1
        a sect283r1
        b sect409k1
        c sect409r1
        d sect571k1
        e sect571r1
        f secp160k1
        10 secp160r1
        11 secp160r2
        12 secp192k1
        13 secp192r1
        14 secp224k1
        15 secp224r1
        16 secp256k1
        17 secp256r1
        18 secp384r1
        19 secp521r1
        1a brainpoolP256r1
        1b brainpoolP384r1
        1c brainpoolP512r1
        1d x25519
        1e x448
        1f brainpoolP256r1tls13
        20 brainpoolP384r1tls13
        21 brainpoolP512r1tls13
        22 GC256A
        23 GC256B
        24 GC256C
        25 GC256D
        26 GC512A
        27 GC512B
        28 GC512C
        29 curveSM2
        100 ffdhe2048
        101 ffdhe3072
        102 ffdhe4096
        103 ffdhe6144
        104 ffdhe8192
        200 MLKEM512
        201 MLKEM768
        202 MLKEM1024
        11eb SecP256r1MLKEM768
        11ec X25519MLKEM768
        11ed SecP384r1MLKEM1024
        6399 X25519Kyber768Draft00
        639a SecP256r1Kyber768Draft00
        """)
}

/// A signature scheme by its number (IANA "TLS SignatureScheme").
package struct TLSSignatureScheme: TLSRegisteredNumber {
    package var rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let names = namesByNumber(
        """
        201 rsa_pkcs1_sha1
        202 dsa_sha1
        203 ecdsa_sha1
        301 rsa_pkcs1_sha224
        302 dsa_sha224
        303 ecdsa_sha224
        401 rsa_pkcs1_sha256
        402 dsa_sha256
        403 ecdsa_secp256r1_sha256
        420 rsa_pkcs1_sha256_legacy
        501 rsa_pkcs1_sha384
        502 dsa_sha384
        503 ecdsa_secp384r1_sha384
        520 rsa_pkcs1_sha384_legacy
        601 rsa_pkcs1_sha512
        602 dsa_sha512
        603 ecdsa_secp521r1_sha512
        620 rsa_pkcs1_sha512_legacy
        704 eccsi_sha256
        708 sm2sig_sm3
        804 rsa_pss_rsae_sha256
        805 rsa_pss_rsae_sha384
        806 rsa_pss_rsae_sha512
        807 ed25519
        808 ed448
        809 rsa_pss_pss_sha256
        80a rsa_pss_pss_sha384
        80b rsa_pss_pss_sha512
        81a ecdsa_brainpoolP256r1tls13_sha256
        81b ecdsa_brainpoolP384r1tls13_sha384
        81c ecdsa_brainpoolP512r1tls13_sha512
        904 mldsa44
        905 mldsa65
        906 mldsa87
        """)
}

/// An SRTP protection profile by its number (IANA "DTLS-SRTP Protection Profiles").
package struct SRTPProfile: TLSRegisteredNumber {
    package var rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Bytes that protection adds to an RTP packet (RFC 5764 section 4.1.2, RFC 7714 section 12); nil when unknown.
    package var tagLength: Int? {
        switch rawValue {
        case 1, 5: 10
        case 2, 6: 4
        case 7, 8: 16
        default: nil
        }
    }

    package static let names = namesByNumber(
        """
        1 SRTP_AES128_CM_HMAC_SHA1_80
        2 SRTP_AES128_CM_HMAC_SHA1_32
        5 SRTP_NULL_HMAC_SHA1_80
        6 SRTP_NULL_HMAC_SHA1_32
        7 SRTP_AEAD_AES_128_GCM
        8 SRTP_AEAD_AES_256_GCM
        9 DOUBLE_AEAD_AES_128_GCM_AEAD_AES_128_GCM
        a DOUBLE_AEAD_AES_256_GCM_AEAD_AES_256_GCM
        """)
}

extension TLSAlert {
    /// The description's name (RFC 8446 section 6.2, IANA "TLS Alerts"), or "alert_N".
    package var description: String { Self.name(of: code) }

    /// The name of a description's number.
    package static func name(of code: UInt8) -> String { descriptions[UInt16(code)] ?? "alert_\(code)" }

    private static let descriptions = namesByNumber(
        """
        0 close_notify
        a unexpected_message
        14 bad_record_mac
        15 decryption_failed
        16 record_overflow
        1e decompression_failure
        28 handshake_failure
        29 no_certificate
        2a bad_certificate
        2b unsupported_certificate
        2c certificate_revoked
        2d certificate_expired
        2e certificate_unknown
        2f illegal_parameter
        30 unknown_ca
        31 access_denied
        32 decode_error
        33 decrypt_error
        34 too_many_cids_requested
        3c export_restriction
        46 protocol_version
        47 insufficient_security
        50 internal_error
        56 inappropriate_fallback
        5a user_canceled
        64 no_renegotiation
        6d missing_extension
        6e unsupported_extension
        6f certificate_unobtainable
        70 unrecognized_name
        71 bad_certificate_status_response
        72 bad_certificate_hash_value
        73 unknown_psk_identity
        74 certificate_required
        75 general_error
        78 no_application_protocol
        79 ech_required
        """)
}
