import StreamtopBase

extension STUNMessage {
    /// Takes one attribute; the first of a kind counts (RFC 8489 section 14).
    mutating func take(_ type: UInt16, _ value: consuming ByteReader, _ position: Range<Int>) {
        switch type {
        case 0x0001, 0x0020, 0x8020: mappedAddress = mappedAddress ?? address(value, isHidden: type != 0x0001)
        case 0x0003: changeRequest = value.peekUInt32()
        case 0x0004, 0x802b: responseOrigin = address(value, isHidden: false)
        case 0x0005, 0x802c: otherAddress = address(value, isHidden: false)
        case 0x0006: username = username ?? text(value)
        case 0x0008, 0x001c: hasIntegrity = true
        case 0x0009: errorCode = Self.code(value)
        case 0x000c: channel = value.peekUInt16()
        case 0x000d: lifetime = value.peekUInt32()
        case 0x0012:
            if peerAddresses.count < Self.peerCapacity, let peer = address(value, isHidden: true) {
                peerAddresses.append(peer)
            }
        case 0x0013: data = position
        case 0x0014: realm = realm ?? text(value)
        case 0x0015: hasNonce = true
        case 0x0016: relayedAddress = address(value, isHidden: true)
        case 0x0019: requestedTransport = value.peekUInt8()
        case 0x0024: priority = value.peekUInt32()
        case 0x0025: usesCandidate = true
        case 0x002a: connectionID = value.peekUInt32()
        case 0x8022: software = software ?? text(value)
        case 0x8029, 0x802a:
            role = type == 0x802a ? .controlling : .controlled
            if value.remaining >= 8 { tieBreaker = value.uint64() }
        case 0xc070: embeddedDTLS = position
        default: if type < 0x8000, !Self.isKnown(type) { unknownRequired += 1 }
        }
    }

    /// Registered types below 0x8000 that say nothing to an observer.
    private static func isKnown(_ type: UInt16) -> Bool {
        switch type {
        case 0x0002, 0x0007, 0x000a, 0x000b, 0x0010, 0x0017, 0x0018, 0x001a, 0x001b, 0x001d, 0x001e, 0x0022, 0x0026,
            0x0027, 0x0030:
            true
        default: false
        }
    }

    /// `0 family(1) port(2) address(4 or 16)`, hidden from rewriting middleboxes by the cookie and the transaction
    /// (RFC 8489 sections 14.1 and 14.2).
    private func address(_ value: borrowing ByteReader, isHidden: Bool) -> Endpoint? {
        var reader = value.rest
        guard reader.remaining >= 8 else { return nil }
        reader.skip(1)
        let family = reader.uint8()
        let mask = UInt32(truncatingIfNeeded: header.transaction.high >> 32)
        let port = reader.uint16() ^ (isHidden ? UInt16(truncatingIfNeeded: mask >> 16) : 0)
        switch family {
        case 1 where reader.remaining == 4:
            return Endpoint(address: IPAddress(v4: reader.uint32() ^ (isHidden ? mask : 0)), port: port)
        case 2 where reader.remaining == 16:
            let high = reader.uint64() ^ (isHidden ? header.transaction.high : 0)
            let low = reader.uint64() ^ (isHidden ? header.transaction.low : 0)
            return Endpoint(address: IPAddress(high: high, low: low), port: port)
        default: return nil
        }
    }

    private func text(_ value: borrowing ByteReader) -> String {
        var reader = value.rest
        var bytes = reader.copy(min(reader.remaining, Self.textLimit))
        while bytes.last == 0 { bytes.removeLast() }  // some pad within the value
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `0(21 bits) class(3) number(8)` (RFC 8489 section 14.8).
    private static func code(_ value: borrowing ByteReader) -> Int? {
        guard let word = value.peekUInt32() else { return nil }
        let hundreds = Int(word >> 8 & 7)
        let number = Int(word & 0xff)
        guard (3...6).contains(hundreds), number < 100 else { return nil }
        return hundreds * 100 + number
    }
}
