/// Every protocol that a flow can carry, outermost first; a closed list, so that whoever adds one is led by the compiler.
///
/// The raw value is the contract's name in `protocols`.
package enum ProtocolKind: String, Sendable, CaseIterable {
    case ipv4, ipv6
    case tcp, udp, sctp, icmp
    case quic, tls, dtls
    case http1 = "http/1.1"
    case http2 = "http/2"
    case http3 = "http/3"
    case webSocket = "websocket"
    case rtp, rtcp, srtp, srtcp
    case stun, turn
    case sip
    case dataChannel = "sctp-datachannel"
    case rtmp, rtsp, srt, rist
    case mpegTS = "mpegts"
    case httpFLV = "http-flv"
    case webTransport = "webtransport"
    case moq
    case dash, hls

    /// Application protocol names of TLS (RFC 7301, IANA "TLS ALPN Protocol IDs") that name a protocol of this list; drafts of
    /// HTTP/3 have a number behind a hyphen (RFC 9114 section 3.1).
    package init?(applicationProtocol name: String) {
        switch name {
        case "http/1.1", "http/1.0": self = .http1
        case "h2", "h2c": self = .http2
        case "h3": self = .http3
        // RFC 7443.
        case "stun.turn", "stun.nat-discovery": self = .stun
        default:
            // Names of drafts (draft-ietf-moq-transport section 3.1).
            if name.hasPrefix("moq-") || name.hasPrefix("moqt-") || name == "moqt" {
                self = .moq
            } else {
                guard name.hasPrefix("h3-") else { return nil }
                self = .http3
            }
        }
    }
}
