import StreamtopBase
import StreamtopModel

/// Course of a busy sender's window: rounds of one round trip each, cuts after losses, and falls without any.
///
/// Works on what the sender knew when it sent (`SenderView`), so the same flow gives the same course at every capture
/// point. The classifier reads it; nothing here knows the name of a congestion control.
struct CongestionMeter: Sendable {
    struct Round: Sendable {
        /// Seconds since the meter's first round.
        var time: Float
        /// Largest flight, segments.
        var flight: Float
        /// Loss recovery touched the round.
        var recovered: Bool
        /// The application or the receiver held the sender back.
        var limited: Bool
    }

    /// A reduction of the window after a loss that the sender repaired without a timeout.
    struct Cut: Sendable {
        var time: Timestamp
        var before: Float
        var after: Float
        var isLimited: Bool
    }

    static let cutCapacity = 64
    static let roundCapacity = 1024

    private(set) var cuts: [Cut] = []
    private(set) var rounds: [Round] = []
    private(set) var timeouts: UInt32 = 0
    private var origin: Timestamp?

    // The recovery going on, as the sender sees it
    private var point: UInt32?
    private var before: Float = 0
    private var cutTime = Timestamp(nanoseconds: 0)
    private var isTimeout = false
    private var wasLimited = false
    /// Rounds to wait after a recovery until its result shows.
    private var settling: UInt8 = 0
    private var lost: UInt32 = 0
    /// Retransmissions not shown to be needless when the recovery began.
    private var repairs: UInt32 = 0
    private var roundRecovered = false
    private var roundLimited = false

    // Short dips to a few segments without a loss
    private var dipStart: Timestamp?
    private var dipBefore: Float = 0
    private var dipRoundsLeft: UInt8 = 0
    private(set) var dips: [Timestamp] = []

    init(lost: UInt32) { self.lost = lost }

    /// Application or receiver held the sender in the last round or do so now.
    var isLimited: Bool { roundLimited || (rounds.last?.limited ?? false) }

    /// The sender knows of a loss that it has not repaired yet.
    var isRecovering: Bool { point != nil }

    /// The window grows by half or more each round (RFC 5681 section 3.1 doubles it), and was never cut.
    var isSlowStart: Bool {
        guard cuts.isEmpty, timeouts == 0, rounds.count >= 2 else { return cuts.isEmpty && timeouts == 0 }
        return rounds[rounds.count - 1].flight >= 1.4 * rounds[rounds.count - 2].flight
    }

    /// The sender has sent a segment, knowing `view`. `window`: envelope of its flight, segments; `repairs`:
    /// retransmissions before it, without the needless; `repair`: its sequence number if it is another one. A sender may
    /// hold a segment for lost earlier than this observer does (RFC 8985 knows by time): its repair tells as well.
    /// Returns true when a recovery begins.
    mutating func observe(
        _ view: SenderView, next: UInt32, window: Float, repairs: UInt32, repairing repair: UInt32? = nil,
        byTimeout: Bool,
        at time: Timestamp
    ) -> Bool {
        if let end = point {
            roundRecovered = true
            if byTimeout { isTimeout = true }
            if view.acknowledged.isAtOrAfter(end) {
                // Segments lost behind the last one that passed here belong to the same recovery.
                point = repair == end ? next : nil
                settling = repair == end ? 0 : 2
            }
        }
        defer { lost = view.lost }
        guard repair != nil || view.lost.distance(after: lost) > 0, point == nil else { return false }
        // A second loss before the first one's result showed: the first says nothing.
        point = next
        before = window
        self.repairs = repairs
        cutTime = time
        isTimeout = byTimeout
        wasLimited = roundLimited || (rounds.last?.limited ?? false)
        settling = 0
        roundRecovered = true
        if byTimeout { timeouts &+= 1 }
        return true
    }

    mutating func noteLimited() { roundLimited = true }

    /// A round ended with `flight` segments at most.
    mutating func endRound(flight: Float, repairs: UInt32, at time: Timestamp) {
        if origin == nil { origin = time }
        if rounds.count == Self.roundCapacity { rounds.removeFirst(Self.roundCapacity / 4) }
        let since = origin.map { Float((time - $0).seconds) } ?? 0
        rounds.append(Round(time: since, flight: flight, recovered: roundRecovered, limited: roundLimited))
        finishDip(flight, at: time)
        if settling > 0, point == nil {
            settling -= 1
            if settling == 0 {
                // Reordering looks like loss until the late packets arrive: without a repair nothing was lost.
                if !isTimeout, before > 0, repairs.distance(after: self.repairs) > 0 {
                    if cuts.count == Self.cutCapacity { cuts.removeFirst() }
                    cuts.append(
                        Cut(time: cutTime, before: before, after: flight, isLimited: wasLimited || roundLimited))
                }
            }
        }
        roundRecovered = point != nil
        roundLimited = false
    }

    /// The flight after a segment was sent, segments: looks for dips to a floor of a few segments that last a fifth of
    /// a second, and end in a flight that fills the path again. What was there before may have been mostly a queue, and
    /// the probe has emptied it.
    mutating func observeFlight(_ flight: Float, at time: Timestamp) {
        guard let start = dipStart else {
            guard flight <= 4.5, let round = rounds.last, round.flight >= 10, !isDisturbed else { return }
            dipStart = time
            dipBefore = round.flight
            return
        }
        if isDisturbed {
            dipStart = nil
        } else if flight > 6 {
            let length = time - start
            if length >= .milliseconds(150), length <= .milliseconds(1000) { dipRoundsLeft = 4 }
            dipStart = nil
        }
    }

    /// A loss or a limit explains whatever the flight does now.
    private var isDisturbed: Bool {
        point != nil || settling > 0 || roundLimited || roundRecovered || (rounds.last?.recovered ?? false)
    }

    private mutating func finishDip(_ flight: Float, at time: Timestamp) {
        guard dipRoundsLeft > 0 else { return }
        dipRoundsLeft -= 1
        if isDisturbed { dipRoundsLeft = 0 }
        guard flight >= max(8, 0.3 * dipBefore), dipRoundsLeft > 0 else { return }
        if dips.count == 16 { dips.removeFirst() }
        dips.append(time)
        dipRoundsLeft = 0
    }
}
