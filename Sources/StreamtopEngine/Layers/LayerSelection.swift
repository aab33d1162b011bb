import StreamtopBase
import StreamtopSecurity
import StreamtopWire

/// Who reads what a layer carries: by agreement where there is one, else by its first bytes, on any port.
enum LayerSelection {
    enum Choice: Equatable {
        /// `isClient`: only the client can have sent these bytes; nil where they do not tell.
        case reader(ProtocolKind, isClient: Bool?)
        case nobody
    }

    /// The reader of a byte stream, or of the streams of one connection.
    ///
    /// - Parameters:
    ///   - agreed: the application protocol that the ends of the carrier agreed on, where they did and it can be seen.
    ///   - offered: those that the client named.
    ///   - bytes: the first that the layer hands up.
    static func reader(
        on carrier: ProtocolKind, agreed: String?, offered: [String], bytes: RawSpan
    ) -> Choice {
        let named = agreed.map { ProtocolKind(applicationProtocol: $0) }
        switch carrier {
        case .quic:
            if let named { return choice(named == .http3 || named == .moq ? named : nil) }
            let isOffered = offered.contains { ProtocolKind(applicationProtocol: $0) == .http3 }
            return choice(isOffered ? .http3 : nil)
        case .tls:
            if let named { return choice(named == .http3 || named == .moq ? nil : named) }
            return byContent(bytes)
        case .tcp, .http1: return byContent(bytes)
        case .dtls: return choice(SCTPProbe.isPacket(bytes, isInDTLS: true) ? .sctp : nil)
        // Packets between the messages of RTSP are RTP and RTCP; what SRT and RTP carry may be a transport stream.
        case .rtsp: return choice(.rtp)
        case .srt, .rtp: return choice(TransportStreamPacket.canBegin(bytes, packets: 1) ? .mpegTS : nil)
        case .ipv4, .ipv6, .udp, .sctp, .icmp, .http2, .http3, .webSocket, .rtcp, .srtp, .srtcp, .stun, .turn,
            .dataChannel, .rtmp, .rist, .mpegTS, .httpFLV, .sip, .webTransport, .moq, .dash,
            .hls:
            return .nobody
        }
    }

    private static func choice(_ kind: ProtocolKind?) -> Choice {
        kind.map { .reader($0, isClient: nil) } ?? .nobody
    }

    private static func byContent(_ bytes: RawSpan) -> Choice {
        guard let found = StreamIdentity(of: bytes) else { return .nobody }
        return .reader(found.kind, isClient: found.isClient)
    }

    /// The protocol of a UDP datagram among those that may share the port (RFC 7983); nil where it is none that is read.
    /// Each reader has the last word. QUIC is told before.
    static func datagram(_ payload: RawSpan, wireLength: Int) -> ProtocolKind? {
        guard let first = ByteReader(payload).peekUInt8() else { return nil }
        if isSTUN(payload, wireLength) { return .stun }
        if first == 0x80, SRTPacket.isHandshake(payload) || SRTPacket.isFullAcknowledgment(payload) { return .srt }
        if first == TransportStreamPacket.syncByte, isTransportStream(payload, wireLength) { return .mpegTS }
        if SIPProbe.isMessage(payload) { return .sip }
        // CAPWAP puts four bytes before a record, the first of them 1 (RFC 5415 section 4.2).
        if first == 1 { return .dtls }
        switch MultiplexedDatagram(firstByte: first) {
        case .dtls: return .dtls
        case .rtp: return .rtp
        case .stun, .zrtp, .turnChannel, .quic, .unknown: return nil
        }
    }

    /// Whole packets of 188 bytes, each of which begins with the sync byte, as far as the capture goes.
    private static func isTransportStream(_ payload: RawSpan, _ wireLength: Int) -> Bool {
        let length = TransportStreamPacket.length
        guard wireLength >= length, wireLength.isMultiple(of: length) else { return false }
        let packets = min(wireLength / length, (payload.byteCount + length - 1) / length)
        return TransportStreamPacket.canBegin(payload, packets: packets)
    }

    private static func isSTUN(_ payload: RawSpan, _ wireLength: Int) -> Bool {
        STUNProbe.isMessage(payload) || STUNProbe.isCutMessage(payload, wireLength: wireLength)
    }

    /// Whether a datagram can be the first of its protocol; who its client is, where it tells.
    static func canBegin(_ kind: ProtocolKind, _ payload: RawSpan) -> Choice {
        switch kind {
        case .dtls:
            guard DTLSConnectionTracker.canBegin(payload) else { return .nobody }
            return .reader(.dtls, isClient: DTLSConnectionTracker.isClientHello(payload) ? true : nil)
        // RTP is told by how its packets follow each other: the tracker decides.
        case .stun, .rtp, .sip, .mpegTS: return .reader(kind, isClient: nil)
        // The one who asks for a handshake first is the caller; an acknowledgement says nothing of that.
        case .srt: return .reader(.srt, isClient: SRTPacket.isHandshake(payload) ? true : nil)
        case .sctp: return SCTPProbe.isPacket(payload, isInDTLS: false) ? .reader(.sctp, isClient: nil) : .nobody
        case .ipv4, .ipv6, .tcp, .udp, .icmp, .quic, .tls, .http1, .http2, .http3, .webSocket, .rtcp, .srtp, .srtcp,
            .turn, .dataChannel, .rtmp, .rtsp, .rist, .httpFLV, .webTransport, .moq, .dash, .hls:
            return .nobody
        }
    }
}
