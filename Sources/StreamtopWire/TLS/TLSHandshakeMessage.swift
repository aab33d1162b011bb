/// Handshake message types (IANA "TLS HandshakeType").
package struct TLSHandshakeType: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let helloRequest = TLSHandshakeType(rawValue: 0)
    package static let clientHello = TLSHandshakeType(rawValue: 1)
    package static let serverHello = TLSHandshakeType(rawValue: 2)
    package static let helloVerifyRequest = TLSHandshakeType(rawValue: 3)
    package static let newSessionTicket = TLSHandshakeType(rawValue: 4)
    package static let endOfEarlyData = TLSHandshakeType(rawValue: 5)
    /// Only in drafts of TLS 1.3; the final protocol uses a ServerHello.
    package static let draftHelloRetryRequest = TLSHandshakeType(rawValue: 6)
    package static let encryptedExtensions = TLSHandshakeType(rawValue: 8)
    package static let requestConnectionID = TLSHandshakeType(rawValue: 9)
    package static let newConnectionID = TLSHandshakeType(rawValue: 10)
    package static let certificate = TLSHandshakeType(rawValue: 11)
    package static let serverKeyExchange = TLSHandshakeType(rawValue: 12)
    package static let certificateRequest = TLSHandshakeType(rawValue: 13)
    package static let serverHelloDone = TLSHandshakeType(rawValue: 14)
    package static let certificateVerify = TLSHandshakeType(rawValue: 15)
    package static let clientKeyExchange = TLSHandshakeType(rawValue: 16)
    package static let finished = TLSHandshakeType(rawValue: 20)
    package static let certificateURL = TLSHandshakeType(rawValue: 21)
    package static let certificateStatus = TLSHandshakeType(rawValue: 22)
    package static let keyUpdate = TLSHandshakeType(rawValue: 24)
    package static let compressedCertificate = TLSHandshakeType(rawValue: 25)
    package static let nextProtocol = TLSHandshakeType(rawValue: 67)

    /// A type that is assigned and used; not one that random bytes could be taken for.
    package var isKnown: Bool {
        switch rawValue {
        case 0...6, 8...16, 20...22, 24, 25, 67: true
        default: false
        }
    }
}

/// Handshake message header (RFC 8446 section 4): `type(1) length(3)`, then the body. The same over TCP and in QUIC CRYPTO
/// frames.
package struct TLSHandshakeHeader: Equatable, Sendable {
    package static var length: Int { 4 }

    package var type: TLSHandshakeType
    /// Bytes of body that follow.
    package var bodyLength: Int

    /// Reads a header; the reader is left at the body. Throws `.truncated` when fewer than four bytes are there.
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.length, in: .tlsHandshake)
        type = TLSHandshakeType(rawValue: reader.uint8())
        bodyLength = Int(reader.uint24())
    }
}

/// One handshake message, cut from the byte stream of a record layer or of CRYPTO frames.
package struct TLSHandshakeMessage: ~Escapable {
    package var type: TLSHandshakeType
    /// The message's bytes behind its header.
    package var body: ByteReader

    /// Header and body, in bytes.
    package var length: Int { TLSHandshakeHeader.length + body.remaining }

    /// The next whole message at the reader, which moves behind it; nil, and the reader unmoved, when it is not all
    /// there yet.
    @_lifetime(copy reader)
    package static func next(_ reader: inout ByteReader) -> TLSHandshakeMessage? {
        var ahead = reader.rest
        guard let header = try? TLSHandshakeHeader(decoding: &ahead), ahead.remaining >= header.bodyLength else {
            return nil
        }
        reader.skip(TLSHandshakeHeader.length)
        let body = reader.reader(of: header.bodyLength)
        return TLSHandshakeMessage(type: header.type, body: body)
    }

    @_lifetime(copy body)
    private init(type: TLSHandshakeType, body: ByteReader) {
        self.type = type
        self.body = body
    }
}
