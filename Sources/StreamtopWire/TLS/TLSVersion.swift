/// A protocol version as it stands on the wire, TLS or DTLS.
package struct TLSVersion: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let ssl3 = TLSVersion(rawValue: 0x0300)
    package static let tls10 = TLSVersion(rawValue: 0x0301)
    package static let tls11 = TLSVersion(rawValue: 0x0302)
    package static let tls12 = TLSVersion(rawValue: 0x0303)
    package static let tls13 = TLSVersion(rawValue: 0x0304)
    package static let dtls10 = TLSVersion(rawValue: 0xfeff)
    package static let dtls12 = TLSVersion(rawValue: 0xfefd)
    package static let dtls13 = TLSVersion(rawValue: 0xfefc)
    /// What OpenSSL before 0.9.8f sent for DTLS; some VPNs still do.
    package static let dtlsOpenSSL = TLSVersion(rawValue: 0x0100)

    /// A draft of TLS 1.3: 0x7f and the draft's number.
    package var isTLS13Draft: Bool { rawValue >> 8 == 0x7f }

    /// TLS 1.3 or DTLS 1.3, drafts included.
    package var isVersion13: Bool { self == .tls13 || self == .dtls13 || isTLS13Draft }

    /// "1.3", "1.2", "1.3-draft18", "SSL 3.0"; nil when no version has this number.
    package var name: String? {
        switch self {
        case .tls13, .dtls13: "1.3"
        case .tls12, .dtls12: "1.2"
        case .tls11: "1.1"
        case .tls10, .dtls10: "1.0"
        case .ssl3: "SSL 3.0"
        case .dtlsOpenSSL: "openssl-1.0"
        default: isTLS13Draft ? "1.3-draft\(rawValue & 0xff)" : nil
        }
    }

    /// Values reserved so that peers learn to ignore unknown ones (RFC 8701).
    package var isGrease: Bool { isGreaseValue(rawValue) }
}

/// 0x0a0a, 0x1a1a … 0xfafa: cipher suites, extensions, groups and versions that mean nothing (RFC 8701 section 2).
package func isGreaseValue(_ value: UInt16) -> Bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}
