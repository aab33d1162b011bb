/// Tells whether a datagram, or the beginning of a stream, is a STUN message, without decoding it.
package enum STUNProbe {
    /// A whole message fills the datagram: its cookie says so (RFC 8489 section 5), or, without one (RFC 3489), a known type, a
    /// length that fits to the byte, and attributes that fill it.
    package static func isMessage(_ datagram: RawSpan) -> Bool {
        var reader = ByteReader(datagram)
        guard let first = reader.peekUInt8(), first & 0xc0 == 0, let header = try? STUNHeader(decoding: &reader) else {
            return false
        }
        if header.hasCookie {
            guard header.attributeLength <= reader.remaining else { return false }
            return header.method.isKnown || isVouchedFor(datagram)
        }
        return header.attributeLength == reader.remaining && isClassic(header) && areAttributes(reader)
    }

    /// A message of a method that nobody registered: its fingerprint must fit (RFC 8489 section 14.7).
    private static func isVouchedFor(_ datagram: RawSpan) -> Bool {
        var reader = ByteReader(datagram)
        return (try? STUNMessage(decoding: &reader))?.fingerprint == .valid
    }

    /// On ports where STUN spoke before, the cookie and a length that fits are enough.
    package static func isFollower(_ datagram: RawSpan) -> Bool {
        var reader = ByteReader(datagram)
        guard let header = try? STUNHeader(decoding: &reader), header.hasCookie else { return false }
        return header.attributeLength == reader.remaining
    }

    /// A byte stream can begin with these: a message of its own length (RFC 8489 section 6.2.2), or one behind a length (RFC 4571).
    @inline(__always)
    package static func beginsStream(_ bytes: RawSpan) -> Bool {
        let reader = ByteReader(bytes)
        // Looked at for the first segments of every flow: where the cookie would be tells nearly all others.
        let hasCookie =
            reader.peekUInt32(ahead: 4) == STUNHeader.cookie || reader.peekUInt32(ahead: 6) == STUNHeader.cookie
        return hasCookie && isFramed(bytes)
    }

    @inline(never)
    private static func isFramed(_ bytes: RawSpan) -> Bool {
        var reader = ByteReader(bytes)
        if StreamFraming.beginsSTUN(bytes) { return true }
        guard let header = try? STUNHeader(decoding: &reader) else { return false }
        return header.hasCookie && header.method.isKnown
    }

    /// Only a client of a server begins a stream like this: nil where both ends may (checks of ICE).
    package static func isClientStream(_ bytes: RawSpan) -> Bool? {
        var reader = ByteReader(bytes)
        guard !StreamFraming.beginsSTUN(bytes), let header = try? STUNHeader(decoding: &reader) else { return nil }
        switch header.messageClass {
        case .request: return true
        case .success, .error: return false
        case .indication: return nil
        }
    }

    /// The message types of RFC 3489 section 11.1: Binding and Shared Secret without indications.
    private static func isClassic(_ header: STUNHeader) -> Bool {
        (header.method == .binding || header.method == .sharedSecret) && header.messageClass != .indication
    }

    /// Types of RFC 3489 whose lengths fill what is there.
    private static func areAttributes(_ reader: borrowing ByteReader) -> Bool {
        var rest = reader.rest
        while !rest.isAtEnd {  // each pass takes four bytes or more
            guard rest.remaining >= 4 else { return false }
            let type = rest.uint16()
            let length = Int(rest.uint16())
            guard (0x0001...0x0022).contains(type) || type >= 0x8000, length % 4 == 0, length <= rest.remaining else {
                return false
            }
            rest.skip(length)
        }
        return true
    }
}
