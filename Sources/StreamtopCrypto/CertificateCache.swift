import StreamtopBase
import Synchronization

/// What certificates say, by their bytes: a server sends the same ones to each of its clients, and to read a chain costs more than
/// the rest of a handshake.
///
/// A memory of what a pure function returned: whoever holds the cache cannot tell whether it was asked before, so copies of its
/// owner may share it.
package final class CertificateCache: Sendable {
    /// Certificates remembered. What a whole chain says takes about 2 KB.
    package static let capacity = 256

    package static let limits = [
        Limit("certificates remembered", capacity, per: .engine, policy: "the oldest is forgotten")
    ]

    /// By the SHA-256 of their DER.
    private let known = Mutex(BoundedMap<[UInt8], Certificate>(capacity: CertificateCache.capacity))

    package init() {}

    /// nil when `der` is not a certificate.
    package func certificate(der: [UInt8]) -> Certificate? {
        let digest = HashAlgorithm.sha256.hash(der)
        // Without a digest nothing can be told apart.
        guard !digest.isEmpty else { return Certificate(der: der) }
        if let found = known.withLock({ $0[digest] }) { return found }
        guard let read = Certificate(der: der) else { return nil }
        known.withLock { _ = $0.insert(read, for: digest) }
        return read
    }
}
