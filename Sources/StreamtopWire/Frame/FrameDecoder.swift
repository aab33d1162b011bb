import StreamtopBase

/// Decodes a frame from its link layer to its innermost transport header in one pass, without allocation.
///
/// Every header reads itself and names what follows (`NextLayer`); the loop here goes from one to the next. Inside a
/// tunnel the frame is overwritten by the inner packet. When no inner IP packet comes to light, the frame is again what
/// it was outside the tunnel.
package struct FrameDecoder: Sendable {
    /// Headers of one frame that are read at most. The deepest stack in use (VLAN, VLAN, MPLS, IP, UDP, GTP, IP, two
    /// extension headers, TCP) has ten; the rest is room for tunnels in tunnels.
    package static let maximumLayers = 32

    package init() {}

    /// Decodes `bytes`, which were `wireLength` bytes long on the wire, into `frame`, which is overwritten.
    /// Never throws: what stopped it is in `frame.stop`.
    package func decode(_ bytes: RawSpan, wireLength: Int, linkType: LinkType, into frame: inout DecodedFrame) {
        frame.reset()
        var cursor = FrameCursor(bytes, wireLength: wireLength)
        walk(&cursor, from: linkType == .ethernet ? .ethernet : .link(linkType), into: &frame)
    }

    /// Decodes a reassembled datagram: `bytes` start behind the IP header, whose fields are still in `frame` from the
    /// last fragment. Offsets in `frame` then count from the start of `bytes`. `wireLength`: the datagram's length, more
    /// than `bytes` when the capture cut its fragments. A tunnel may hold a fragment again: `frame.fragment` tells.
    package func decodeTransport(_ bytes: RawSpan, wireLength: Int? = nil, into frame: inout DecodedFrame) {
        let number = frame.fragment?.protocolNumber ?? frame.protocolNumber
        frame.fragment = nil
        frame.stop = nil
        frame.transport = .other
        frame.protocolNumber = number
        frame.sourcePort = 0
        frame.destinationPort = 0
        var cursor = FrameCursor(bytes, wireLength: wireLength ?? bytes.byteCount)
        walk(&cursor, from: .upper(number), into: &frame)
    }

    @_lifetime(cursor: copy cursor)
    private func walk(_ cursor: inout FrameCursor, from first: NextLayer, into frame: inout DecodedFrame) {
        var next = first
        /// The frame as it was outside the tunnel whose inner IP header has not been seen yet.
        var outer: DecodedFrame?
        do throws(DecodeError) {
            var layers = 0
            walk: while true {
                layers &+= 1  // at most maximumLayers + 1
                guard layers <= Self.maximumLayers else { throw cursor.reader.malformed(.link, .nestedTooDeep) }
                switch next {
                case .ethernet: next = try cursor.decodeEthernet()
                case .etherType(0x0800), .ipv4:
                    next = try cursor.decodeIPv4(into: &frame)
                    outer = nil
                case .etherType(0x86dd), .ipv6:
                    next = try cursor.decodeIPv6(into: &frame)
                    outer = nil
                case .upper(6):
                    try cursor.decodeTCP(into: &frame)
                    next = .complete
                case .upper(17): next = try cursor.decodeUDP(into: &frame)
                case .upper(let number): next = try cursor.decodeUpper(number, into: &frame)
                case .tunnel(let kind):
                    outer = frame
                    cursor.isGuess = frame.transport == .udp
                    next = try cursor.decodeTunnel(kind, into: &frame)
                case .complete: break walk
                default: next = try cursor.decodeLink(next, into: &frame)
                }
            }
            if let outer { frame = outer }
        } catch {
            leave(cursor.isGuess, outer: outer, error: error, frame: &frame)
        }
    }

    /// Ends with what is known: the frame itself, or the outer one when nothing inside the tunnel was found.
    @inline(never)
    private func leave(_ isGuess: Bool, outer: DecodedFrame?, error: DecodeError, frame: inout DecodedFrame) {
        guard let outer else {
            frame.stop = error
            return
        }
        frame = outer
        // A port that was no tunnel after all is an ordinary datagram; one that the capture cut might have been one.
        if case .truncated = error.cause {} else if isGuess { return }
        frame.stop = error
    }
}
