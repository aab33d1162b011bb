import StreamtopBase

/// Decodes a frame from its link layer to its innermost transport header in one pass, without allocation.
///
/// Every header reads itself and names what follows (`NextLayer`); the loop here goes from one to the next. Inside a
/// tunnel the frame is overwritten by the inner packet. When no inner IP packet comes to light, the frame is again what
/// it was outside the tunnel.
package struct FrameDecoder: Sendable {
    /// Headers of one frame that are read at most. The deepest stack in use (VLAN, VLAN, MPLS, IP, UDP, GTP, IP, two
    /// extension headers, TCP) has ten; the rest is room for tunnels in tunnels.
    package static let layerCapacity = 32

    package init() {}

    /// Decodes `bytes`, which were `wireLength` bytes long on the wire, into `frame`, which is overwritten.
    /// Never throws: what stopped it is in `frame.stop`.
    package func decode(_ bytes: RawSpan, wireLength: Int, linkType: LinkType, into frame: inout DecodedFrame) {
        let length = max(wireLength, bytes.byteCount)
        if linkType == .ethernet, decodeCommon(bytes, wireLength: length, into: &frame) { return }
        decodeAny(bytes, wireLength: length, linkType: linkType, into: &frame)
    }

    /// Decodes a frame of any shape, header by header.
    @inline(never)
    package func decodeAny(_ bytes: RawSpan, wireLength: Int, linkType: LinkType, into frame: inout DecodedFrame) {
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
        do throws(DecodeError) {
            while true {
                cursor.layers &+= 1  // at most layerCapacity + 1 per frame
                guard cursor.layers <= Self.layerCapacity else { throw cursor.reader.malformed(.link, .nestedTooDeep) }
                switch next {
                case .ethernet: next = try cursor.decodeEthernet()
                case .etherType(0x0800), .ipv4: next = try cursor.decodeIPv4(into: &frame)
                case .etherType(0x86dd), .ipv6: next = try cursor.decodeIPv6(into: &frame)
                case .upper(6): return try cursor.decodeTCP(into: &frame)
                case .upper(17): next = try cursor.decodeUDP(into: &frame)
                case .upper(let number): next = try cursor.decodeUpper(number, into: &frame)
                case .tunnel(let kind): return walkTunnel(kind, &cursor, into: &frame)
                case .complete: return
                default: next = try cursor.decodeLink(next, into: &frame)
                }
            }
        } catch {
            frame.stop = error
        }
    }

    /// Goes on inside a tunnel, and comes back to the frame outside when no IP header is found there. In a function of
    /// its own, so that only tunnelled frames pay for the copy. Recursion ends with `layerCapacity`.
    @inline(never)
    @_lifetime(cursor: copy cursor)
    private func walkTunnel(_ kind: TunnelKind, _ cursor: inout FrameCursor, into frame: inout DecodedFrame) {
        let outer = DecodedFrame(copying: frame)
        let outerStart = cursor.networkStart
        let isGuess = frame.transport == .udp
        cursor.isGuess = isGuess
        frame.stop = nil
        do throws(DecodeError) {
            walk(&cursor, from: try cursor.decodeTunnel(kind, into: &frame), into: &frame)
        } catch {
            frame.stop = error
        }
        let stop = frame.stop
        guard cursor.networkStart == outerStart else {
            guard isGuess, isOwnBusiness(of: kind, frame) else { return }
            frame = outer
            frame.stop = stop ?? frame.stop
            return
        }
        frame = outer
        // A port that was no tunnel after all is an ordinary datagram; one that the capture cut might have been one.
        if case .truncated = stop?.cause {} else if isGuess { return }
        frame.stop = stop ?? frame.stop
    }

    /// The packet inside a UDP tunnel belongs to no conversation but to the tunnel: it has no transport (a Teredo bubble,
    /// RFC 4380 section 2.8), or it is neighbour discovery (RFC 4861) between the ends of a tunnel without a link layer.
    private func isOwnBusiness(of kind: TunnelKind, _ frame: borrowing DecodedFrame) -> Bool {
        if frame.transport == .other { return frame.fragment == nil }
        guard frame.transport == .icmp, frame.protocolNumber == 58, kind == .teredo || kind == .l2tp else {
            return false
        }
        return frame.icmp.type >= 133 && frame.icmp.type <= 137
    }
}
