import StreamtopBase

/// QUIC connections that clients asked for, until TCP connections between the same hosts tell whether they fell back.
///
/// Capped; the oldest attempt goes first. An attempt that leaves is not judged, nothing else is lost.
struct QUICAttempts: Sendable {
    /// A fallback comes soon: browsers wait a fraction of a second, other clients for their handshake to time out.
    static let patience: Nanoseconds = .seconds(30)

    /// A client host and the service it wanted.
    struct Wish: Hashable, Sendable {
        var client: IPAddress
        var server: Endpoint
    }

    struct Attempt: Equatable, Sendable {
        var position: UInt32
        /// Number of the flow, for a position may be given to another.
        var number: UInt64
        var time: Timestamp
    }

    private var attempts: [Wish: Attempt] = [:]
    private var order: [Wish] = []
    private var oldest = 0
    private let capacity: Int
    private(set) var evicted: UInt64 = 0

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var isEmpty: Bool { attempts.isEmpty }
    var count: Int { attempts.count }

    mutating func insert(_ wish: Wish, _ attempt: Attempt) {
        if attempts.updateValue(attempt, forKey: wish) != nil { return }
        if order.count < capacity {
            order.append(wish)
        } else {
            attempts[order[oldest]] = nil
            order[oldest] = wish
            oldest = (oldest + 1) % capacity
            evicted += 1
        }
    }

    /// The attempt that a TCP connection made at `time` may stand in for.
    func attempt(_ wish: Wish, at time: Timestamp) -> Attempt? {
        guard let attempt = attempts[wish], time >= attempt.time, time - attempt.time <= Self.patience else {
            return nil
        }
        return attempt
    }
}
