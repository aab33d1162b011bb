import StreamtopBase
import StreamtopModel

/// When the chunks of a response ended (RFC 9112 section 7.1), as spans from one to the next.
struct HTTPChunkTimes: Sendable {
    /// Spans kept; of more, the newest are.
    static let capacity = 256

    private(set) var count = 0
    private var last: Timestamp?
    /// In microseconds.
    private var spans: [UInt32] = []
    /// Memory of the spans kept.
    var heldBytes: Int { spans.capacity * MemoryLayout<UInt32>.stride }

    init() {}

    /// A chunk ended.
    mutating func end(at time: Timestamp) {
        count += 1
        defer { last = time }
        guard let last else { return }
        let span = UInt32(clamping: max(0, time - last) / 1_000)
        if spans.count < Self.capacity { spans.append(span) } else { spans[(count - 2) % Self.capacity] = span }
    }

    var snapshot: DurationSpread? {
        guard !spans.isEmpty else { return nil }
        let sorted = spans.sorted()
        func rank(_ share: Double) -> Nanoseconds {
            Nanoseconds(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) * 1_000
        }
        return DurationSpread(samples: sorted.count, p50: rank(0.5), p95: rank(0.95), maximum: rank(1))
    }
}
