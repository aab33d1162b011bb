import StreamtopBase

/// ClientHello (RFC 8446 section 4.1.2; DTLS adds the cookie, RFC 6347 section 4.2.1).
///
///     legacy_version(2) random(32) session_id<0..32> [cookie<0..255>] cipher_suites<2..2^16-2>
///     compression_methods<1..255> extensions<0..2^16-1>
package struct TLSClientHello: Equatable, Sendable, TLSHelloExtensions {
    /// A key share offered: group and size of the share in bytes.
    package struct KeyShare: Equatable, Sendable {
        package var group: UInt16
        package var length: Int
    }

    package var legacyVersion: TLSVersion
    package var random: HelloRandom
    package var sessionID: [UInt8]
    /// DTLS 1.2: the server's cookie echoed; empty in a first hello.
    package var datagramCookie: [UInt8] = []
    package var cipherSuites: [UInt16]
    package var compressionMethods: [UInt8]
    /// Types in the order of the wire, GREASE included.
    package var extensionTypes: [UInt16] = []
    /// server_name, host name bytes as sent (RFC 6066 section 3); nil when absent.
    package var serverNameBytes: [UInt8]?
    /// application_layer_protocol_negotiation, as sent (RFC 7301).
    package var alpnBytes: [[UInt8]] = []
    package var supportedGroups: [UInt16] = []
    package var ecPointFormats: [UInt8] = []
    package var signatureAlgorithms: [UInt16] = []
    package var supportedVersions: [UInt16] = []
    package var keyShares: [KeyShare] = []
    package var pskKeyExchangeModes: [UInt8] = []
    /// Identities in pre_shared_key; 0 when absent.
    package var pskIdentities = 0
    /// session_ticket: bytes of ticket offered, 0 for "I understand tickets", nil when absent (RFC 5077).
    package var sessionTicketLength: Int?
    package var offersEarlyData = false
    package var hasCookieExtension = false
    package var extendedMasterSecret = false
    package var encryptThenMAC = false
    /// encrypted_client_hello is there; whether real or GREASE cannot be seen from outside (RFC 9849 section 6.2).
    package var encryptedClientHello = false
    /// use_srtp profiles offered (RFC 5764 section 4.1.2).
    package var srtpProfiles: [UInt16] = []
    /// connection_id: what the other end shall put in its records (RFC 9146).
    package var connectionID: [UInt8]?
    /// quic_transport_parameters as sent (RFC 9001 section 8.2).
    package var quicTransportParameters: [UInt8]?
    /// The extension block broke its own length rules; what came before is kept.
    package var extensionsMalformed = false

    /// Reads the body of a ClientHello. Throws when the fixed part or a list before the extensions is cut or broken.
    package init(decoding reader: inout ByteReader, datagram: Bool = false) throws(DecodeError) {
        try reader.require(34, in: .tlsHandshake)
        legacyVersion = TLSVersion(rawValue: reader.uint16())
        random = reader.helloRandom()
        var identifier = try reader.tlsVector(lengthBytes: 1)
        guard identifier.remaining <= 32 else { throw identifier.malformed(.tlsHandshake, .forbiddenValue) }
        sessionID = identifier.copy(32)
        if datagram {
            var cookie = try reader.tlsVector(lengthBytes: 1)
            datagramCookie = cookie.copy(255)
        }
        var suites = try reader.tlsVector(lengthBytes: 2)
        cipherSuites = suites.allUInt16()
        var methods = try reader.tlsVector(lengthBytes: 1)
        compressionMethods = methods.copy(255)
        takeExtensions(&reader)
    }

    /// SNI as text; bytes that are not UTF-8 become U+FFFD. nil when absent or empty.
    package var serverName: String? {
        guard let bytes = serverNameBytes, !bytes.isEmpty else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// ALPN names as text.
    package var alpn: [String] { alpnBytes.map { String(decoding: $0, as: UTF8.self) } }

    /// The highest version offered, GREASE aside.
    package var highestVersion: TLSVersion {
        let offered = supportedVersions.map(TLSVersion.init).filter { !$0.isGrease && $0.name != nil }
        if let best = offered.first(where: \.isVersion13) { return best }
        // DTLS numbers run backwards, so the newest is the smallest.
        let isDatagram = legacyVersion.rawValue >> 8 == 0xfe
        let best = isDatagram ? offered.min { $0.rawValue < $1.rawValue } : offered.max { $0.rawValue < $1.rawValue }
        return best ?? legacyVersion
    }

    /// The client can resume something: a PSK, a ticket, or (before TLS 1.3) a session ID.
    package var offersResumption: Bool {
        if pskIdentities > 0 || (sessionTicketLength ?? 0) > 0 { return true }
        return !sessionID.isEmpty && !highestVersion.isVersion13
    }

    mutating func take(extension type: UInt16, _ body: inout ByteReader) {
        switch type {
        case TLSExtensionType.serverName: takeServerName(&body)
        case TLSExtensionType.alpn: alpnBytes = body.tlsNameList()
        case TLSExtensionType.supportedGroups: supportedGroups = body.tlsUInt16List(lengthBytes: 2)
        case TLSExtensionType.ecPointFormats: ecPointFormats = body.tlsByteList()
        case TLSExtensionType.signatureAlgorithms: signatureAlgorithms = body.tlsUInt16List(lengthBytes: 2)
        case TLSExtensionType.supportedVersions: supportedVersions = body.tlsUInt16List(lengthBytes: 1)
        case TLSExtensionType.pskKeyExchangeModes: pskKeyExchangeModes = body.tlsByteList()
        case TLSExtensionType.keyShare, TLSExtensionType.draftKeyShare: takeKeyShares(&body)
        case TLSExtensionType.preSharedKey: takePreSharedKeys(&body)
        case TLSExtensionType.sessionTicket: sessionTicketLength = body.remaining
        case TLSExtensionType.earlyData: offersEarlyData = true
        case TLSExtensionType.cookie: hasCookieExtension = true
        case TLSExtensionType.extendedMasterSecret: extendedMasterSecret = true
        case TLSExtensionType.encryptThenMAC: encryptThenMAC = true
        case TLSExtensionType.encryptedClientHello: encryptedClientHello = true
        case TLSExtensionType.useSRTP: srtpProfiles = body.tlsUInt16List(lengthBytes: 2)
        case TLSExtensionType.connectionID: connectionID = body.tlsByteList()
        case TLSExtensionType.quicTransportParameters, TLSExtensionType.draftQUICTransportParameters:
            quicTransportParameters = body.copy(body.remaining)
        default: break
        }
    }

    /// ServerNameList: entries of `type(1) name<1..2^16-1>`; the first host_name (type 0) counts.
    private mutating func takeServerName(_ body: inout ByteReader) {
        guard var list = try? body.tlsVector(lengthBytes: 2) else { return }
        while list.remaining >= 3 {  // each round takes at least three bytes
            let type = list.uint8()
            guard var name = try? list.tlsVector(lengthBytes: 2) else { return }
            if type == 0 {
                serverNameBytes = name.copy(name.remaining)
                return
            }
        }
    }

    /// KeyShareEntry list: `group(2) key_exchange<1..2^16-1>` each.
    private mutating func takeKeyShares(_ body: inout ByteReader) {
        guard var list = try? body.tlsVector(lengthBytes: 2) else { return }
        while list.remaining >= 4 {  // each round takes at least four bytes
            let group = list.uint16()
            guard let share = try? list.tlsVector(lengthBytes: 2) else { return }
            keyShares.append(KeyShare(group: group, length: share.remaining))
        }
    }

    /// PskIdentity list: `identity<1..2^16-1> obfuscated_ticket_age(4)` each; the binders are not of interest.
    private mutating func takePreSharedKeys(_ body: inout ByteReader) {
        guard var list = try? body.tlsVector(lengthBytes: 2) else { return }
        while list.remaining >= 6 {  // each round takes at least six bytes
            guard (try? list.tlsVector(lengthBytes: 2)) != nil else { return }
            list.skip(4)
            pskIdentities += 1
        }
    }
}

extension ByteReader {
    /// A vector of two-byte numbers; empty when it is cut.
    @_lifetime(self: copy self)
    mutating func tlsUInt16List(lengthBytes: Int) -> [UInt16] {
        guard var list = try? tlsVector(lengthBytes: lengthBytes) else { return [] }
        return list.allUInt16()
    }

    /// A vector of bytes with a length of one byte; empty when it is cut.
    @_lifetime(self: copy self)
    mutating func tlsByteList() -> [UInt8] {
        guard var list = try? tlsVector(lengthBytes: 1) else { return [] }
        return list.copy(list.remaining)
    }

    /// ProtocolNameList (RFC 7301 section 3.1).
    @_lifetime(self: copy self)
    mutating func tlsNameList() -> [[UInt8]] {
        guard var list = try? tlsVector(lengthBytes: 2) else { return [] }
        var names: [[UInt8]] = []
        while list.remaining >= 1 {  // each round takes at least one byte
            guard var name = try? list.tlsVector(lengthBytes: 1) else { break }
            names.append(name.copy(name.remaining))
        }
        return names
    }
}
