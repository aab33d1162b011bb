import StreamtopBase

/// GTP-U (3GPP TS 29.281 section 5.1): flags (1), message type (1), length (2), TEID (4); with any of the E, S and PN
/// flags set also sequence (2), N-PDU number (1) and next extension type (1), then extension headers.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeGTPUser(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(8, in: .gtp)
        let flags = reader.uint8()
        let message = reader.uint8()
        let length = Int(reader.uint16())
        let identifier = reader.uint32()
        // Version 1, protocol type GTP; GTP' and control messages are other things on the same port.
        guard flags & 0xf0 == 0x30 else { throw reader.malformed(.gtp, .wrongVersion) }
        guard message == 255 else { throw reader.unsupported(.gtp, UInt32(message)) }
        guard length <= wireRemaining else { throw reader.malformed(.gtp, .lengthBeyondEnclosure) }
        enclose(length)
        if flags & 0x07 != 0 {
            try require(4, in: .gtp)
            reader.skip(3)
            var next = reader.uint8()
            if flags & 0x04 == 0 { next = 0 }
            while next != 0 {  // each pass takes at least four bytes
                try require(4, in: .gtp)
                let size = Int(reader.uint8()) * 4
                guard size >= 4 else { throw reader.malformed(.gtp, .lengthBelowHeader) }
                try require(size - 1, in: .gtp)
                reader.skip(size - 2)
                next = reader.uint8()
            }
        }
        frame.tunnel = .gtp
        frame.tunnelIdentifier = identifier
        return .ip
    }
}
