import StreamtopBase

/// What a sender has under way and knows to have arrived, counted packet by packet at a capture point that may be far from it.
/// `FlightMeter` is told what this comes to.
///
/// A packet counts from the moment it passes; its acknowledgment must still travel from the capture point to the sender,
/// and the packet had left the sender earlier: both make one round trip between capture point and sender, by which what an
/// acknowledgment tells is put off.
struct QUICFlightCount: ~Copyable {
    /// Releases that wait; beyond it the oldest is taken at once.
    private static let capacity = 4_096

    /// What an acknowledgment brings to the sender.
    struct Release: Equatable, Sendable {
        /// Bytes acknowledged or held for lost.
        var bytes: Int
        /// Highest 1-RTT packet number acknowledged so far plus one; 0 while there is none.
        var acknowledged: UInt64 = 0
        /// The sender enters recovery, and cuts its window.
        var startsRecovery = false
    }

    private struct Waiting: Sendable {
        var time: Timestamp
        var release: Release
    }

    private var waiting: [Waiting] = []
    private var head = 0
    private(set) var bytes = 0
    /// Highest 1-RTT packet number plus one of which the sender knows that it arrived; 0 while there is none.
    private(set) var acknowledged: UInt64 = 0
    private var hasCut = false

    init() {}

    mutating func sent(_ count: Int, at time: Timestamp) {
        settle(at: time)
        bytes += count
    }

    /// `distance` is the round trip to the sender.
    mutating func released(_ release: Release, distance: Nanoseconds, at time: Timestamp) {
        settle(at: time)
        guard distance > .milliseconds(1) else { return take(release) }
        guard release.bytes > 0 || release.startsRecovery || release.acknowledged > acknowledged else { return }
        if waiting.count - head >= Self.capacity { takeFirst() }
        waiting.append(Waiting(time: time + distance, release: release))
    }

    /// The sender has cut its window since this was asked last.
    mutating func takeCut() -> Bool {
        defer { hasCut = false }
        return hasCut
    }

    /// Takes the releases that are due.
    mutating func settle(at time: Timestamp) {
        while head < waiting.count, waiting[head].time <= time { takeFirst() }  // each pass takes one
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
        for entry in waiting[head...].prefix(while: { $0.time <= time }) { left = max(0, left - entry.release.bytes) }
        return left
    }

    private mutating func takeFirst() {
        take(waiting[head].release)
        head += 1
    }

    private mutating func take(_ release: Release) {
        bytes = max(0, bytes - release.bytes)
        acknowledged = max(acknowledged, release.acknowledged)
        if release.startsRecovery { hasCut = true }
    }
}
