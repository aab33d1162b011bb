import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// How a cipher suite protects records, read from its IANA name: the names are systematic, a second table would only be one
/// more thing to keep true.
struct RecordCipher: Equatable, Sendable {
    enum Mode: Equatable, Sendable {
        case aead(AEADAlgorithm)
        /// AES-CBC with an HMAC (RFC 5246 section 6.2.3.2).
        case cbc(keyLength: Int, mac: HashAlgorithm)
        /// Integrity only.
        case null(mac: HashAlgorithm)
        case unsupported
    }

    var mode: Mode
    /// Hash of the PRF or of HKDF.
    var hash: HashAlgorithm

    init(_ suite: TLSCipherSuite) {
        let name = suite.name ?? ""
        hash = name.hasSuffix("_SHA384") ? .sha384 : .sha256
        mode = .unsupported
        let isShortTag = name.containsASCII("_CCM_8")
        if name.containsASCII("AES_128_GCM") { mode = .aead(.aes128GCM) }
        if name.containsASCII("AES_256_GCM") { mode = .aead(.aes256GCM) }
        if name.containsASCII("CHACHA20_POLY1305") { mode = .aead(.chaCha20Poly1305) }
        if name.containsASCII("AES_128_CCM") { mode = .aead(isShortTag ? .aes128CCM8 : .aes128CCM) }
        if name.containsASCII("AES_256_CCM") { mode = .aead(isShortTag ? .aes256CCM8 : .aes256CCM) }
        if name.containsASCII("AES_128_CBC") { mode = .cbc(keyLength: 16, mac: Self.mac(name)) }
        if name.containsASCII("AES_256_CBC") { mode = .cbc(keyLength: 32, mac: Self.mac(name)) }
        if name.containsASCII("_WITH_NULL_") { mode = .null(mac: Self.mac(name)) }
    }

    private static func mac(_ name: String) -> HashAlgorithm {
        if name.hasSuffix("_SHA384") { return .sha384 }
        if name.hasSuffix("_SHA256") { return .sha256 }
        return name.hasSuffix("_MD5") ? .md5 : .sha1
    }

    /// Bytes that protection adds to a record's content at least, without the record header.
    func expansion(of version: TLSVersion) -> Int {
        switch mode {
        case .aead(let algorithm):
            if version.isVersion13 { return algorithm.tagLength + 1 }
            return algorithm.tagLength + (algorithm == .chaCha20Poly1305 ? 0 : 8)
        case .cbc(_, let mac): return mac.digestLength + 1 + (version == .tls10 || version == .ssl3 ? 0 : 16)
        case .null(let mac): return mac.digestLength
        case .unsupported: return 0
        }
    }
}
