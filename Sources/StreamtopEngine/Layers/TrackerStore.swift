import StreamtopApplication
import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopSecurity
import StreamtopTransport

/// The trackers of all flows, a slab for each kind, and what trackers of a kind share.
///
/// The one place that lists protocols: every switch names them all, so that the compiler leads whoever adds one.
struct TrackerStore: ~Copyable {
    var tcp = Slab<TCPFlowTracker>()
    var tcpStreams = Slab<TCPStreams>()
    var quic = Slab<QUICFlow>()
    var tls = Slab<TLSConnectionTracker>()
    var dtls = Slab<DTLSConnectionTracker>()
    var http1 = Slab<HTTP1ConnectionTracker>()
    var http2 = Slab<HTTP2ConnectionTracker>()
    var http3 = Slab<HTTP3ConnectionTracker>()
    var webSocket = Slab<WebSocketTracker>()
    var stun = Slab<STUNFlow>()
    var rtp = Slab<MediaFlow>()
    var sctp = Slab<SCTPAssociationTracker>()
    var srt = Slab<SRTTracker>()
    var rtmp = Slab<RTMPTracker>()
    var rtsp = Slab<RTSPTracker>()
    var transportStreams = Slab<TransportStreamTracker>()
    var sip = Slab<SIPTracker>()
    var moq = Slab<MoQTracker>()
    var stacks = Slab<LayerStack>()
    var security: SecurityTables
    var quicScratch = QUICScratch()
    /// What flows know together of media.
    var media: MediaTables
    /// What the exchange that was just observed tells sessions.
    var reports: [MediaReport] = []
    /// Keys that DTLS agreed on for media, by the flow of both: a call that changes its path goes on with them elsewhere.
    var mediaKeys = BoundedMap<UInt64, MediaKeys>(capacity: 1_024)
    /// What relays and framed streams carried in the frame at hand.
    var relayed = RelayedDatagrams()
    private let addressOnly = AddressOnly()

    init(limits: EngineLimits, loggedPackets: Int) {
        security = SecurityTables(limits: limits.security)
        media = MediaTables(capacity: limits.mediaSources)
        quicScratch.packetRoom = loggedPackets
    }

    /// A new tracker for what `carrier` carries; its slab index, nil for what is not followed.
    mutating func insert(
        _ kind: ProtocolKind, on carrier: LayerStack.Layer, of flow: borrowing FlowEntry, at time: Timestamp
    ) -> UInt32? {
        switch kind {
        case .quic: quic.insert(QUICFlow(start: time))
        case .tls: tls.insert(TLSConnectionTracker())
        case .dtls: dtls.insert(DTLSConnectionTracker())
        case .http1: http1.insert(HTTP1ConnectionTracker(isSecure: carrier.kind == .tls))
        case .http2: http2.insert(HTTP2ConnectionTracker())
        case .http3: http3.insert(HTTP3ConnectionTracker())
        case .webSocket: webSocket.insert(WebSocketTracker(upgrade: upgrade(of: carrier)))
        case .stun: stun.insert(STUNFlow(transport: carrier.kind, ordinal: flow.ordinal))
        case .rtp:
            rtp.insert(
                MediaFlow(
                    ordinal: flow.ordinal, between: HostPair(flow.key),
                    ends: BothDirections(client: flow.clientEndpoint, server: flow.serverEndpoint)))
        case .sctp: sctp.insert(SCTPAssociationTracker())
        case .srt: srt.insert(SRTTracker())
        case .rtmp: rtmp.insert(RTMPTracker())
        case .rtsp: rtsp.insert(RTSPTracker())
        case .mpegTS: transportStreams.insert(TransportStreamTracker(on: Self.numbering(of: carrier.kind)))
        case .sip: sip.insert(SIPTracker())
        case .moq: moq.insert(MoQTracker(name: applicationProtocols(carrier).agreed ?? "moqt"))
        case .ipv4, .ipv6, .tcp, .udp, .icmp, .rtcp, .srtp, .srtcp, .turn, .dataChannel, .rist, .httpFLV, .webTransport,
            .dash, .hls:
            nil
        }
    }

