import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// From secrets to keys (RFC 9001 section 5.1, RFC 9369 section 3.3.2).
struct QUICKeySchedule: Equatable, Sendable {
    var aead: AEADAlgorithm
    var hash: HashAlgorithm
    private var prefix: String

    /// Initial packets: AES-128-GCM and SHA-256 in every version.
    init(initialOf version: QUICVersion) {
        aead = .aes128GCM
        hash = .sha256
        prefix = Self.prefix(version)
    }

    /// The cipher suites of TLS 1.3 (RFC 8446 appendix B.4) that QUIC allows; nil for others.
    init?(cipherSuite: UInt16, version: QUICVersion) {
        switch cipherSuite {
        case 0x1301: (aead, hash) = (.aes128GCM, .sha256)
        case 0x1302: (aead, hash) = (.aes256GCM, .sha384)
        case 0x1303: (aead, hash) = (.chaCha20Poly1305, .sha256)
        case 0x1304: (aead, hash) = (.aes128CCM, .sha256)
        default: return nil
        }
        prefix = Self.prefix(version)
    }

    private static func prefix(_ version: QUICVersion) -> String { version.family == .v2 ? "quicv2" : "quic" }

    /// Client and server Initial secrets for the Destination Connection ID of the client's first Initial.
    static func initialSecrets(
        _ version: QUICVersion, destination: QUICConnectionID
    ) -> (client: [UInt8], server: [UInt8])? {
        guard let salt = QUICSalt.initial(version) else { return nil }
        let hkdf = HKDF(.sha256)
        let common = hkdf.extract(salt: salt, destination.bytes)
        return (
            hkdf.expandLabel(common, "client in", length: 32), hkdf.expandLabel(common, "server in", length: 32)
        )
    }

    func aeadKey(_ secret: [UInt8]) -> AEADKey? {
        let hkdf = HKDF(hash)
        return AEADKey(
            aead, key: hkdf.expandLabel(secret, prefix + " key", length: aead.keyLength),
            iv: hkdf.expandLabel(secret, prefix + " iv", length: AEADKey.nonceLength))
    }

    func headerKey(_ secret: [UInt8]) -> HeaderProtectionKey? {
        let algorithm = HeaderProtectionAlgorithm(aead)
        return HeaderProtectionKey(
            algorithm, key: HKDF(hash).expandLabel(secret, prefix + " hp", length: algorithm.keyLength))
    }

    /// The secret after a key update (RFC 9001 section 6.1).
    func nextSecret(_ secret: [UInt8]) -> [UInt8] {
        HKDF(hash).expandLabel(secret, prefix + " ku", length: hash.digestLength)
    }
}
