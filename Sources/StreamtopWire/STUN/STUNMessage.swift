import StreamtopBase

/// A STUN message with the attributes that are of use to an observer (RFC 8489 section 14, RFC 8656 section 18, RFC 8445
/// section 16.1, RFC 5780 section 7, RFC 6062 section 6.2).
package struct STUNMessage: Equatable, Sendable {
    package enum Fingerprint: Equatable, Sendable {
        case absent, valid, wrong
    }

    /// RFC 8445 section 7.1.3.
    package enum Role: UInt8, Sendable {
        case controlling, controlled
    }

    /// Bounds of what is kept.
    static let textLimit = 256
    static let peerCapacity = 8
    /// More attributes than any message has.
    static let attributeCapacity = 64

    package var header: STUNHeader
    /// Where the server saw the request come from.
    package internal(set) var mappedAddress: Endpoint?
    package internal(set) var relayedAddress: Endpoint?
    package internal(set) var peerAddresses: [Endpoint] = []
    /// Where the answer was sent from, and the server's other address (RFC 5780, RFC 3489).
    package internal(set) var responseOrigin: Endpoint?
    package internal(set) var otherAddress: Endpoint?
    package internal(set) var software: String?
    package internal(set) var username: String?
    package internal(set) var realm: String?
    /// Class times hundred plus number, 300 to 699.
    package internal(set) var errorCode: Int?
    package internal(set) var hasIntegrity = false
    package internal(set) var hasNonce = false
    package internal(set) var fingerprint = Fingerprint.absent
    package internal(set) var priority: UInt32?
    package internal(set) var usesCandidate = false
    package internal(set) var role: Role?
    package internal(set) var tieBreaker: UInt64?
    /// Seconds.
    package internal(set) var lifetime: UInt32?
    package internal(set) var channel: UInt16?
    /// Number of the transport protocol that an allocation is asked for.
    package internal(set) var requestedTransport: UInt8?
    package internal(set) var connectionID: UInt32?
    /// Bits 0x4 and 0x2 of CHANGE-REQUEST: the answer is to come from another address, another port.
    package internal(set) var changeRequest: UInt32?
    /// Where the DATA attribute's value lies, from the first byte of the message.
    package internal(set) var data: Range<Int>?
    /// Where a piece of DTLS lies that libwebrtc put into a check.
    package internal(set) var embeddedDTLS: Range<Int>?
    /// Attributes that an agent must understand and we do not know.
    package internal(set) var unknownRequired = 0

    /// Reads a message. The reader is left behind it.
    ///
    /// - Throws: `.truncated` when the attributes are not all there, `.malformed` when they do not fill their length.
    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        let whole = reader.rest
        header = try STUNHeader(decoding: &reader)
        try reader.require(header.attributeLength, in: .stun)
        var attributes = reader.reader(of: header.attributeLength)
        var count = 0
        while !attributes.isAtEnd {  // each pass takes four bytes or more
            try attributes.require(4, in: .stun)
            let start = STUNHeader.length + attributes.consumed
            let type = attributes.uint16()
            let length = Int(attributes.uint16())
            guard length <= attributes.remaining else { throw attributes.malformed(.stun, .lengthBeyondEnclosure) }
            let value = attributes.reader(of: length)
            // Padded to four bytes; RFC 3489 knew no padding, and its lengths are multiples of four.
            attributes.skip(min(attributes.remaining, (4 - length % 4) % 4))
            count += 1
            guard count <= Self.attributeCapacity else { continue }
            let position = (start + 4)..<(start + 4 + length)
            if type == 0x8028 {
                fingerprint = Self.check(whole, upTo: start, value)
            } else {
                take(type, value, position)
            }
        }
    }

    /// The message, from its first byte to the FINGERPRINT attribute (RFC 8489 section 14.7).
    private static func check(
        _ message: borrowing ByteReader, upTo end: Int, _ value: borrowing ByteReader
    ) -> Fingerprint {
        guard value.remaining == 4, let stated = value.peekUInt32() else { return .wrong }
        var sum = CRC32()
        var rest = message.rest
        for _ in 0..<end { sum.add(rest.uint8()) }
        return sum.value ^ 0x5354_554e == stated ? .valid : .wrong
    }
}
