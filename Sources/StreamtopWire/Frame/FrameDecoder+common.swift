import StreamtopBase

/// The shape of nearly every frame, read in one go: an untagged Ethernet header, IPv4 without options or IPv6 without
/// extension headers, then TCP or UDP, whole and with lengths that agree.
///
/// The walk from header to header is right for these frames too, and says what the fields mean; this is the same without
/// looking after each header what comes next. What differs in any way is left to the walk, untouched.
extension FrameDecoder {
    /// Decodes the frame if it has the common shape; nothing is written if not. `wireLength` is not below the captured
    /// length.
    package func decodeCommon(_ bytes: RawSpan, wireLength: Int, into frame: inout DecodedFrame) -> Bool {
        var reader = ByteReader(bytes)
        guard reader.remaining >= Self.shortestCommon else { return false }
        reader.skip(12)
        let type = reader.uint16()
        let first = reader.uint64()
        let second = reader.uint64()
        if type == 0x0800 {
            let destination = reader.uint32()
            let length = Int(truncatingIfNeeded: first >> 32 & 0xffff)
            // Version 4, five words of header; no fragment; no longer than the frame.
            guard first >> 56 == 0x45, first & 0x3fff == 0, length >= 20, length <= wireLength &- 14 else {
                return false
            }
            let number = UInt8(truncatingIfNeeded: second >> 48)
            guard decodeCommonTransport(number, &reader, length: length &- 20, into: &frame) else { return false }
            frame.source = IPAddress(v4: UInt32(truncatingIfNeeded: second))
            frame.destination = IPAddress(v4: destination)
            frame.dscp = UInt8(truncatingIfNeeded: first >> 50) & 0x3f
            frame.ecn = UInt8(truncatingIfNeeded: first >> 48) & 3
            frame.ipLength = length
            frame.identification = UInt32(truncatingIfNeeded: first >> 16 & 0xffff)
            frame.dontFragment = first & 0x4000 != 0
            frame.hopLimit = UInt8(truncatingIfNeeded: second >> 56)
            frame.protocolNumber = number
            return true
        }
        if type == 0x86dd {
            let source = IPAddress(high: second, low: reader.uint64())
            let destination = IPAddress(high: reader.uint64(), low: reader.uint64())
            let length = Int(truncatingIfNeeded: first >> 16 & 0xffff)
            guard first >> 60 == 6, length > 0, length <= wireLength &- 54 else { return false }
            let number = UInt8(truncatingIfNeeded: first >> 8)
            guard decodeCommonTransport(number, &reader, length: length, into: &frame) else { return false }
            frame.source = source
            frame.destination = destination
            frame.dscp = UInt8(truncatingIfNeeded: first >> 54) & 0x3f
            frame.ecn = UInt8(truncatingIfNeeded: first >> 52) & 3
            frame.ipLength = length &+ 40
            frame.identification = nil
            frame.dontFragment = true
            frame.hopLimit = UInt8(truncatingIfNeeded: first)
            frame.protocolNumber = number
            return true
        }
        return false
    }

    /// Ethernet, IPv4 and TCP, or Ethernet and IPv6: a length that can be checked once for all of either.
    private static var shortestCommon: Int { 54 }

    /// The transport header at `reader`, with `length` bytes from there to the end of the packet on the wire; and
    /// everything in `frame` that a common frame has not.
    @inline(__always)
    @_lifetime(reader: copy reader)
    private func decodeCommonTransport(
        _ number: UInt8, _ reader: inout ByteReader, length: Int, into frame: inout DecodedFrame
    ) -> Bool {
        let captured = min(length, reader.remaining)
        let start = reader.offset
        let headerLength: Int
        let end: Int
        switch number {
        case 6:
            guard captured >= 20 else { return false }
            let first = reader.uint64()
            let second = reader.uint64()
            reader.skip(4)
            headerLength = Int(truncatingIfNeeded: second >> 28 & 15) &* 4
            guard headerLength >= 20, headerLength <= captured else { return false }
            end = length
            frame.transport = .tcp
            frame.tcp.fill(first, second)
            if headerLength > 20 {
                var list = reader.reader(of: headerLength &- 20)
                frame.tcp.options.decode(&list)
            }
            frame.sourcePort = frame.tcp.sourcePort
            frame.destinationPort = frame.tcp.destinationPort
        case 17:
            guard captured >= 8 else { return false }
            let header = reader.uint64()
            let source = UInt16(truncatingIfNeeded: header >> 48)
            let destination = UInt16(truncatingIfNeeded: header >> 32)
            end = Int(truncatingIfNeeded: header >> 16 & 0xffff)
            guard end >= 8, end <= length, !TunnelKind.isSuggested(by: source, destination) else { return false }
            headerLength = 8
            frame.transport = .udp
            frame.sourcePort = source
            frame.destinationPort = destination
        default: return false
        }
        frame.hasNetwork = true
        frame.payloadOffset = start &+ headerLength
        frame.payloadCaptured = min(end, captured) &- headerLength  // not negative: both are at least headerLength
        frame.payloadLength = end &- headerLength
        frame.resetRare()
        return true
    }
}
