/// Hello extension types (IANA "TLS ExtensionType Values") that the analysis reads.
package enum TLSExtensionType {
    package static let serverName: UInt16 = 0
    package static let supportedGroups: UInt16 = 10
    package static let ecPointFormats: UInt16 = 11
    package static let signatureAlgorithms: UInt16 = 13
    package static let useSRTP: UInt16 = 14
    package static let alpn: UInt16 = 16
    package static let encryptThenMAC: UInt16 = 22
    package static let extendedMasterSecret: UInt16 = 23
    package static let sessionTicket: UInt16 = 35
    package static let preSharedKey: UInt16 = 41
    package static let earlyData: UInt16 = 42
    package static let supportedVersions: UInt16 = 43
    package static let cookie: UInt16 = 44
    package static let pskKeyExchangeModes: UInt16 = 45
    package static let keyShare: UInt16 = 51
    /// RFC 9146, and its number in drafts.
    package static let connectionID: UInt16 = 54
    package static let draftConnectionID: UInt16 = 53
    package static let quicTransportParameters: UInt16 = 57
    package static let draftQUICTransportParameters: UInt16 = 0xffa5
    package static let encryptedClientHello: UInt16 = 0xfe0d
    /// TLS 1.3 drafts before 23 had key_share here.
    package static let draftKeyShare: UInt16 = 40
}
