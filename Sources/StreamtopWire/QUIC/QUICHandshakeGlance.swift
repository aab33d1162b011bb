/// The few fields of TLS handshake messages that QUIC itself needs (RFC 9001 section 8, RFC 8446 section 4): the client's
/// random value to look secrets up by, the cipher suite to open packets with, and the transport parameters.
///
/// Everything else in these messages is the TLS tracker's business.
package struct QUICHandshakeGlance: Equatable, Sendable {
    package enum Message: UInt8, Sendable {
        case clientHello = 1
        case serverHello = 2
        case encryptedExtensions = 8
    }
    package var message: Message
    /// Of a ClientHello or a ServerHello.
    package var random: [UInt8] = []
    /// Of a ServerHello that is no HelloRetryRequest.
    package var cipherSuite: UInt16?
    package var parameters: QUICTransportParameters?
    /// The early_data extension was in it: of a ClientHello the offer, of EncryptedExtensions its acceptance.
    package var hasEarlyData = false

    /// Reads one whole handshake message with its four-byte header; nil for other messages than the three.
    @_lifetime(reader: copy reader)
    package init?(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(4, in: .tlsHandshake)
        guard let message = Message(rawValue: reader.uint8()) else { return nil }
        self.message = message
        let length = Int(reader.uint24())
        try reader.require(length, in: .tlsHandshake)
        var body = reader.reader(of: length)
        switch message {
        case .clientHello:
            try body.require(35, in: .tlsHandshake)
            body.skip(2)
            random = body.copy(32)
            try Self.skipVector(&body, lengthSize: 1)
            try Self.skipVector(&body, lengthSize: 2)
            try Self.skipVector(&body, lengthSize: 1)
        case .serverHello:
            try body.require(35, in: .tlsHandshake)
            body.skip(2)
            random = body.copy(32)
            try Self.skipVector(&body, lengthSize: 1)
            try body.require(3, in: .tlsHandshake)
            let suite = body.uint16()
            if random != Self.helloRetryRandom { cipherSuite = suite }
            body.skip(1)
        case .encryptedExtensions:
            break
        }
        guard body.remaining >= 2 else { return }
        let total = Int(body.uint16())
        try body.require(total, in: .tlsHandshake)
        var list = body.reader(of: total)
        while list.remaining >= 4 {  // each pass takes at least four bytes
            let type = list.uint16()
            let size = Int(list.uint16())
            try list.require(size, in: .tlsHandshake)
            var content = list.reader(of: size)
            switch type {
            case 0x0039, 0xffa5: parameters = try? QUICTransportParameters(decoding: &content)
            case 42: hasEarlyData = true
            default: break
            }
        }
    }

    @_lifetime(body: copy body)
    private static func skipVector(_ body: inout ByteReader, lengthSize: Int) throws(DecodeError) {
        try body.require(lengthSize, in: .tlsHandshake)
        let length = Int(body.uint(size: lengthSize))  // at most 65,535
        try body.require(length, in: .tlsHandshake)
        body.skip(length)
    }

    /// SHA-256 of "HelloRetryRequest": marks a ServerHello as one (RFC 8446 section 4.1.3).
    private static let helloRetryRandom: [UInt8] = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
        0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ]
}
