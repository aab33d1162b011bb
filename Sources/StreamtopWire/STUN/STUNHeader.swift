/// What a STUN message is about (RFC 8489 section 18.2, RFC 8656 section 17, RFC 6062 section 6.1).
package struct STUNMethod: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let binding = Self(rawValue: 0x001)
    /// Of RFC 3489 alone.
    package static let sharedSecret = Self(rawValue: 0x002)
    package static let allocate = Self(rawValue: 0x003)
    package static let refresh = Self(rawValue: 0x004)
    package static let send = Self(rawValue: 0x006)
    package static let data = Self(rawValue: 0x007)
    package static let createPermission = Self(rawValue: 0x008)
    package static let channelBind = Self(rawValue: 0x009)
    package static let connect = Self(rawValue: 0x00a)
    package static let connectionBind = Self(rawValue: 0x00b)
    package static let connectionAttempt = Self(rawValue: 0x00c)
    /// A connectivity check without authentication, by libwebrtc.
    package static let googPing = Self(rawValue: 0x080)

    /// A registered method, or one that is known to be in use.
    package var isKnown: Bool {
        switch rawValue {
        case 0x001...0x004, 0x006...0x00c, 0x080: true
        default: false
        }
    }

    /// It asks a relay for something, or carries data through one.
    package var isRelaying: Bool {
        switch rawValue {
        case 0x003, 0x004, 0x006...0x00c: true
        default: false
        }
    }
}

/// RFC 8489 section 5.
package enum STUNClass: UInt8, Sendable {
    case request, indication, success, error
}

/// Matches answers with requests: 96 bits, or 128 in RFC 3489, where the cookie's place belongs to it.
package struct STUNTransaction: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64
}

/// The twenty bytes before the attributes (RFC 8489 section 5).
///
///      0                   1                   2                   3
///     |0 0|     STUN Message Type     |         Message Length        |
///     |                         Magic Cookie                          |
///     |                     Transaction ID (96 bits)                  |
package struct STUNHeader: Equatable, Sendable {
    package static var length: Int { 20 }
    package static var cookie: UInt32 { 0x2112_a442 }

    package var method: STUNMethod
    package var messageClass: STUNClass
    /// Bytes of attributes behind the header.
    package var attributeLength: Int
    package var transaction: STUNTransaction
    /// The cookie is there: RFC 5389 and later. Without it, it is a message of RFC 3489.
    package var hasCookie: Bool

    /// Reads a header. What is left of the reader may be longer or shorter than the attributes.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(Self.length, in: .stun)
        let type = reader.uint16()
        guard type & 0xc000 == 0 else { throw reader.malformed(.stun, .forbiddenValue) }
        // Two bits of the class lie between those of the method.
        method = STUNMethod(rawValue: (type & 0x000f) | (type & 0x00e0) >> 1 | (type & 0x3e00) >> 2)
        messageClass = STUNClass(rawValue: UInt8((type >> 4 & 1) | (type >> 7 & 2))) ?? .request  // two bits
        attributeLength = Int(reader.uint16())
        guard attributeLength % 4 == 0 else { throw reader.malformed(.stun, .forbiddenValue) }
        let high = reader.uint64()
        transaction = STUNTransaction(high: high, low: reader.uint64())
        hasCookie = UInt32(truncatingIfNeeded: high >> 32) == Self.cookie
    }

    /// Bytes of the whole message.
    package var messageLength: Int { Self.length + attributeLength }
}
