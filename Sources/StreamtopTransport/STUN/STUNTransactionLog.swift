import StreamtopBase
import StreamtopWire

/// Requests of one end and what became of them; the newest of them.
struct STUNTransactionLog: Sendable {
    /// Far more than an agent has under way.
    static let capacity = 128
    /// An answer that comes later is none: a client gives up after 39.5 s by default (RFC 8489 section 6.2.1).
    static let longestWait = Nanoseconds.seconds(40)

    private struct Entry: Sendable {
        var transaction: STUNTransaction
        var method: STUNMethod
        var first: Timestamp
        var requests = 1
        var isAnswered = false
    }

    private var entries: [Entry] = []
    private var oldest = 0

    init() {}

    /// A request passed; true when its transaction was seen before.
    mutating func request(_ header: STUNHeader, at time: Timestamp) -> Bool {
        if let known = index(of: header) {
            entries[known].requests += 1
            return true
        }
        let entry = Entry(transaction: header.transaction, method: header.method, first: time)
        if entries.count < Self.capacity {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest + 1) % Self.capacity
        }
        return false
    }

    /// An answer passed: the round trip, where it can be told (RFC 6298 section 3, Karn's algorithm).
    mutating func answer(_ header: STUNHeader, at time: Timestamp) -> Nanoseconds? {
        guard let known = index(of: header) else { return nil }
        let entry = entries[known]
        entries[known].isAnswered = true
        let span = time - entry.first
        return entry.requests == 1 && !entry.isAnswered && span <= Self.longestWait ? span : nil
    }

    /// Transactions without an answer that nobody waits for any more.
    func unanswered(at time: Timestamp) -> Int { entries.count { !$0.isAnswered && time - $0.first > .seconds(5) } }

    private func index(of header: STUNHeader) -> Int? {
        // The newest first: that is where the answers belong.
        entries.lastIndex { $0.transaction == header.transaction && $0.method == header.method }
    }
}
