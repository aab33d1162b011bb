import StreamtopBase

/// MPLS label stack (RFC 3032): label (20), traffic class (3), bottom of stack (1), time to live (8).
///
/// Nothing says what follows the last label. IP shows by its version and length; a pseudowire's control word starts with
/// 0 (RFC 4385); the rest can only be Ethernet without one, if its type says so.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeMPLS(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        var entry: UInt32 = 0
        repeat {  // each pass takes four bytes
            try require(4, in: .mpls)
            entry = reader.uint32()
        } while entry & 0x100 == 0
        if frame.tunnel == .none {
            frame.tunnel = .mpls
            frame.tunnelIdentifier = entry >> 12
        }
        try require(1, in: .mpls)
        switch (reader.peekUInt8() ?? 0) >> 4 {
        case 4 where isPlausibleIP(): return .ipv4
        case 6 where isPlausibleIP(): return .ipv6
        case 0 where isEthernet(ahead: 4):
            reader.skip(4)
            return .ethernet
        default:
            guard isEthernet(ahead: 0) else { throw reader.unsupported(.mpls, entry >> 12) }
            return .ethernet
        }
    }

    /// The bytes from here could be an IP header: the length fits the version and the enclosure.
    func isPlausibleIP() -> Bool {
        guard let first = reader.peekUInt8() else { return false }
        switch first >> 4 {
        case 4:
            guard first & 15 >= 5, let total = reader.peekUInt16(ahead: 2) else { return false }
            return total == 0 || (total >= 20 && Int(total) <= wireRemaining)
        case 6:
            guard let length = reader.peekUInt16(ahead: 4) else { return false }
            return 40 + Int(length) <= wireRemaining
        default: return false
        }
    }

    /// The bytes `ahead` could be an Ethernet header: a type that we follow, or a length that fits.
    private func isEthernet(ahead: Int) -> Bool {
        guard let type = reader.peekUInt16(ahead: ahead + 12) else { return false }
        switch type {
        case 0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x9100, 0x8847, 0x8863, 0x8864, 0x88cc: return true
        case ...1500: return Int(type) + ahead + 14 <= wireRemaining
        default: return false
        }
    }
}
