import StreamtopBase

/// Teredo (RFC 4380 section 5.1.1): IPv6 in UDP, after an optional authentication and an optional origin indication.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeTeredo(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(4, in: .teredo)
        if reader.peekUInt16() == 0x0001 {
            // Type (2), identifier length (1), authentication length (1), both, nonce (8), confirmation (1).
            reader.skip(2)
            let length = Int(reader.uint8()) + Int(reader.uint8()) + 9
            try require(length, in: .teredo)
            reader.skip(length)
        }
        if reader.peekUInt16() == 0x0000 {
            // Type (2), obscured port (2) and address (4).
            try require(8, in: .teredo)
            reader.skip(8)
        }
        guard (reader.peekUInt8() ?? 0) >> 4 == 6 else { throw reader.malformed(.teredo, .wrongVersion) }
        frame.tunnel = .teredo
        frame.tunnelIdentifier = 0
        return .ipv6
    }
}

/// L2TP version 2 data messages (RFC 2661 section 3.1): flags and version (2), length (2, if L), tunnel (2), session (2),
/// sequence numbers (4, if S), offset size (2, if O) and that many bytes, PPP.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeL2TP(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(6, in: .l2tp)
        let flags = reader.uint16()
        guard flags & 0x000f == 2 else { throw reader.malformed(.l2tp, .wrongVersion) }
        // T: a control message.
        guard flags & 0x8000 == 0 else { throw reader.unsupported(.l2tp, UInt32(flags)) }
        if flags & 0x4000 != 0 {
            let length = Int(reader.uint16())
            guard length >= 4, length - 4 <= wireRemaining else {
                throw reader.malformed(.l2tp, .lengthBeyondEnclosure)
            }
            enclose(length - 4)
        }
        try require(4, in: .l2tp)
        let identifier = reader.uint32()
        if flags & 0x0800 != 0 {
            try require(4, in: .l2tp)
            reader.skip(4)
        }
        if flags & 0x0200 != 0 {
            try require(2, in: .l2tp)
            let offset = Int(reader.uint16())
            try require(offset, in: .l2tp)
            reader.skip(offset)
        }
        frame.tunnel = .l2tp
        frame.tunnelIdentifier = identifier
        return .ppp
    }
}

/// CAPWAP data channel (RFC 5415 section 4.3): preamble (1), then header length in words (5), radio (5), binding (5) and
/// flags: T native frame, F fragment.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeCAPWAP(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(8, in: .capwap)
        let preamble = reader.uint8()
        let word = reader.uint24()
        guard preamble == 0 else { throw reader.unsupported(.capwap, UInt32(preamble)) }
        let length = Int(word >> 19) * 4
        guard length >= 8 else { throw reader.malformed(.capwap, .lengthBelowHeader) }
        guard word & 0x80 == 0 else { throw reader.unsupported(.capwap, word) }
        try require(length - 4, in: .capwap)
        reader.skip(length - 4)
        frame.tunnel = .capwap
        frame.tunnelIdentifier = 0
        guard word & 0x100 != 0 else { return .ethernet }
        guard word >> 9 & 0x1f == 1 else { throw reader.unsupported(.capwap, word >> 9 & 0x1f) }
        // Controllers are known to send the two bytes of frame control in the wrong order.
        try require(24, in: .capwap)
        let control = reader.uint8()
        let flags = reader.uint8()
        if control & 0x0f == 0x08 { return try decodeWireless(control: control, flags: flags) }
        guard flags & 0x0f == 0x08 else { throw reader.unsupported(.capwap, UInt32(control)) }
        return try decodeWireless(control: flags, flags: control)
    }
}

/// Generic UDP Encapsulation (draft-ietf-intarea-gue-09; Linux "fou" with GUE): version 0 has version (2), control (1),
/// header length in words beyond the first (5), protocol (8), flags (16) and the optional fields that these announce;
/// version 1 is an IP packet, told by its own first bits.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeGUE(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(4, in: .gue)
        frame.tunnel = .gue
        frame.tunnelIdentifier = 0
        switch (reader.peekUInt8() ?? 0) >> 6 {
        case 0: break
        case 1: return .ip
        case let version: throw reader.unsupported(.gue, UInt32(version))
        }
        let first = reader.uint8()
        let proto = reader.uint8()
        reader.skip(2)
        let options = Int(first & 0x1f) * 4
        try require(options, in: .gue)
        reader.skip(options)
        // C: a control message.
        guard first & 0x20 == 0 else { throw reader.unsupported(.gue, UInt32(first)) }
        switch proto {
        case 4: return .ipv4
        case 41: return .ipv6
        case 47: return .tunnel(.gre)
        default: throw reader.unsupported(.gue, UInt32(proto))
        }
    }
}
