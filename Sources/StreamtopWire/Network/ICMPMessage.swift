import StreamtopBase

/// An ICMP or ICMPv6 message (RFC 792, RFC 4443) and, for errors, the packet that it quotes.
package struct ICMPMessage: Equatable, Sendable {
    package var type: UInt8 = 0
    package var code: UInt8 = 0
    /// Echo identifier; 0 for other messages.
    package var identifier: UInt16 = 0
    /// MTU of the next hop for "fragmentation needed" (type 3 code 4, RFC 1191) and ICMPv6 "packet too big" (type 2).
    /// Nil where a router left it 0, as those older than RFC 1191 do.
    package var nextHopMTU: UInt32?
    /// Flow key of the quoted packet, in the VLAN and tunnel of the ICMP message itself; nil when the quote ends before
    /// its ports or there is none.
    package var quoted: FlowKey?
    /// Source of the quoted packet: tells which way it travelled.
    package var quotedSource: Endpoint?
    /// TCP sequence number in the quote, when it reaches that far.
    package var quotedSequence: UInt32?
    /// IP total length of the quoted packet.
    package var quotedLength: Int = 0

    package init() {}
}

/// ICMP: type (1), code (1), checksum (2), four bytes that depend on the type, then for errors the packet complained of.
extension FrameCursor {
    @_lifetime(self: copy self)
    mutating func decodeICMP(isIPv6: Bool, into frame: inout DecodedFrame) throws(DecodeError) {
        try require(4, in: .icmp)
        frame.icmp = ICMPMessage()
        frame.transport = .icmp
        frame.icmp.type = reader.uint8()
        frame.icmp.code = reader.uint8()
        reader.skip(2)
        guard reader.remaining >= 4 else {
            notePayload(into: &frame)
            if wireRemaining >= 4 { try require(4, in: .icmp) }
            return
        }
        let rest = reader.uint32()
        notePayload(into: &frame)
        switch (isIPv6, frame.icmp.type) {
        case (false, 0), (false, 8), (true, 128), (true, 129):
            frame.icmp.identifier = UInt16(truncatingIfNeeded: rest >> 16)
        case (false, 3):
            if frame.icmp.code == 4, rest & 0xffff != 0 { frame.icmp.nextHopMTU = rest & 0xffff }
            readQuote(into: &frame)
        case (true, 2):
            if rest != 0 { frame.icmp.nextHopMTU = rest }
            readQuote(into: &frame)
        case (false, 4), (false, 5), (false, 11), (false, 12), (true, 1), (true, 3), (true, 4):
            readQuote(into: &frame)
        default: break
        }
    }

    /// The quoted packet: an IP header and at least eight bytes behind it (RFC 792), or as much as fits (RFC 4443).
    private func readQuote(into frame: inout DecodedFrame) {
        var quote = reader.rest
        switch (quote.peekUInt8() ?? 0) >> 4 {
        case 4: readIPv4Quote(&quote, into: &frame)
        case 6: readIPv6Quote(&quote, into: &frame)
        default: break
        }
    }

    @_lifetime(quote: copy quote)
    private func readIPv4Quote(_ quote: inout ByteReader, into frame: inout DecodedFrame) {
        guard quote.remaining >= 20 else { return }
        let headerLength = Int(quote.uint8() & 15) * 4
        quote.skip(1)
        frame.icmp.quotedLength = Int(quote.uint16())
        quote.skip(2)
        let offset = quote.uint16() & 0x1fff
        quote.skip(1)
        let number = quote.uint8()
        quote.skip(2)
        let source = IPAddress(v4: quote.uint32())
        let destination = IPAddress(v4: quote.uint32())
        // A later fragment has no ports to match a flow by.
        guard headerLength >= 20, offset == 0, quote.remaining >= headerLength - 20 else { return }
        quote.skip(headerLength - 20)
        readQuotedTransport(&quote, number, source, destination, into: &frame)
    }

    @_lifetime(quote: copy quote)
    private func readIPv6Quote(_ quote: inout ByteReader, into frame: inout DecodedFrame) {
        guard quote.remaining >= 40 else { return }
        quote.skip(4)
        frame.icmp.quotedLength = Int(quote.uint16()) + 40
        var number = quote.uint8()
        quote.skip(1)
        let source = IPAddress(high: quote.uint64(), low: quote.uint64())
        let destination = IPAddress(high: quote.uint64(), low: quote.uint64())
        while true {  // each pass takes at least eight bytes
            switch number {
            case 0, 43, 44, 60, 135:
                guard quote.remaining >= 8 else { return }
                let next = quote.uint8()
                let length = Int(quote.uint8()) * 8 + 8
                if number == 44, (quote.peekUInt16() ?? 0) & 0xfff8 != 0 { return }
                let size = number == 44 ? 8 : length
                guard quote.remaining >= size - 2 else { return }
                quote.skip(size - 2)
                number = next
            default:
                readQuotedTransport(&quote, number, source, destination, into: &frame)
                return
            }
        }
    }

    @_lifetime(quote: copy quote)
    private func readQuotedTransport(
        _ quote: inout ByteReader, _ number: UInt8, _ source: IPAddress, _ destination: IPAddress,
        into frame: inout DecodedFrame
    ) {
        var from = Endpoint(address: source, port: 0)
        var to = Endpoint(address: destination, port: 0)
        if number == 6 || number == 17 || number == 132 {
            guard quote.remaining >= 4 else { return }
            from.port = quote.uint16()
            to.port = quote.uint16()
            if number == 6, quote.remaining >= 4 { frame.icmp.quotedSequence = quote.uint32() }
        }
        frame.icmp.quotedSource = from
        frame.icmp.quoted = FlowKey(
            source: from, destination: to, transport: number, vlan: frame.vlan, tunnel: frame.tunnelKey)
    }
}
