import StreamtopBase
import StreamtopModel

/// Bytes in flight of one sender over time, the envelope that shows its congestion window, and its first flight.
struct FlightMeter: ~Copyable {
    /// More than any sender begins with: another stream of numbers.
    private static let largestInitial = 1 << 20

    // A flight spans less than 2^31 bytes.
    private var lastBytes: UInt32 = 0
    private var maximumBytes: UInt32 = 0
    private var histogram = LogHistogram()
    private(set) var hasValue = false
    private(set) var initialDone = false
    private var isRecovering = false
    var last: Int { Int(lastBytes) }
    var maximum: Int { Int(maximumBytes) }

    // Rounds: one ends when the acknowledgment covers what had been sent at its start.
    private var roundEnd: UInt32 = 0
    private var roundMaximum: UInt32 = 0
    private var previousMaximum: UInt32 = 0
    private(set) var rounds: UInt32 = 0

    /// Bytes of the first flight; final once something of it was acknowledged.
    private var initialBytes: UInt32 = 0
    /// 0 where it is not known.
    var initial: Int { initialBytes <= Self.largestInitial ? Int(initialBytes) : 0 }

    init() {}

    /// The sequence number moved on by `bytes`, lost ones among them, before anything was acknowledged.
    mutating func observeInitial(bytes: Int) {
        if !initialDone { initialBytes = UInt32(clamping: Int(initialBytes) + max(0, bytes)) }
    }

    /// The first flight is over. `jumping`: what follows it leaves a hole; part of the flight may have been lost before
    /// the capture point, and its size is not known.
    mutating func endInitial(jumping: Bool = false) {
        guard initialBytes > 0, !initialDone else { return }
        initialDone = true
        if jumping { initialBytes = 0 }
    }

    /// What was taken for the first flight was none.
    mutating func forgetInitial() {
        if !initialDone { initialBytes = 0 }
    }

    /// The flight after a packet was sent. `recovering`: loss holds the sender back, whose window then shrinks with
    /// the flight (RFC 6937): larger ones of the same round are history. `bound`: what this flight can say of the window at
    /// most, where the window was cut at once and the flight has not come down to it yet.
    @inline(__always)
    mutating func record(_ bytes: Int, recovering: Bool = false, bound: Int = .max) {
        hasValue = true
        isRecovering = recovering
        lastBytes = UInt32(clamping: bytes)
        maximumBytes = max(maximumBytes, lastBytes)
        if recovering { previousMaximum = 0 }
        roundMaximum = recovering ? lastBytes : max(roundMaximum, UInt32(clamping: min(bytes, bound)))
        histogram.record(Int64(bytes))
    }

    /// A segment will be sent soon.
    func prefetch() { histogram.prefetch(Int64(last)) }

    /// The flight after an acknowledgment.
    mutating func update(_ bytes: Int) { lastBytes = UInt32(clamping: bytes) }

    /// When `acknowledged` closes a round, returns the largest flight of that round; the next one ends at `next`.
    mutating func advance(acknowledged: UInt32, next: UInt32) -> Int? {
        guard acknowledged.isAtOrAfter(roundEnd) else { return nil }
        let ended = roundMaximum
        roundEnd = next
        rounds &+= 1
        if ended > 0 { previousMaximum = ended }
        roundMaximum = 0
        return ended > 0 ? Int(ended) : nil
    }

    /// The window was cut: what was in flight before says nothing about it any more.
    mutating func cut() {
        previousMaximum = 0
        roundMaximum = 0
    }

    /// The window was cut to `window` at once.
    mutating func cut(to window: Int) {
        previousMaximum = UInt32(clamping: window)
        roundMaximum = 0
    }

    mutating func anchor(_ sequence: UInt32) { roundEnd = sequence }

    /// Envelope of the flight over the last round trip, in recovery the flight itself: at most the congestion window, and
    /// equal to it when the sender always has data.
    var window: Int? {
        guard hasValue else { return nil }
        if isRecovering { return last }
        let envelope = max(roundMaximum, previousMaximum)
        return envelope > 0 ? Int(envelope) : last
    }

    var median: Int { Int(histogram.quantile(0.5) ?? Int64(last)) }
}
