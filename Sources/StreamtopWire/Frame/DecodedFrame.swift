import StreamtopBase

/// What one frame holds, layer by layer, as far as it could be decoded. Plain data without references: a few values are
/// reused for all frames, and not copyable, because a copy for each step of the analysis costs more than the decoding.
/// Payload bytes stay in the frame; `payloadOffset` says where.
package struct DecodedFrame: ~Copyable, Sendable {
    /// The layers found, in order of the innermost IP packet; false when decoding stopped before the network layer.
    package var hasNetwork = false
    package var transport = TransportKind.none

    // Network layer (innermost)
    package var source = IPAddress.unspecified
    package var destination = IPAddress.unspecified
    /// IP protocol number of the upper layer, after extension headers.
    package var protocolNumber: UInt8 = 0
    /// Time to live or hop limit.
    package var hopLimit: UInt8 = 0
    /// The two ECN bits (RFC 3168 section 5): 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE.
    package var ecn: UInt8 = 0
    /// Differentiated services code point (RFC 2474).
    package var dscp: UInt8 = 0
    /// IPv4 identification, or that of the IPv6 fragment header; nil when an IPv6 packet has none.
    package var identification: UInt32?
    package var dontFragment = false
    /// IP total length on the wire, header included; taken from the frame where offload leaves the field 0.
    package var ipLength: Int = 0
    /// Set when the packet is a fragment (offset not 0 or more to come).
    package var fragment: FragmentPart?

    // Transport layer
    package var sourcePort: UInt16 = 0
    package var destinationPort: UInt16 = 0
    /// Valid when `transport` is `.tcp`.
    package var tcp = TCPHeader()
    /// Valid when `transport` is `.icmp`.
    package var icmp = ICMPMessage()

    // Payload of the transport layer
    /// Offset of the payload from the start of the frame.
    package var payloadOffset: Int = 0
    /// Payload bytes present in the capture.
    package var payloadCaptured: Int = 0
    /// Payload bytes on the wire; more than `payloadCaptured` when the capture cut the frame short.
    package var payloadLength: Int = 0

    // Encapsulation
    /// Innermost VLAN identifier, `FlowKey.noVLAN` when untagged.
    package var vlan = FlowKey.noVLAN
    /// The innermost tunnel, `.none` outside any.
    package var tunnel = TunnelKind.none
    /// Identifier of the innermost tunnel (GRE key, VNI, TEID), 0 when it has none.
    package var tunnelIdentifier: UInt32 = 0

    /// Why decoding stopped short of the transport payload, or the first violation met on the way to it; nil when all
    /// is well. Layers decoded before it are kept: `transport` tells how far that is.
    package var stop: DecodeError?

    private let position = AddressOnly()

    package init() {}

    /// Everything that is known of another frame: for decoding on inside a tunnel that may turn out to be none.
    package init(copying other: borrowing DecodedFrame) {
        hasNetwork = other.hasNetwork
        transport = other.transport
        source = other.source
        destination = other.destination
        protocolNumber = other.protocolNumber
        hopLimit = other.hopLimit
        ecn = other.ecn
        dscp = other.dscp
        identification = other.identification
        dontFragment = other.dontFragment
        ipLength = other.ipLength
        fragment = other.fragment
        sourcePort = other.sourcePort
        destinationPort = other.destinationPort
        tcp = other.tcp
        icmp = other.icmp
        payloadOffset = other.payloadOffset
        payloadCaptured = other.payloadCaptured
        payloadLength = other.payloadLength
        vlan = other.vlan
        tunnel = other.tunnel
        tunnelIdentifier = other.tunnelIdentifier
        stop = other.stop
    }

    /// Forgets the frame before. `tcp` and `icmp` stay as they are: `transport` says whether they belong to this frame,
    /// and writing all of a `DecodedFrame` costs more than decoding its headers.
    mutating func reset() {
        resetRare()
        hasNetwork = false
        transport = .none
        protocolNumber = 0
        hopLimit = 0
        ecn = 0
        dscp = 0
        identification = nil
        dontFragment = false
        ipLength = 0
        source = .unspecified
        destination = .unspecified
        sourcePort = 0
        destinationPort = 0
        payloadOffset = 0
        payloadCaptured = 0
        payloadLength = 0
    }

    /// Forgets what hardly any frame has.
    @inline(__always)
    mutating func resetRare() {
        vlan = FlowKey.noVLAN
        tunnel = .none
        tunnelIdentifier = 0
        // Large and nearly always nil: looking costs less than writing.
        if fragment != nil { fragment = nil }
        if stop != nil { stop = nil }
    }

    @inlinable
    @inline(__always)
    package var sourceEndpoint: Endpoint { Endpoint(address: source, port: sourcePort) }
    @inlinable
    @inline(__always)
    package var destinationEndpoint: Endpoint { Endpoint(address: destination, port: destinationPort) }

    /// The captured part of the transport payload in the frame's bytes.
    @inlinable
    @_lifetime(copy bytes)
    package func payload(in bytes: RawSpan) -> RawSpan {
        let start = min(max(0, payloadOffset), bytes.byteCount)
        let end = min(bytes.byteCount, start + max(0, payloadCaptured))
        return bytes.extracting(start..<end)
    }

    /// Tunnel kind and identifier as `FlowKey` wants them: 0 outside any tunnel.
    @inlinable
    @inline(__always)
    package var tunnelKey: UInt32 {
        if case .none = tunnel { return 0 }
        return innerTunnelKey
    }

    /// Out of line: hardly any frame has a tunnel.
    @usableFromInline
    @inline(never)
    var innerTunnelKey: UInt32 {
        guard tunnel.separatesFlows else { return 0 }
        let identifier = tunnel.identifierIsShared ? tunnelIdentifier : 0
        return UInt32(tunnel.rawValue) << 24 ^ identifier ^ 0x8000_0000
    }

    /// The frame's flow key.
    @inlinable
    @inline(__always)
    package var key: FlowKey {
        FlowKey(
            source: sourceEndpoint, destination: destinationEndpoint, transport: protocolNumber, vlan: vlan,
            tunnel: tunnelKey)
    }

    /// The same, and whether the frame's source is the key's low endpoint.
    @inlinable
    @inline(__always)
    package var orientedKey: (key: FlowKey, isSourceLow: Bool) {
        let (source, destination) = (sourceEndpoint, destinationEndpoint)
        let isSourceLow = FlowKey.isOrdered(source, destination)
        let key = FlowKey(
            source, destination, isOrdered: isSourceLow, transport: protocolNumber, vlan: vlan, tunnel: tunnelKey)
        return (key, isSourceLow)
    }
}

