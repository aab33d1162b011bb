import StreamtopApplication
import StreamtopBase
import StreamtopSecurity
import StreamtopTransport

/// What the layers of a flow hold of the wire's bytes.
extension TrackerStore {
    /// What a flow's layers hold, with their state; `stack` is what the flow's entry names.
    func heldBytes(of stack: UInt32) -> Int {
        guard stack != FlowEntry.none else { return 0 }
        var held = 0
        for depth in 0..<stacks[stack].count {
            let layer = stacks[stack][depth]
            if layer.index != FlowEntry.none { held += heldBytes(of: layer) }
        }
        return held
    }

    /// A flow's layers give up the bytes that wait for something.
    mutating func releaseHeldBytes(of stack: UInt32) {
        guard stack != FlowEntry.none else { return }
        for depth in 0..<stacks[stack].count {
            let layer = stacks[stack][depth]
            if layer.index != FlowEntry.none { releaseHeldBytes(of: layer) }
        }
    }

    private func heldBytes(of layer: LayerStack.Layer) -> Int {
        switch layer.kind {
        case .tcp: tcpStreams[layer.index].heldBytes
        case .quic: quic[layer.index].heldBytes
        case .tls: tls[layer.index].heldBytes
        case .dtls: dtls[layer.index].heldBytes
        case .http1: http1[layer.index].heldBytes
        case .http2: http2[layer.index].heldBytes
        case .http3: http3[layer.index].heldBytes
        case .rtsp: rtsp[layer.index].heldBytes
        case .stun: stun[layer.index].heldBytes
        case .webSocket: webSocket[layer.index].heldBytes
        case .sip: sip[layer.index].heldBytes
        case .moq: moq[layer.index].heldBytes
        case .rtp: rtp[layer.index].rtp.heldBytes
        case .sctp: sctp[layer.index].heldBytes
        case .ipv4, .ipv6, .udp, .icmp, .rtcp, .srtp, .srtcp, .turn,
            .dataChannel, .rtmp, .srt, .rist, .mpegTS, .httpFLV, .webTransport, .dash, .hls:
            0
        }
    }

    private mutating func releaseHeldBytes(of layer: LayerStack.Layer) {
        switch layer.kind {
        case .tcp: tcpStreams[layer.index].releaseHeldBytes()
        case .quic: quic[layer.index].releaseHeldBytes()
        case .tls: tls[layer.index].releaseHeldBytes()
        case .dtls: dtls[layer.index].releaseHeldBytes()
        case .http1: http1[layer.index].releaseHeldBytes()
        case .http2: http2[layer.index].releaseHeldBytes()
        case .http3: http3[layer.index].releaseHeldBytes()
        case .stun: stun[layer.index].releaseHeldBytes()
        case .webSocket: webSocket[layer.index].releaseHeldBytes()
        case .sip: sip[layer.index].releaseHeldBytes()
        case .ipv4, .ipv6, .udp, .sctp, .icmp, .rtp, .rtcp, .srtp, .srtcp, .turn,
            .dataChannel, .rtmp, .rtsp, .srt, .rist, .mpegTS, .httpFLV, .webTransport, .moq, .dash, .hls:
            break
        }
    }
}
