import StreamtopBase

/// A sender that holds a small segment back until the one before is acknowledged (Nagle, RFC 9293 section 3.7.4), facing a
/// receiver that puts its acknowledgments off (section 3.8.6.3): each message waits for the receiver's timer.
struct TCPNagleMeter: Sendable {
    /// The least that a receiver's timer adds: 40 ms on Linux, less than half a second anywhere. Own: 25 leaves room for
    /// clocks.
    private static let least: Nanoseconds = .milliseconds(25)

    private(set) var small: UInt32 = 0
    private(set) var waits: UInt32 = 0
    private(set) var waited: Nanoseconds = 0
    /// When a small segment went out with nothing else under way; the least stamp for none.
    private var alone = Self.none
    private static let none = Timestamp(nanoseconds: .min)

    init() {}

    /// New data goes out. `isSmall`: less than a full segment; `wasIdle`: all before it is acknowledged; `answer`: when the
    /// newest acknowledgment without payload came, the least stamp for one with; `roundTrip`: least of the whole loop;
    /// `toSender`: between capture point and sender. Returns how long it waited for the receiver's timer, 0 for not.
    mutating func observe(
        isSmall: Bool, wasIdle: Bool, answer: Timestamp, roundTrip: Nanoseconds, toSender: Nanoseconds,
        at time: Timestamp
    ) -> Nanoseconds {
        defer { alone = isSmall && wasIdle ? time : Self.none }
        guard isSmall else { return 0 }
        small &+= 1
        guard wasIdle, alone != Self.none, answer.nanoseconds != .min, answer > alone else { return 0 }
        let delay = answer - alone
        guard delay >= roundTrip + Self.least, delay < .seconds(1),
            time - answer <= toSender + max(.milliseconds(1), delay / 10)
        else { return 0 }
        waits &+= 1
        waited = saturatingAdd(waited, delay - roundTrip)
        return delay - roundTrip
    }
}