/// The transport layers that get flows of their own.
package enum TransportKind: UInt8, Sendable {
    case none, tcp, udp, sctp, icmp
    /// An IP protocol without ports that we count but do not decode (ESP, OSPF, …), or a later fragment.
    case other

    @inlinable
    @inline(__always)
    package static func == (left: TransportKind, right: TransportKind) -> Bool {
        switch (left, right) {
        case (.none, .none), (.tcp, .tcp), (.udp, .udp), (.sctp, .sctp), (.icmp, .icmp), (.other, .other): true
        default: false
        }
    }

    @inlinable
    @inline(__always)
    package static func != (left: TransportKind, right: TransportKind) -> Bool { !(left == right) }
}

/// Place of an IP fragment within its datagram (RFC 791 section 3.2, RFC 8200 section 4.5).
package struct FragmentPart: Equatable, Sendable {
    package var identification: UInt32
    /// Offset of this part's data in the datagram's data, in bytes.
    package var offset: Int
    package var moreFragments: Bool
    /// Protocol number of the fragmented data.
    package var protocolNumber: UInt8
    /// Where this part's data starts in the frame, and how many bytes of it were captured and sent.
    package var dataOffset: Int
    package var dataCaptured: Int
    package var dataLength: Int
    /// Length of the IP header (with IPv6's unfragmentable part) in front of the data.
    package var headerLength: Int

    @inlinable
    package init(
        identification: UInt32, offset: Int, moreFragments: Bool, protocolNumber: UInt8, dataOffset: Int,
        dataCaptured: Int, dataLength: Int, headerLength: Int
    ) {
        self.identification = identification
        self.offset = offset
        self.moreFragments = moreFragments
        self.protocolNumber = protocolNumber
        self.dataOffset = dataOffset
        self.dataCaptured = dataCaptured
        self.dataLength = dataLength
        self.headerLength = headerLength
    }
}
