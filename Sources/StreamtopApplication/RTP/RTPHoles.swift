import StreamtopBase

/// Sequence numbers that are missing at the tap and may still come: late, again by retransmission, or out of FEC.
///
/// A hole knows the timestamps beside it: a retransmission names only the timestamp of its original (RFC 4588 section 4),
/// in SRTP the number itself is hidden. Bounded: the oldest hole goes when there is no room.
package struct RTPHoles: Sendable {
    package static let capacity = 256
    /// A hole older than this is settled: no repair comes in time for it. Own: three times the largest buffer of the
    /// what-if models, and longer than any NACK loop at 300 ms.
    static let life: Nanoseconds = .seconds(1)
    /// A repair that comes later plays no part: own, the upper end of what receivers buffer (handbook 7.9).
    static let inTime: Nanoseconds = .milliseconds(500)
    /// A gap that fills within this time was reordering and no event. Own: below the 200 ms in which a loss should be told.
    static let grace: Nanoseconds = .milliseconds(100)

    struct Hole: Sendable {
        var number: Int64
        var before: UInt32
        var after: UInt32
        var displayed: Timestamp
        var isRepaired = false
        /// Its gap was told as an event.
        var isTold = false
    }

    private(set) var open: [Hole] = []
    package private(set) var repaired: UInt64 = 0
    /// Came again after `inTime`; they are among `repaired`, as far as they fill the hole at all.
    package private(set) var late: UInt64 = 0
    package private(set) var evicted: UInt64 = 0

    init() {}

    var isEmpty: Bool { open.isEmpty }

    /// A hole that nothing has filled yet; while there is one, what follows cannot be decoded.
    var hasUnrepaired: Bool { open.contains { !$0.isRepaired } }

    /// The packet with extended number `number` showed that the `count` before it are missing.
    mutating func open(
        _ count: Int, before number: Int64, between earlier: UInt32, and later: UInt32, at time: Timestamp
    ) {
        // A long outage is no matter of repair.
        let count = min(count, Self.capacity / 2)
        if open.count + count > Self.capacity {
            let excess = open.count + count - Self.capacity
            evicted &+= UInt64(excess)
            open.removeFirst(excess)
        }
        for offset in 0..<Int64(count) {
            open.append(
                Hole(number: number - Int64(count) + offset, before: earlier, after: later, displayed: time))
        }
    }

    /// The packet came after all.
    mutating func fill(_ number: Int64) {
        guard let index = open.firstIndex(where: { $0.number == number }) else { return }
        if open[index].isRepaired { repaired &-= 1 }
        open.remove(at: index)
    }

    /// The packet with this number is missing, and something else brought it back.
    func isRepaired(_ number: Int64) -> Bool { open.contains { $0.isRepaired && $0.number == number } }

    /// Something repeats a packet of `timestamp`; the hole that it fills, when one is missing there. The oldest is taken.
    mutating func repair(timestamp: UInt32, at time: Timestamp) -> Hole? {
        let index = open.firstIndex { hole in
            !hole.isRepaired && time - hole.displayed < Self.life && timestamp.isAtOrAfter(hole.before)
                && hole.after.isAtOrAfter(timestamp)
        }
        return repair(at: index, time)
    }

    /// Something repeats a packet of a time at which none came.
    mutating func repair(between timestamp: UInt32, at time: Timestamp) -> Hole? {
        let index = open.firstIndex { hole in
            !hole.isRepaired && time - hole.displayed < Self.life && timestamp.isAfter(hole.before)
                && hole.after.isAfter(timestamp)
        }
        return repair(at: index, time)
    }

    /// Something repeats the packet with this number.
    mutating func repair(number: Int64, at time: Timestamp) -> Hole? {
        repair(at: open.firstIndex { !$0.isRepaired && $0.number == number && time - $0.displayed < Self.life }, time)
    }

    private mutating func repair(at index: Int?, _ time: Timestamp) -> Hole? {
        guard let index else { return nil }
        if time - open[index].displayed > Self.inTime { late &+= 1 }
        open[index].isRepaired = true
        repaired &+= 1
        return open[index]
    }

    /// What seemed to bring this packet back was something else; settled holes stay as they are but for the count.
    mutating func takeBack(_ number: Int64) {
        guard repaired > 0 else { return }
        repaired &-= 1
        guard let index = open.firstIndex(where: { $0.isRepaired && $0.number == number }) else { return }
        open[index].isRepaired = false
    }

    /// Gaps that outlived their grace, by the packets missing in each; each is given once. Forgets what is settled.
    mutating func settle(at time: Timestamp, _ body: (_ missing: Int) -> Void) {
        guard let oldest = open.first, time - oldest.displayed >= Self.grace else { return }
        var index = 0
        while index < open.count {  // each turn moves on
            let displayed = open[index].displayed
            guard time - displayed >= Self.grace else { break }
            var missing = 0
            while index < open.count, open[index].displayed == displayed {
                if !open[index].isTold { missing += 1 }
                open[index].isTold = true
                index += 1
            }
            if missing > 0 { body(missing) }
        }
        while let first = open.first, time - first.displayed >= Self.life { open.removeFirst() }
    }

    mutating func removeAll() { open.removeAll(keepingCapacity: true) }
}
