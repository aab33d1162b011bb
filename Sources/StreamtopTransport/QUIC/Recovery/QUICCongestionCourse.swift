import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The course of one end's window, told in the terms that TCP's is: rounds of one round trip, cuts after losses, falls
/// without any. Packet numbers stand for sequence numbers, and packets for segments.
///
/// It sees the sender's flight as it is, so it is kept only where the capture lies at the sender: farther away the
/// flight is an estimate, whose errors look like cuts and falls.
struct QUICCongestionCourse: Sendable {
    /// Packets before a course is kept; short conversations never show one.
    private static let leastPackets = 24

    /// None, or one: few connections are busy enough.
    private var meter: [CongestionMeter] = []
    private var packets = 0
    /// The largest packet, taken for a full one.
    private var unit = 1_200
    /// The round goes on until this packet is acknowledged.
    private var roundEnd: UInt64 = 0
    private var peak = 0
    private var peakBefore = 0
    private var isBlocked = false
    /// Losses at the packet before that were no false alarm.
    private var repairs: UInt32 = 0

    init() {}

    /// What the sender knew when it sent a packet.
    struct View: Sendable {
        /// The highest packet number acknowledged, nil for none.
        var largestAcknowledged: UInt64?
        /// Packets held for lost so far, and those of them that arrived after all.
        var lost: Int
        var spurious: Int
        /// Bytes in flight with this packet.
        var flight: Int
    }

    /// A packet in flight of `size` bytes with number `number` was sent.
    mutating func sent(_ number: UInt64, size: Int, view: View, at time: Timestamp) {
        packets += 1
        unit = max(unit, size)
        let repairsBefore = repairs
        repairs = UInt32(truncatingIfNeeded: max(0, view.lost - view.spurious))
        guard packets >= Self.leastPackets else { return }
        let lost = UInt32(truncatingIfNeeded: view.lost)
        if meter.isEmpty {
            meter.append(CongestionMeter(lost: lost))
            roundEnd = number
        }
        let full = Float(unit)
        // As a loss finds it: the window of the estimator has been cut by then.
        let window = max(peak, peakBefore)
        let acknowledged = view.largestAcknowledged ?? 0
        var known = SenderView()
        known.acknowledged = UInt32(truncatingIfNeeded: acknowledged)
        known.lost = lost
        _ = meter[0].observe(
            known, next: UInt32(truncatingIfNeeded: number), window: Float(window) / full,
            repairs: repairsBefore, byTimeout: false, at: time)
        if acknowledged >= roundEnd {
            if peak > 0 { meter[0].endRound(flight: Float(peak) / full, repairs: repairs, at: time) }
            roundEnd = number
            peakBefore = peak
            peak = 0
        }
        let isAlone = view.flight <= size
        let isShort = size < unit * 9 / 10 && Float(view.flight) < 0.8 * Float(window)
        if isAlone || isShort || isBlocked { meter[0].noteLimited() }
        isBlocked = false
        peak = max(peak, view.flight)
        meter[0].observeFlight(Float(view.flight) / full, at: time)
    }

    /// The sender said that flow control holds it back (RFC 9000 section 4.1).
    mutating func noteBlocked() { isBlocked = true }

    /// Application or flow control held the sender in the last round, or too little was seen to tell.
    var isLimited: Bool { meter.first?.isLimited ?? true }

    /// The name, `unknown` where the course does not single one out.
    func verdict() -> CongestionControlSnapshot {
        meter.first.map { CongestionClassifier($0).verdict() }
            ?? CongestionControlSnapshot(name: .unknown, source: .estimate, confidence: 0, evidence: [])
    }
}
