import StreamtopBase

/// Decodes a frame from its link layer to its transport header in one pass.
///
/// First slice: Ethernet, IPv4, IPv6, TCP and UDP.
package struct FrameDecoder: Sendable {
    package init() {}

    /// Decodes `bytes` into `frame`, which is overwritten. Never throws: what stopped it is in `frame.stop`.
    package func decode(_ bytes: RawSpan, wireLength: Int, linkType: LinkType, into frame: inout DecodedFrame) {
        frame = DecodedFrame()
        var reader = ByteReader(bytes)
        do throws(DecodeError) {
            try reader.require(14, in: .ethernet)
            reader.skip(12)
            let type = reader.uint16()
            guard type == 0x0800 else { throw reader.unsupported(.ethernet, UInt32(type)) }
            try decodeIPv4(&reader, wireLength: wireLength, into: &frame)
        } catch {
            frame.stop = error
        }
    }

    private func decodeIPv4(
        _ reader: inout ByteReader, wireLength: Int, into frame: inout DecodedFrame
    ) throws(DecodeError) {
        try reader.require(20, in: .ipv4)
        let start = reader.offset
        let first = reader.uint8()
        let headerLength = Int(first & 15) * 4
        guard headerLength >= 20 else { throw reader.malformed(.ipv4, .lengthBelowHeader) }
        let service = reader.uint8()
        frame.dscp = service >> 2
        frame.ecn = service & 3
        frame.ipLength = Int(reader.uint16())
        frame.identification = UInt32(reader.uint16())
        reader.skip(2)
        frame.hopLimit = reader.uint8()
        frame.protocolNumber = reader.uint8()
        reader.skip(2)
        frame.source = IPAddress(v4: reader.uint32())
        frame.destination = IPAddress(v4: reader.uint32())
        frame.hasNetwork = true
        try reader.require(headerLength - 20, in: .ipv4)
        reader.skip(headerLength - 20)
        let end = start + frame.ipLength
        switch frame.protocolNumber {
        case 6:
            try frame.tcp.decode(&reader)
            frame.transport = .tcp
            frame.sourcePort = frame.tcp.sourcePort
            frame.destinationPort = frame.tcp.destinationPort
        case 17:
            try reader.require(8, in: .udp)
            frame.sourcePort = reader.uint16()
            frame.destinationPort = reader.uint16()
            reader.skip(4)
            frame.transport = .udp
        default:
            throw reader.unsupported(.ipv4, UInt32(frame.protocolNumber))
        }
        frame.payloadOffset = reader.offset
        frame.payloadLength = max(0, end - reader.offset)
        frame.payloadCaptured = min(frame.payloadLength, reader.remaining)
    }
}

extension TCPHeader {
    @_lifetime(reader: copy reader)
    package mutating func decode(_ reader: inout ByteReader) throws(DecodeError) {
        try reader.require(20, in: .tcp)
        sourcePort = reader.uint16()
        destinationPort = reader.uint16()
        sequence = reader.uint32()
        acknowledgment = reader.uint32()
        let word = reader.uint16()
        headerLength = Int(word >> 12) * 4
        flags = TCPFlags(rawValue: word & 0x1ff)
        window = reader.uint16()
        reader.skip(4)
        guard headerLength >= 20 else { throw reader.malformed(.tcp, .lengthBelowHeader) }
        try reader.require(headerLength - 20, in: .tcp)
        var list = reader.reader(of: headerLength - 20)
        options.decode(&list)
    }
}

extension TCPOptions {
    @_lifetime(list: copy list)
    package mutating func decode(_ list: inout ByteReader) {
        while !list.isAtEnd {  // each turn takes at least one byte
            let kind = list.uint8()
            if kind == 0 { return }
            if kind == 1 { continue }
            let length = Int(list.uint8())
            guard length >= 2, length - 2 <= list.remaining else {
                malformed = true
                return
            }
            var body = list.reader(of: length - 2)
            switch (kind, length) {
            case (2, 4): maximumSegmentSize = body.uint16()
            case (3, 3): windowScale = body.uint8()
            case (4, 2): sackPermitted = true
            case (5, _):
                while body.remaining >= 8, sackCount < 4 {
                    let block = SACKBlock(start: body.uint32(), end: body.uint32())
                    switch sackCount {
                    case 0: sack0 = block
                    case 1: sack1 = block
                    case 2: sack2 = block
                    default: sack3 = block
                    }
                    sackCount += 1
                }
            case (8, 10):
                hasTimestamps = true
                timestampValue = body.uint32()
                timestampEcho = body.uint32()
            case (30, _): multipath = true
            case (34, _): fastOpenCookieLength = UInt8(length - 2)
            default: break
            }
        }
    }
}
