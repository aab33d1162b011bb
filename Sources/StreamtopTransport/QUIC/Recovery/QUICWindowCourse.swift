import StreamtopBase

/// What is QUIC's in following a sender's flight and window: `FlightMeter` does the rest for any transport.
///
/// Packet numbers are the positions; a cut takes the window down at once (RFC 9002 section 7.3.2) while the flight still
/// shrinks to it; the first flight is the first that consists of full packets, for what QUIC sends before that (settings,
/// tickets, new connection IDs) is not meant to fill a window.
struct QUICWindowCourse: Sendable {
    /// Multiplicative decrease of CUBIC (RFC 9438 section 4.6); Reno's is one half. The next rounds show what it was.
    private static let usualCut = 0.7

    private var isAnchored = false
    /// Until this packet is acknowledged, flights above `bound` are of packets sent before the cut.
    private var cutEnd: UInt64 = 0
    private var bound = Int.max
    /// The first packet of the first flight of full ones; `.max` while there is none.
    private var firstFull = UInt64.max

    init() {}

    /// A packet that the flight counts.
    struct Sending: Sendable {
        /// Its number; nil below 1-RTT.
        var number: UInt64?
        var size: Int
        /// Bytes of a full packet.
        var unit: Int
        /// Highest number plus one that the sender knows to have arrived; 0 for none.
        var acknowledged: UInt64
        /// Bytes in flight with it.
        var bytes: Int
        /// Nothing was lost so far.
        var isUnharmed: Bool
    }

    mutating func sent(_ sending: Sending, _ flight: inout FlightMeter) {
        if let number = sending.number {
            if !isAnchored { flight.anchor(UInt32(truncatingIfNeeded: number) &+ 1) }
            isAnchored = true
            if bound != .max, sending.acknowledged >= cutEnd { bound = .max }
            if sending.acknowledged > 0 {
                _ = flight.advance(
                    acknowledged: UInt32(truncatingIfNeeded: sending.acknowledged),
                    next: UInt32(truncatingIfNeeded: number) &+ 1)
            }
            if !flight.initialDone { followFirstFlight(number, sending, &flight) }
        }
        flight.record(sending.bytes, bound: bound)
    }

    private mutating func followFirstFlight(_ number: UInt64, _ sending: Sending, _ flight: inout FlightMeter) {
        if firstFull != .max, sending.acknowledged > firstFull {
            return flight.endInitial(jumping: !sending.isUnharmed)
        }
        let isFull = sending.size * 10 >= sending.unit * 9
        if isFull, firstFull != .max || sending.bytes <= sending.size {
            firstFull = min(firstFull, number)
            flight.observeInitial(bytes: sending.size)
        } else if firstFull != .max {
            // It ended for want of data: a later one may show the window.
            firstFull = .max
            flight.forgetInitial()
        }
    }

    /// The sender cut its window; `next` is the number of the packet that it sends next.
    mutating func cut(next: UInt64, _ flight: inout FlightMeter) {
        guard let window = flight.window, window > 0 else { return }
        bound = Int(Double(window) * Self.usualCut)
        cutEnd = next &+ 1
        flight.cut(to: bound)
    }
}
