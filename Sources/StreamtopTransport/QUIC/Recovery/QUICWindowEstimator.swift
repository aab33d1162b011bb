import StreamtopBase
import StreamtopModel

/// A sender's congestion window from its flight: a sender with enough to send fills its window, so the highest flight of
/// the last round trips is the window, and a lower bound of it where the sender had less to send.
struct QUICWindowEstimator: Sendable {
    private var slotStart = Timestamp(nanoseconds: .min)
    private var highest = 0
    private var highestBefore = 0
    private(set) var maximum = 0
    private var cutUntil = Timestamp(nanoseconds: .min)
    private var cutValue = 0
    private(set) var cuts = 0
    private var ratioSum = 0.0
    private var beforeCut = 0
    private var isMeasuringCut = false
    private var slotsSinceCut = 0
    private var growingSlots = 0

    /// Multiplicative decrease of CUBIC (RFC 9438 section 4.6), until this sender has shown its own.
    private static let usualCut = 0.7

    init() {}

    /// Notes the flight after a packet was sent. `loop` is the whole round trip as the sender sees it.
    mutating func observe(flight: Int, loop: Nanoseconds, at time: Timestamp) {
        if time - slotStart >= max(loop, .milliseconds(1)) {
            if isMeasuringCut, slotsSinceCut >= 1, highest > 0 {
                ratioSum += min(1, Double(highest) / Double(max(1, beforeCut)))
                cuts += 1
                isMeasuringCut = false
            }
            slotsSinceCut += 1
            growingSlots = highest > highestBefore ? growingSlots + 1 : 0
            highestBefore = highest
            highest = 0
            slotStart = time
        }
        guard time >= cutUntil || flight <= cutValue else { return }
        highest = max(highest, flight)
        maximum = max(maximum, flight)
    }

    /// The sender cuts its window.
    mutating func cut(loop: Nanoseconds, at time: Timestamp) {
        let before = current
        guard before > 0 else { return }
        beforeCut = before
        isMeasuringCut = true
        slotsSinceCut = 0
        cutValue = Int(Double(before) * Self.usualCut)
        cutUntil = time + max(loop, .milliseconds(1))
        highest = cutValue
        highestBefore = cutValue
        slotStart = time
    }

    var current: Int { max(highest, highestBefore) }

    var phase: CongestionPhase? {
        guard maximum > 0 else { return nil }
        return cuts == 0 && !isMeasuringCut ? .slowStart : .congestionAvoidance
    }
}
