import StreamtopBase

/// UDP header (RFC 768): source port, destination port, length, checksum, two bytes each.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeUDP(into frame: inout DecodedFrame) throws(DecodeError) -> NextLayer {
        try require(8, in: .udp)
        let available = wireRemaining
        let header = reader.uint64()
        let length = Int(truncatingIfNeeded: header >> 16 & 0xffff)
        // 0 means "to the end of the packet" in jumbograms (RFC 2675 section 4) and under segmentation offload.
        guard length == 0 || length >= 8 else { throw reader.malformed(.udp, .lengthBelowHeader) }
        frame.transport = .udp
        frame.sourcePort = UInt16(truncatingIfNeeded: header >> 48)
        frame.destinationPort = UInt16(truncatingIfNeeded: header >> 32)
        if length > 0 {
            if length <= available {
                enclose(length &- 8)  // length >= 8
            } else if !isFragment, frame.stop == nil {
                frame.stop = reader.malformed(.udp, .lengthBeyondEnclosure)
            }
        }
        notePayload(into: &frame)
        guard !isFragment, reader.remaining >= 8 else { return .complete }
        var kind = TunnelKind(udpPort: frame.destinationPort)
        if kind == .none { kind = TunnelKind(udpPort: frame.sourcePort) }
        return kind == .none ? .complete : .tunnel(kind)
    }
}

extension TunnelKind {
    /// The tunnel that a UDP port suggests (IANA; 4754 by RFC 8086; 8472 is Linux's VXLAN port of before the assignment).
    init(udpPort port: UInt16) {
        switch port {
        case 1701: self = .l2tp
        case 2152: self = .gtp
        case 3544: self = .teredo
        case 4789, 4790, 8472: self = .vxlan
        case 4754: self = .gre
        case 5247: self = .capwap
        case 6080: self = .gue
        case 6081: self = .geneve
        default: self = .none
        }
    }

    /// One of the two ports of a datagram suggests a tunnel.
    static func isSuggested(by source: UInt16, _ destination: UInt16) -> Bool {
        TunnelKind(udpPort: source) != .none || TunnelKind(udpPort: destination) != .none
    }
}
