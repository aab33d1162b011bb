/// Why a decoder stopped: which layer, at which byte, and what was wrong. Plain data, free to throw.
package struct DecodeError: Error, Equatable, Sendable {
    package enum Cause: Equatable, Sendable {
        /// The bytes end early. `needed` and `available` count from `offset`.
        case truncated(needed: Int, available: Int)
        /// The bytes violate the layer's specification.
        case malformed(Malformation)
        /// Well-formed as far as we can tell, but not something we decode; the value that we do not know.
        case unsupported(UInt32)
    }

    package var layer: Layer
    /// Byte offset from the start of the outermost reader.
    package var offset: Int
    package var cause: Cause

    @inlinable
    package init(layer: Layer, offset: Int, cause: Cause) {
        self.layer = layer
        self.offset = offset
        self.cause = cause
    }
}

/// Ways in which bytes can violate a specification. Closed list, one sentence each.
package enum Malformation: UInt8, Equatable, Sendable, CaseIterable {
    /// A length field is smaller than the header that holds it.
    case lengthBelowHeader
    /// A length field passes the end of what encloses it.
    case lengthBeyondEnclosure
    /// A version field holds a value that the layer does not have.
    case wrongVersion
    /// An option or extension does not fit its own length rules.
    case badOption
    /// Headers are nested deeper than any real network nests them.
    case nestedTooDeep
    /// A field holds a value that its specification forbids.
    case forbiddenValue
    /// A check value (tag, checksum, magic number) does not match.
    case checkFailed
}

/// The layers a decoder can stop in; named in counters and messages.
package enum Layer: UInt8, Equatable, Sendable, CaseIterable {
    case link, ethernet, vlan, linuxCooked, ppp, pppoe, mpls, arp
    case ip, ipv4, ipv6, ipv6Extension, fragment, icmp, igmp, gre, vxlan, geneve, gtp, teredo, l2tp, capwap, gue
    case tcp, tcpOption, udp, sctp, esp
    case tlsRecord, tlsHandshake, dtls, quic, quicFrame, stun, rtp, rtcp, http1, http2, http3, websocket, isoBox,
        mpegTS, srt
}