    mutating func remove(_ layer: LayerStack.Layer) {
        switch layer.kind {
        case .tcp: _ = tcpStreams.remove(layer.index)
        case .quic:
            quicScratch.packetRoom += quic[layer.index].connection.loggedPackets
            _ = quic.remove(layer.index)
        case .tls: _ = tls.remove(layer.index)
        case .dtls: _ = dtls.remove(layer.index)
        case .http1: _ = http1.remove(layer.index)
        case .http2: _ = http2.remove(layer.index)
        case .http3: _ = http3.remove(layer.index)
        case .webSocket: _ = webSocket.remove(layer.index)
        case .stun: _ = stun.remove(layer.index)
        case .rtp: _ = rtp.remove(layer.index)
        case .sctp: if layer.index != FlowEntry.none { _ = sctp.remove(layer.index) }
        case .srt: _ = srt.remove(layer.index)
        case .rtmp: _ = rtmp.remove(layer.index)
        case .rtsp: _ = rtsp.remove(layer.index)
        case .mpegTS: _ = transportStreams.remove(layer.index)
        case .sip: _ = sip.remove(layer.index)
        case .moq: _ = moq.remove(layer.index)
        case .ipv4, .ipv6, .udp, .icmp, .rtcp, .srtp, .srtcp, .turn, .dataChannel, .rist, .httpFLV, .webTransport,
            .dash, .hls:
            break
        }
    }

    /// Gives one delivery to the tracker of a layer.
    mutating func observe(
        _ layer: LayerStack.Layer, _ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation
    ) {
        switch layer.kind {
        case .tls: tls[layer.index].observe(bytes, delivery, tables: &security, &now)
        case .dtls: dtls[layer.index].observe(bytes, delivery, tables: &security, &now)
        case .http1:
            http1[layer.index].observe(bytes, delivery, &now)
            if http1[layer.index].hasReports { reports += http1[layer.index].takeReports() }
        case .http2:
            http2[layer.index].observe(bytes, delivery, &now)
            if http2[layer.index].hasReports { reports += http2[layer.index].takeReports() }
        case .http3:
            http3[layer.index].observe(bytes, delivery, &now)
            if http3[layer.index].hasReports { reports += http3[layer.index].takeReports() }
        case .webSocket: webSocket[layer.index].observe(bytes, delivery, &now)
        case .stun: stun[layer.index].observe(bytes, delivery, relayed: &relayed, &now)
        // TCP and QUIC are given frames and datagrams; they have entries of their own.
        case .tcp, .quic: break
        case .rtp: _ = rtp[layer.index].observe(bytes, wireLength: bytes.byteCount, tables: &media, &now)
        case .sctp: observeSCTP(layer.index, bytes, &now)
        case .srt: srt[layer.index].observe(bytes, delivery, &now)
        case .rtmp: rtmp[layer.index].observe(bytes, delivery, &now)
        case .rtsp: rtsp[layer.index].observe(bytes, delivery, &now)
        case .mpegTS: transportStreams[layer.index].observe(bytes, delivery, &now)
        case .sip: sip[layer.index].observe(bytes, delivery, tables: &media, now)
        case .moq: moq[layer.index].observe(bytes, delivery, &now)
        case .ipv4, .ipv6, .udp, .icmp, .rtcp, .srtp, .srtcp, .turn, .dataChannel, .rist, .httpFLV, .webTransport,
            .dash, .hls:
            break
        }
    }

    /// The client of the flow is the other end.
    mutating func exchangeEnds(_ layer: LayerStack.Layer) {
        switch layer.kind {
        case .tcp: tcpStreams[layer.index].exchangeEnds()
        case .quic:
            quicScratch.packetRoom += quic[layer.index].connection.loggedPackets
            quic[layer.index].exchangeEnds()
        case .tls: tls[layer.index].exchangeEnds()
        case .dtls: dtls[layer.index].exchangeEnds()
        case .http1: http1[layer.index].exchangeEnds()
        case .http2: http2[layer.index].exchangeEnds()
        case .http3: http3[layer.index].exchangeEnds()
        case .webSocket: webSocket[layer.index].exchangeEnds()
        case .stun: stun[layer.index].exchangeEnds()
        case .rtp: rtp[layer.index].exchangeEnds()
        case .sctp: if layer.index != FlowEntry.none { sctp[layer.index].exchangeEnds() }
        case .srt: srt[layer.index].exchangeEnds()
        case .rtmp: rtmp[layer.index].exchangeEnds()
        case .rtsp: rtsp[layer.index].exchangeEnds()
        case .sip: sip[layer.index].exchangeEnds()
        case .moq: moq[layer.index].exchangeEnds()
        case .ipv4, .ipv6, .udp, .icmp, .rtcp, .srtp, .srtcp, .turn, .dataChannel, .mpegTS, .rist, .httpFLV,
            .webTransport, .dash, .hls:
            break
        }
    }

