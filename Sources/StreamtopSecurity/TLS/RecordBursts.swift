import StreamtopBase
import StreamtopModel

/// Requests and answers as they show in the lengths of records that nobody can read (handbook 5.9): a record of the client that is
/// more than a control frame asks, and what the server sends until the next one answers.
struct RecordBursts: Sendable {
    /// Answers kept; the newest.
    static let capacity = 128
    /// Frames of HTTP/2 that ask for nothing, with what TLS adds, stay below (WINDOW_UPDATE twice is 43, or 50 in TLS 1.2).
    static let longestControl = 60
    /// A smaller answer is no segment of media.
    static let leastBytes: UInt64 = 8_192

    private var kept: [TLSBurst] = []
    private var current: TLSBurst?
    private(set) var count = 0

    init() {}

    var heldBytes: Int { kept.capacity * MemoryLayout<TLSBurst>.stride }

    /// An application-data record passed.
    mutating func record(from direction: Direction, length: Int, isVersion13: Bool, start: Timestamp, end: Timestamp) {
        guard direction == .fromServer else {
            guard length > Self.longestControl else { return }
            // More of the same request.
            if let current, current.bytes == 0, start - current.requestTime < .seconds(1) { return }
            close()
            current = TLSBurst(requestTime: start)
            return
        }
        // Tag and type byte; tag and explicit nonce (RFC 8446 section 5.2, RFC 5288 section 3).
        let content = max(0, length - (isVersion13 ? 17 : 24))
        guard var burst = current, content > 0 else { return }
        burst.firstByte = burst.firstByte ?? start
        burst.lastByte = end
        burst.bytes &+= UInt64(content)
        current = burst
    }

    private mutating func close() {
        defer { current = nil }
        guard let current, current.bytes >= Self.leastBytes else { return }
        count += 1
        if kept.count >= Self.capacity { kept.removeFirst() }
        kept.append(current)
    }

    /// The answers that are over, and the one under way where it is already one of media.
    var snapshot: [TLSBurst] {
        guard let current, current.bytes >= Self.leastBytes else { return kept }
        return kept + [current]
    }
}
