import StreamtopBase
import StreamtopLayer
import StreamtopWire

/// Hands up the MPEG transport stream that RTP of a flow carries (RFC 2250), in the order of its numbers: what comes twice or late
/// is left out, and a hole goes up as a gap.
///
/// One source at a time: a second one beside it repeats packets of the first (RIST) or is another programme, and both would
/// look like a broken one together. Another source is followed when the first has gone.
struct CarriedTransportStream: Sendable {
    /// Own: a source that is silent for longer has gone.
    private static let longestSilence: Nanoseconds = .seconds(2)

    private var followed: (key: UInt64, newest: UInt16, time: Timestamp)?

    /// Keys name the direction in their lowest bit.
    mutating func exchangeEnds() { followed?.key ^= 1 }

    /// A packet of the source `key`: of payload type 33, or another one whose payload begins as transport packets do.
    @inline(__always)
    mutating func carry(_ header: RTPHeader, of key: UInt64, in packet: RawSpan, _ now: inout Observation) {
        guard ByteReader(packet).peekUInt8(ahead: header.length) == TransportStreamPacket.syncByte else { return }
        carryTransport(header, of: key, in: packet, &now)
    }

    @inline(never)
    private mutating func carryTransport(
        _ header: RTPHeader, of key: UInt64, in packet: RawSpan, _ now: inout Observation
    ) {
        let payload = packet.extracting(header.length..<packet.byteCount)
        guard TransportStreamPacket.canBegin(payload, packets: header.payloadType == 33 ? 1 : 3) else { return }
        if let last = followed {
            if last.key == key {
                let step = header.sequence &- last.newest
                guard (1..<0x8000).contains(step) else { return }
                if step > 1 { now.deliver(.gap(UInt64(step - 1))) }
            } else {
                guard now.time - last.time > Self.longestSilence else { return }
                now.deliver(.gap(1))
            }
        }
        followed = (key, header.sequence, now.time)
        now.deliver(.datagram(DeliveredRange(.payload, start: header.length, count: payload.byteCount)))
    }
}
