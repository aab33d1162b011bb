import StreamtopBase
import StreamtopModel

/// Requests and answers of a connection that nobody can read, whatever encrypts it (handbook 5.9): something of the client's asks, and
/// what the server sends until the next one answers.
package struct AnswerBursts: Sendable {
    /// Answers kept; the newest.
    static let capacity = 128
    /// A smaller answer is no segment of media.
    static let leastBytes: UInt64 = 8_192

    private var kept: [AnswerBurst] = []
    private var current: AnswerBurst?

    package init() {}

    package var heldBytes: Int { kept.capacity * MemoryLayout<AnswerBurst>.stride }

    /// The client asked. More of the same request is none.
    package mutating func ask(at time: Timestamp) {
        if let current, current.bytes == 0, time - current.requestTime < .seconds(1) { return }
        close()
        current = AnswerBurst(requestTime: time)
    }

    /// The server sent so many bytes of content, from `start` on.
    package mutating func answer(_ content: Int, start: Timestamp, end: Timestamp) {
        guard var burst = current, content > 0 else { return }
        burst.firstByte = burst.firstByte ?? start
        burst.lastByte = end
        burst.bytes &+= UInt64(content)
        current = burst
    }

    private mutating func close() {
        defer { current = nil }
        guard let current, current.bytes >= Self.leastBytes else { return }
        if kept.count >= Self.capacity { kept.removeFirst() }
        kept.append(current)
    }

    /// The answers that are over, and the one under way where it is already one of media.
    package var snapshot: [AnswerBurst] {
        guard let current, current.bytes >= Self.leastBytes else { return kept }
        return kept + [current]
    }
}
