import StreamtopBase

/// ServerHello (RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3), and HelloRetryRequest, which is one by its random.
///
///     legacy_version(2) random(32) session_id<0..32> cipher_suite(2) compression_method(1) extensions<0..2^16-1>
package struct TLSServerHello: Equatable, Sendable, TLSHelloExtensions {
    /// SHA-256("HelloRetryRequest") in place of the random (RFC 8446 section 4.1.3).
    package static let helloRetryRandom = HelloRandom(
        0xcf21_ad74_e59a_6111, 0xbe1d_8c02_1e65_b891, 0xc2a2_1116_7abb_8c5e, 0x079e_09e2_c8a8_339c)

    package var legacyVersion: TLSVersion
    package var random: HelloRandom
    package var sessionID: [UInt8] = []
    package var cipherSuite: UInt16
    package var compressionMethod: UInt8 = 0
    /// Types in the order of the wire.
    package var extensionTypes: [UInt16] = []
    /// supported_versions: the version chosen, only in TLS 1.3.
    package var selectedVersion: TLSVersion?
    /// key_share: the group of the server's share, in a HelloRetryRequest the group it wants.
    package var keyShareGroup: UInt16?
    /// pre_shared_key: index of the identity chosen.
    package var pskIdentity: UInt16?
    /// ALPN chosen, before TLS 1.3.
    package var alpnBytes: [UInt8]?
    /// The server will send a ticket, before TLS 1.3.
    package var sessionTicket = false
    package var extendedMasterSecret = false
    package var encryptThenMAC = false
    package var hasCookie = false
    package var srtpProfile: UInt16?
    package var connectionID: [UInt8]?
    package var extensionsMalformed = false

    /// Reads the body of a ServerHello. Drafts of TLS 1.3 before 22 have neither session ID nor compression.
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(34, in: .tlsHandshake)
        legacyVersion = TLSVersion(rawValue: reader.uint16())
        random = reader.helloRandom()
        let isOldDraft = legacyVersion.isTLS13Draft
        if !isOldDraft {
            var identifier = try reader.tlsVector(lengthBytes: 1)
            guard identifier.remaining <= 32 else { throw identifier.malformed(.tlsHandshake, .forbiddenValue) }
            sessionID = identifier.copy(32)
        }
        try reader.require(isOldDraft ? 2 : 3, in: .tlsHandshake)
        cipherSuite = reader.uint16()
        if !isOldDraft { compressionMethod = reader.uint8() }
        takeExtensions(&reader)
    }

    package var isHelloRetryRequest: Bool { random == Self.helloRetryRandom }

    /// The version agreed on.
    package var version: TLSVersion { selectedVersion ?? legacyVersion }

    mutating func take(extension type: UInt16, _ body: inout ByteReader) {
        switch type {
        case TLSExtensionType.supportedVersions where body.remaining >= 2:
            selectedVersion = TLSVersion(rawValue: body.uint16())
        case TLSExtensionType.keyShare where body.remaining >= 2,
            TLSExtensionType.draftKeyShare where body.remaining >= 2:
            keyShareGroup = body.uint16()
        case TLSExtensionType.preSharedKey where body.remaining >= 2: pskIdentity = body.uint16()
        case TLSExtensionType.alpn: alpnBytes = body.tlsNameList().first
        case TLSExtensionType.sessionTicket: sessionTicket = true
        case TLSExtensionType.extendedMasterSecret: extendedMasterSecret = true
        case TLSExtensionType.encryptThenMAC: encryptThenMAC = true
        case TLSExtensionType.cookie: hasCookie = true
        case TLSExtensionType.useSRTP: srtpProfile = body.tlsUInt16List(lengthBytes: 2).first
        case TLSExtensionType.connectionID: connectionID = body.tlsByteList()
        default: break
        }
    }
}
