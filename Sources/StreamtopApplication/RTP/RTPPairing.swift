/// Which stream a source repeats (RFC 4588): told by timestamps that another source used before, and by sizes two bytes
/// larger than the original's.
///
/// Layers of one picture may share timestamps too, but seldom sizes; a sender that only probes repeats the timestamp of its
/// last packet with padding of any size.
struct RTPPairing {
    /// Own: a packet by chance has a timestamp of another source's last 512 once in 10^7.
    private static let enough = 3
    /// A source that has sent so many without repeating anything is a stream of its own.
    private static let patience = 64

    private(set) var candidate: UInt32?
    private var exact = 0
    private var loose = 0
    private var packets = 0
    /// It is none, or it is settled.
    private(set) var isOver = false

    /// Gaps of other sources that packets of this one seemed to fill, as long as it is not settled.
    private(set) var filled: [(source: UInt32, number: UInt16)] = []

    mutating func noteFilled(_ number: UInt16, of source: UInt32) { filled.append((source, number)) }

    /// Gives what other sources than `original` are to take back, once.
    mutating func takeBack(but original: UInt32?) -> [(source: UInt32, number: UInt16)] {
        defer { filled = [] }
        return filled.filter { $0.source != original }
    }

    /// Two packets repeated another source's.
    var isCertain: Bool { exact >= 2 }

    /// A packet of this source that looks like one of `original` again, or like none.
    mutating func observe(_ original: UInt32?, isExact: Bool) -> UInt32? {
        packets += 1
        if let original {
            if candidate != original { (exact, loose) = (0, 0) }
            candidate = original
            if isExact { exact += 1 } else { loose += 1 }
        }
        if exact + loose >= Self.enough, exact >= 2, exact * 5 >= packets, (exact + loose) * 10 >= packets * 6 {
            isOver = true
            return candidate
        }
        if packets >= Self.patience { isOver = true }
        return nil
    }
}
