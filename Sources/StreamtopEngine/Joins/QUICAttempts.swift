import StreamtopBase

/// QUIC connections that clients asked for, until TCP connections between the same hosts tell whether they fell back.
///
/// Capped; the oldest attempt goes first. An attempt that leaves is not judged, nothing else is lost.
struct QUICAttempts: Sendable {
    /// A fallback comes soon: browsers wait a fraction of a second, other clients for their handshake to time out.
    static let patience: Nanoseconds = .seconds(30)

    /// A client host and the service it wanted.
    struct Service: Hashable, Sendable {
        var client: IPAddress
        var server: Endpoint
    }

    struct Attempt: Equatable, Sendable {
        var flow: FlowReference
        var time: Timestamp
    }

    private var attempts: BoundedMap<Service, Attempt>

    init(capacity: Int) { attempts = BoundedMap(capacity: capacity) }

    var capacity: Int { attempts.capacity }
    var isEmpty: Bool { attempts.isEmpty }
    var count: Int { attempts.count }
    var evicted: UInt64 { attempts.evicted }

    mutating func insert(_ service: Service, _ attempt: Attempt) { attempts.insert(attempt, for: service) }

    /// The attempt that a TCP connection made at `time` may stand in for.
    func attempt(_ service: Service, at time: Timestamp) -> Attempt? {
        guard let attempt = attempts[service], time >= attempt.time, time - attempt.time <= Self.patience else {
            return nil
        }
        return attempt
    }
}
