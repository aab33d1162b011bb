/// Which protocol a UDP datagram belongs to on a port that several share, by its first byte (RFC 7983 section 7, RFC 9443
/// section 3). A first sorting: each protocol's own decoder has the last word.
package enum MultiplexedDatagram: Equatable, Sendable {
    case stun, zrtp, dtls, rtp
    /// TURN channel data; on a port that also carries QUIC it may be that.
    case turnChannel
    case quic
    /// No protocol begins like this.
    case unknown

    package init(firstByte: UInt8) {
        switch firstByte {
        case 0...3: self = .stun
        case 16...19: self = .zrtp
        case 20...63: self = .dtls
        case 64...79: self = .turnChannel
        case 80...127, 192...255: self = .quic
        case 128...191: self = .rtp
        default: self = .unknown
        }
    }
}
