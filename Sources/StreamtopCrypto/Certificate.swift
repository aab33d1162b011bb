// One of the few files of this room that hold unsafe code. The proof: the X509 is created from one live array, owned by
// `ParsedCertificate` and freed in its `deinit`; "get0" pointers are used only while it lives; strings are copied with the
// length that libcrypto gives for them; stacks and BIOs made here are freed on every path.

internal import COpenSSL
import StreamtopBase

/// What an X.509 certificate says (RFC 5280). Read, not verified: the chain's trust is the client's business.
package struct Certificate: Equatable, Sendable {
    /// Distinguished names as RFC 4514 writes them, e.g. "CN=live.example,O=Example".
    package var subject: String
    package var issuer: String
    /// Validity; nil where the certificate's time cannot be read.
    package var notBefore: Timestamp?
    package var notAfter: Timestamp?
    /// Subject alternative names: DNS names, addresses, URIs. At most `nameCapacity`.
    package var names: [String]
    /// Key type and size or curve: "RSA 2048", "EC secp256r1", "Ed25519"; nil when not known.
    package var key: String?
    /// Serial number in hexadecimal.
    package var serial: String
    /// SHA-256 of the DER, lower-case hex with colons, the form SDP uses (RFC 8122 section 5).
    package var fingerprint: String

    /// Content delivery networks put a hundred names in one certificate.
    package static var nameCapacity: Int { 100 }

    /// nil when `der` is not a certificate. C function: `d2i_X509`.
    package init?(der: [UInt8]) {
        guard let parsed = ParsedCertificate(der) else { return nil }
        subject = parsed.subject
        issuer = parsed.issuer
        notBefore = parsed.notBefore
        notAfter = parsed.notAfter
        names = parsed.names
        key = parsed.key
        serial = parsed.serial
        fingerprint = String(hexOf: HashAlgorithm.sha256.hash(der), separator: UInt8(ascii: ":"))
    }
}

/// Owner of an X509.
@safe
private struct ParsedCertificate: ~Copyable {
    private let handle: OpaquePointer

    init?(_ der: [UInt8]) {
        let parsed: OpaquePointer? = unsafe der.withUnsafeBufferPointer { buffer in
            var cursor = buffer.baseAddress
            return unsafe d2i_X509(nil, &cursor, buffer.count)
        }
        guard let parsed = unsafe parsed else {
            ERR_clear_error()
            return nil
        }
        unsafe handle = parsed
    }

    deinit { unsafe X509_free(handle) }

    /// C function: `X509_get_subject_name`.
    var subject: String { unsafe text(of: X509_get_subject_name(handle)) }
    /// C function: `X509_get_issuer_name`.
    var issuer: String { unsafe text(of: X509_get_issuer_name(handle)) }
    /// C function: `X509_get0_notBefore`.
    var notBefore: Timestamp? { unsafe time(X509_get0_notBefore(handle)) }
    /// C function: `X509_get0_notAfter`.
    var notAfter: Timestamp? { unsafe time(X509_get0_notAfter(handle)) }

    /// C function: `X509_get0_serialNumber`.
    var serial: String {
        unsafe String(hexOf: bytes(of: X509_get0_serialNumber(handle)))
    }

    /// C functions: `X509_get_ext_d2i`, `GENERAL_NAMES_free`.
    var names: [String] {
        guard let found = unsafe X509_get_ext_d2i(handle, NID_subject_alt_name, nil, nil) else {
            ERR_clear_error()
            return []
        }
        let list = OpaquePointer(found)
        defer { unsafe GENERAL_NAMES_free(list) }
        let count = unsafe min(Int(st_general_name_count(list)), Certificate.nameCapacity)
        return (0..<max(0, count)).compactMap { index in
            var type: Int32 = 0
            guard let string = unsafe st_general_name_string(list, Int32(index), &type) else { return nil }
            let value = unsafe bytes(of: string)
            return type == GEN_IPADD ? addressText(value) : String(decoding: value, as: UTF8.self)
        }
    }

    /// C functions: `X509_get0_pubkey`, `EVP_PKEY_get_base_id`, `EVP_PKEY_get_bits`, `EVP_PKEY_get_group_name`.
    var key: String? {
        guard let key = unsafe X509_get0_pubkey(handle) else {
            ERR_clear_error()
            return nil
        }
        let bits = unsafe EVP_PKEY_get_bits(key)
        switch unsafe EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA: return "RSA \(bits)"
        case EVP_PKEY_RSA_PSS: return "RSA-PSS \(bits)"
        case EVP_PKEY_DSA: return "DSA \(bits)"
        case EVP_PKEY_EC: return unsafe "EC " + (curve(of: key) ?? "\(bits)")
        case EVP_PKEY_ED25519: return "Ed25519"
        case EVP_PKEY_ED448: return "Ed448"
        default: return nil
        }
    }

    private func curve(of key: OpaquePointer) -> String? {
        var name = [UInt8](repeating: 0, count: 64)
        var length = 0
        let found = unsafe name.withUnsafeMutableBytes { buffer in
            unsafe EVP_PKEY_get_group_name(
                key, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, &length)
        }
        guard found == 1, length <= name.count else {
            ERR_clear_error()
            return nil
        }
        let text = String(decoding: name.prefix(length), as: UTF8.self)
        return text == "prime256v1" ? "secp256r1" : text
    }

    /// C functions: `X509_NAME_print_ex` into a memory BIO.
    private func text(of name: OpaquePointer?) -> String {
        guard let name = unsafe name, let memory = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(memory) }
        guard unsafe st_print_name(memory, name) >= 0 else { return "" }
        var start: UnsafeMutablePointer<CChar>?
        let length = unsafe st_memory_contents(memory, &start)
        guard let start = unsafe start, length > 0 else { return "" }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }

    /// C functions: `ASN1_STRING_get0_data`, `ASN1_STRING_length`.
    private func bytes(of string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string = unsafe string, let data = unsafe ASN1_STRING_get0_data(string) else { return [] }
        let length = unsafe Int(ASN1_STRING_length(string))
        return unsafe Array(UnsafeBufferPointer(start: data, count: max(0, length)))
    }

    /// C function: `ASN1_TIME_diff` against 1970.
    private func time(_ time: UnsafePointer<ASN1_TIME>?) -> Timestamp? {
        guard let time = unsafe time, let epoch = unsafe ASN1_TIME_set(nil, 0) else { return nil }
        defer { unsafe ASN1_TIME_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard unsafe ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else {
            ERR_clear_error()
            return nil
        }
        return Timestamp(seconds: Int64(days) * 86_400 + Int64(seconds), nanoseconds: 0)
    }
}

/// Text of 4 or 16 address bytes; nil for any other number.
private func addressText(_ bytes: [UInt8]) -> String? {
    func number(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
    switch bytes.count {
    case 4: return IPAddress(v4: UInt32(number(bytes[...]))).description
    case 16: return IPAddress(high: number(bytes[..<8]), low: number(bytes[8...])).description
    default: return nil
    }
}