    /// Fills in what the layer knows. Layers below have been asked before; `steps` are those of the transport's handshake.
    func report(
        _ layer: LayerStack.Layer, into flow: inout FlowSnapshot, after steps: [HandshakeStep], at time: Timestamp
    ) {
        switch layer.kind {
        case .quic: quic[layer.index].report(into: &flow, at: time)
        case .tls: tls[layer.index].report(into: &flow, after: steps)
        case .dtls: dtls[layer.index].report(into: &flow, at: time)
        case .http1: http1[layer.index].report(into: &flow, at: time)
        case .http2: http2[layer.index].report(into: &flow, at: time)
        case .http3: http3[layer.index].report(into: &flow, at: time)
        case .webSocket: webSocket[layer.index].report(into: &flow, at: time)
        case .stun: stun[layer.index].report(into: &flow, at: time)
        case .rtp: rtp[layer.index].report(into: &flow, tables: media, at: time)
        case .sctp: if layer.index != FlowEntry.none { sctp[layer.index].report(into: &flow, at: time) }
        case .srt: srt[layer.index].report(into: &flow, at: time)
        case .rtmp: rtmp[layer.index].report(into: &flow, at: time)
        case .rtsp: rtsp[layer.index].report(into: &flow, at: time)
        case .mpegTS: transportStreams[layer.index].report(into: &flow, at: time)
        case .sip: sip[layer.index].report(into: &flow, at: time)
        case .moq: moq[layer.index].report(into: &flow, at: time)
        case .ipv4, .ipv6, .tcp, .udp, .icmp, .rtcp, .srtp, .srtcp, .turn, .dataChannel, .rist, .httpFLV, .webTransport,
            .dash, .hls:
            break
        }
    }

    /// What the ends of the layer agreed to carry in it, and what the client offered.
    func applicationProtocols(_ layer: LayerStack.Layer) -> (agreed: String?, offered: [String]) {
        switch layer.kind {
        case .quic: (quic[layer.index].handshake.alpn, quic[layer.index].handshake.alpnOffered)
        case .tls: (tls[layer.index].applicationProtocol, [])
        case .ipv4, .ipv6, .tcp, .udp, .sctp, .icmp, .dtls, .http1, .http2, .http3, .webSocket, .rtp, .rtcp, .srtp,
            .srtcp, .stun, .turn, .dataChannel, .rtmp,
            .rtsp, .srt, .rist, .mpegTS, .httpFLV, .sip, .webTransport, .moq, .dash, .hls:
            (nil, [])
        }
    }

    /// What a carrier of a transport stream says of packets that are missing.
    private static func numbering(of carrier: ProtocolKind) -> TransportStreamTracker.Carrier {
        switch carrier {
        case .rtp: .numbered
        case .srt: .repaired
        default: .unnumbered
        }
    }

    /// How the layer came to carry another protocol than its own.
    private func upgrade(of layer: LayerStack.Layer) -> HTTPUpgrade? {
        switch layer.kind {
        case .http1: http1[layer.index].upgrade
        case .http2: http2[layer.index].upgrade
        case .http3: http3[layer.index].upgrade
        case .ipv4, .ipv6, .tcp, .udp, .sctp, .icmp, .quic, .tls, .dtls, .webSocket, .rtp, .rtcp, .srtp, .srtcp,
            .stun, .turn, .dataChannel, .rtmp,
            .rtsp, .srt, .rist, .mpegTS, .httpFLV, .sip, .webTransport, .moq, .dash, .hls:
            nil
        }
    }

    /// Nobody reads what the layer carries: it need not hand it up.
    mutating func stopDelivering(_ layer: LayerStack.Layer) {
        switch layer.kind {
        case .quic: quic[layer.index].connection.followsStreams = false
        case .tls: tls[layer.index].isRead = false
        case .dtls: dtls[layer.index].isRead = false
        case .ipv4, .ipv6, .tcp, .udp, .sctp, .icmp, .http1, .http2, .http3, .webSocket, .rtp, .rtcp, .srtp, .srtcp,
            .stun, .turn, .dataChannel, .rtmp,
            .rtsp, .srt, .rist, .mpegTS, .httpFLV, .sip, .webTransport, .moq, .dash, .hls:
            break
        }
    }

    /// The slab index of a flow's layer of that kind; `stack` is what the flow's entry names.
    func index(of kind: ProtocolKind, in stack: UInt32) -> UInt32? {
        stack == FlowEntry.none ? nil : stacks[stack].index(of: kind)
    }

    /// The flow may belong to a call; `stack` is what its entry names.
    func isPartOfCall(_ stack: UInt32) -> Bool {
        let kinds: [ProtocolKind] = [.stun, .sip, .rtp]
        return kinds.contains { index(of: $0, in: stack) != nil }
    }

    /// Forgets a flow's layers.
    mutating func removeStack(_ stack: UInt32) {
        guard stack != FlowEntry.none else { return }
        var layers = stacks.remove(stack)
        var gone: [LayerStack.Layer] = []
        layers.pop(to: 0) { gone.append($0) }
        for layer in gone { remove(layer) }
    }

    mutating func abandon() { tcp.abandon() }
}
