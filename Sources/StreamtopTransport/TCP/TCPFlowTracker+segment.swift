import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// One segment as it passes: what every step of the analysis reads and none changes.
struct TCPPassage {
    /// The end that sent it.
    let direction: Direction
    let time: Timestamp
    let senderDistance: CaptureDistance
    let peerDistance: CaptureDistance
}

/// What both ends of a flow share.
struct TCPSharedMeters: ~Copyable {
    /// The whole loop, measured where the capture lies between the ends; next to one end its own component is nothing, and
    /// the other's is the loop.
    var loop = OnDemand<RoundTripMeter>()
    var anomalies = AnomalyCounts()
    /// What passed before has a stamp that nothing later can be measured from: the clock was set, or stamps are out of
    /// order by more than packets are.
    var timedFrom = Timestamp(nanoseconds: .min)

    init() {}
}

/// One segment through both ends: first an answer to what the peer sent, then data of its own.
///
/// The order in which the meters are told is part of the method:
///
/// 1. the rate, and what the IP header says of path and marks (`observeNetwork`);
/// 2. the acknowledgment, for the peer's data (`acknowledgmentReceived`);
/// 3. the payload, as data of the sender (`segmentSent`): after 2, for a segment is sent knowing what it acknowledges;
/// 4. a distant sender's clock, beside the round trip that 2 and 3 have brought up to date;
/// 5. FIN and segments without payload, which take no part in 3.
///
/// Static, and with both ends inout even where they are only read: neither is ever copied.
extension TCPFlowTracker {
    static func step(
        _ sender: inout TCPEndpoint, _ peer: inout TCPEndpoint, _ frame: borrowing DecodedFrame, _ passage: TCPPassage,
        _ shared: inout TCPSharedMeters, _ now: inout Observation
    ) {
        sender.segmentCount &+= 1
        if !sender.bulk.isEmpty { sender.bulk.value.rate.record(frame.ipLength, at: passage.time) }
        observeNetwork(&sender, frame, passage, &shared.anomalies, &now)
        let flags = frame.tcp.flags
        if flags.isRst {
            sender.resets &+= 1
            return
        }
        if flags.isAck { acknowledgmentReceived(&sender, &peer, frame, passage, &shared, &now) }
        if frame.payloadLength > 0 {
            let first = flags.isSyn ? frame.tcp.sequence &+ 1 : frame.tcp.sequence
            segmentSent(&sender, &peer, frame, from: first, passage, &shared, &now)
        }
        if flags.isSyn { return }
        if passage.senderDistance == .far, frame.tcp.options.hasTimestamps {
            sender.followInbound(stamp: frame.tcp.options.timestampValue, at: passage.time)
        }
        if frame.payloadLength == 0, !flags.isFin {
            sender.observeBare(sequence: frame.tcp.sequence, peerClosed: peer.window.isClosed)
        }
        if flags.isFin { noteFin(&sender, frame, at: passage.time) }
    }

    private static func noteFin(_ sender: inout TCPEndpoint, _ frame: borrowing DecodedFrame, at time: Timestamp) {
        sender.fins &+= 1
        let end = frame.tcp.sequence &+ UInt32(truncatingIfNeeded: frame.payloadLength)
        let isRepeat = frame.payloadLength == 0 && sender.finSequence == end
        sender.noteControl(
            isRepeat: isRepeat, identification: UInt16(truncatingIfNeeded: frame.identification ?? 0), at: time)
        sender.finSequence = end
    }
}
