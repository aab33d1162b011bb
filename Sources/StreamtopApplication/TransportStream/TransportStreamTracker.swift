import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopWire

/// An MPEG transport stream carried by UDP, RTP, RIST, SRT or a byte stream.
///
/// A jump of a continuity counter is the network's where the carrier's own numbers have a hole at that point, and was there
/// before the capture point where they have none. UDP has no numbers: then nobody can tell.
package struct TransportStreamTracker: LayerTracker, ~Copyable {
    /// Own: sync bytes at the right distance so often are no accident.
    private static let leastPackets: UInt64 = 3

    /// What the carrier says of packets that are missing.
    package enum Carrier: Sendable {
        /// It numbers its packets.
        case numbered
        /// It numbers them and brings lost ones again.
        case repaired
        case unnumbered
    }

    private var reader = TransportStreamReader()
    private var facts: [TransportStreamReader.Fact] = []
    private let carrier: Carrier
    /// A datagram was cut by the capture.
    private var wasCut = false
    private var errorsOfNetwork: UInt64 = 0
    private var errorsBeforeTap: UInt64 = 0
    private var clock = MediaBacklogMeter()
    private var clockPID: UInt16?
    private var isVideoClock = false
    private var references = ClockReferenceMeter()

    package init(on carrier: Carrier) { self.carrier = carrier }

    package mutating func observe(_ bytes: RawSpan, _ delivery: borrowing Delivery, _ now: inout Observation) {
        facts.removeAll(keepingCapacity: true)
        switch delivery.content {
        case .datagram:
            if now.cutBytes > 0 { wasCut = true }
            reader.observeDatagram(bytes, wireLength: bytes.byteCount + now.cutBytes, at: now.time, into: &facts)
        case .bytes: reader.feed(bytes, at: now.time, into: &facts)
        case .gap:
            references.interrupt()
            switch carrier {
            case .numbered: reader.noteLoss()
            case .repaired: reader.forgetContinuity()
            case .unnumbered: reader.gap()
            }
        case .end, .reset, .stopSending, .restart: break
        }
        for fact in facts { take(fact) }
    }

    private mutating func take(_ fact: TransportStreamReader.Fact) {
        switch fact {
        case .programMap: break
        case .unit(let pid, let presentation, let decode, _, let time):
            // Video where there is some; the first stream that has times else.
            if !isVideoClock, reader.isVideo(pid) {
                isVideoClock = true
                clockPID = pid
                clock = MediaBacklogMeter()
            }
            clockPID = clockPID ?? pid
            guard clockPID == pid, let stamp = decode ?? presentation else { return }
            if let media = MediaTime(value: stamp, timescale: 90_000).nanoseconds { clock.observe(media, at: time) }
        case .clock(let pid, let value, let isDiscontinuity, let time):
            guard pid == reader.clockPID else { return }
            references.observe(value, isDiscontinuity: isDiscontinuity, packets: reader.packets, at: time)
        case .continuityError(_, _, let isAfterLoss, _):
            if isAfterLoss { errorsOfNetwork &+= 1 } else { errorsBeforeTap &+= 1 }
            references.interrupt()
        }
    }

    package mutating func exchangeEnds() {}

    package func report(into flow: inout FlowSnapshot, at time: Timestamp) {
        guard reader.packets >= Self.leastPackets else { return }
        flow.protocols.append(ProtocolKind.mpegTS.rawValue)
        var snapshot = TransportStreamSnapshot()
        snapshot.packets = reader.packets
        snapshot.bytes = reader.packets &* UInt64(TransportStreamPacket.length)
        snapshot.streams = reader.streams.sorted { $0.key < $1.key }.map { pid, stream in
            TransportStreamSnapshot.Stream(
                pid: pid, kind: reader.kind(of: pid), packets: stream.packets,
                continuityErrors: stream.continuityErrors, duplicates: stream.duplicates)
        }
        snapshot.transportErrors = reader.transportErrors
        snapshot.clockPID = reader.clockPID
        if !wasCut {
            snapshot.continuityErrors = reader.continuityErrors
            snapshot.duplicates = reader.duplicates
            snapshot.discontinuities = reader.flagged
            snapshot.broken = broken
            snapshot.errorsBeforeTap = carrier == .unnumbered ? 0 : errorsBeforeTap
            snapshot.clockInterval = references.interval
            snapshot.clockJitter = references.jitter
            snapshot.rate = references.rate
        }
        snapshot.mediaClock = clock.snapshot
        flow.transportStream = snapshot
    }

    private var broken: TransportStreamSnapshot.Break? {
        guard errorsOfNetwork > 0 || errorsBeforeTap > 0 else { return nil }
        if carrier == .unnumbered { return .unknown }
        return errorsBeforeTap > 0 ? .beforeTap : .network
    }
}

/// The references of a program's clock: how often they come, how evenly, and the multiplex's rate between them.
private struct ClockReferenceMeter: ~Copyable {
    private var last: (value: Int64, time: Timestamp, packets: UInt64)?
    private var intervals = LogHistogram()
    private var longest: Nanoseconds = 0
    private var deviations = LogHistogram()
    private var ticks: Int64 = 0
    private var packets: UInt64 = 0

    /// `value` in 27 MHz; `packets`: of the multiplex so far.
    mutating func observe(_ value: Int64, isDiscontinuity: Bool, packets count: UInt64, at time: Timestamp) {
        defer { last = (value, time, count) }
        guard let last, !isDiscontinuity else { return }
        let step = value &- last.value
        // ISO/IEC 13818-1 section 2.7.2: 100 ms at most; a second is another clock.
        guard step > 0, step < 27_000_000 else { return }
        let length = step * 1_000 / 27
        intervals.record(length / 1_000)
        longest = max(longest, length)
        let deviation = saturatingAdd(time - last.time, -length).magnitude
        deviations.record(Int64(clamping: deviation / 1_000))
        ticks = saturatingAdd(ticks, step)
        packets &+= count &- last.packets
    }

    /// Packets are missing: the distance to the next reference says nothing.
    mutating func interrupt() { last = nil }

    var interval: (p50: Nanoseconds, longest: Nanoseconds)? {
        intervals.quantile(0.5).map { (min(longest, $0 * 1_000), longest) }
    }

    var jitter: Nanoseconds? { deviations.quantile(0.95).map { $0 * 1_000 } }

    /// nil for less than a second.
    var rate: Double? {
        guard ticks >= 27_000_000 else { return nil }
        return Double(packets) * Double(TransportStreamPacket.length * 8) * 27e6 / Double(ticks)
    }
}
