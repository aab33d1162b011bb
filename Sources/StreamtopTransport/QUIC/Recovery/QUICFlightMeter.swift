import StreamtopBase

/// Bytes in flight as the sender has them, seen from a capture point that may be far from it.
///
/// A packet counts from the moment it passes; its acknowledgment must still travel from the capture point to the sender,
/// and the packet had left the sender earlier: both make one round trip between capture point and sender, by which the
/// release is put off.
struct QUICFlightMeter: ~Copyable {
    /// Releases that wait; beyond it the oldest is taken at once.
    private static let capacity = 4_096

    private struct Release: Sendable {
        var time: Timestamp
        var bytes: Int
    }

    private var waiting: [Release] = []
    private var head = 0
    private(set) var bytes = 0
    private(set) var maximum = 0
    private var histogram = LogHistogram()

    init() {}

    var hasSample: Bool { histogram.count > 0 }

    mutating func sent(_ count: Int, at time: Timestamp) {
        settle(at: time)
        bytes += count
        maximum = max(maximum, bytes)
        histogram.record(Int64(bytes))
    }

    /// `count` bytes are acknowledged or lost; `distance` is the round trip to the sender.
    mutating func released(_ count: Int, distance: Nanoseconds, at time: Timestamp) {
        settle(at: time)
        guard count > 0 else { return }
        guard distance > .milliseconds(1) else {
            bytes = max(0, bytes - count)
            return
        }
        if waiting.count - head >= Self.capacity { takeFirst() }
        waiting.append(Release(time: time + distance, bytes: count))
    }

    /// Takes the releases that are due.
    mutating func settle(at time: Timestamp) {
        while head < waiting.count, waiting[head].time <= time { takeFirst() }  // each turn takes one
        if head == waiting.count, head > 0 {
            waiting.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1_024 {
            waiting.removeFirst(head)
            head = 0
        }
    }

    /// Bytes in flight at `time`, which may lie behind the last packet.
    func bytes(at time: Timestamp) -> Int {
        var left = bytes
        for release in waiting[head...].prefix(while: { $0.time <= time }) { left = max(0, left - release.bytes) }
        return left
    }

    private mutating func takeFirst() {
        bytes = max(0, bytes - waiting[head].bytes)
        head += 1
    }

    var median: Int? { histogram.quantile(0.5).map { Int(clamping: $0) } }
}
