/// A message of which the capture kept only the beginning.
extension STUNMessage {
    /// The attributes that are whole, and where a DATA attribute that is cut would lie. nil without the cookie, or where not even the header is there; a fingerprint is not
    /// checked.
    package init?(decodingCut bytes: RawSpan) {
        var reader = ByteReader(bytes)
        guard let header = try? STUNHeader(decoding: &reader), header.hasCookie else { return nil }
        var length = 0
        while let value = reader.peekUInt16(ahead: length + 2).map(Int.init) {  // each pass takes four bytes or more
            let whole = 4 + value + (4 - value % 4) % 4
            guard length + whole <= min(reader.remaining, header.attributeLength) else { break }
            length += whole
        }
        var whole = ByteReader(bytes)
        var copy = whole.copy(STUNHeader.length + length)
        copy[2] = UInt8(truncatingIfNeeded: length >> 8)
        copy[3] = UInt8(truncatingIfNeeded: length)
        // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
        var cut = unsafe ByteReader(copy.span.bytes)
        guard var message = try? STUNMessage(decoding: &cut) else { return nil }
        // Of data that a relay carries, the beginning says what it is.
        if message.data == nil, let type = reader.peekUInt16(ahead: length), type == 0x0013,
            let value = reader.peekUInt16(ahead: length + 2), length + 4 + Int(value) <= header.attributeLength
        {
            let start = STUNHeader.length + length + 4
            message.data = start..<(start + Int(value))
        }
        self = message
    }
}

extension STUNProbe {
    /// The beginning of a message of `wireLength` bytes that the capture cut.
    package static func isCutMessage(_ datagram: RawSpan, wireLength: Int) -> Bool {
        var reader = ByteReader(datagram)
        guard wireLength > datagram.byteCount, let header = try? STUNHeader(decoding: &reader), header.hasCookie,
            header.method.isKnown
        else { return false }
        return header.messageLength <= wireLength
    }
}
