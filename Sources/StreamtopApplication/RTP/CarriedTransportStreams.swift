import StreamtopBase
import StreamtopLayer
import StreamtopWire

/// Hands up the MPEG transport streams that RTP streams of a flow carry (RFC 2250), in the order of their numbers: what comes
/// twice or late is left out, and a hole goes up as a gap.
struct CarriedTransportStreams: Sendable {
    private static let mostStreams = 4

    /// The newest number handed up, by stream.
    private var newest: [UInt64: UInt16] = [:]

    /// Payload type 33, or another one whose payload begins as transport packets do.
    mutating func carry(_ header: RTPHeader, of key: UInt64, in packet: RawSpan, _ now: inout Observation) {
        guard header.length < packet.byteCount else { return }
        let payload = packet.extracting(header.length..<packet.byteCount)
        let packets = header.payloadType == 33 ? 1 : 3
        guard TransportStreamPacket.canBegin(payload, packets: packets),
            newest[key] != nil || newest.count < Self.mostStreams
        else { return }
        if let last = newest[key] {
            let step = header.sequence &- last
            guard (1..<0x8000).contains(step) else { return }
            if step > 1 { now.deliver(.gap(UInt64(step - 1)), stream: key) }
        }
        newest[key] = header.sequence
        // Padding of RTP would be no transport packet; what is not whole the reader leaves.
        now.deliver(
            .datagram(DeliveredRange(.payload, start: header.length, count: payload.byteCount)), stream: key)
    }
}
