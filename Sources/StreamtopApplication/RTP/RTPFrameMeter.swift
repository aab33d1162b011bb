import StreamtopBase

/// Pictures of a video stream: packets of one timestamp. Counts, sizes, the jitter of first packets, and freezes.
///
/// Timestamps need not ascend (B-frames), so a frame is new when its timestamp is none of the last ones.
package struct RTPFrameMeter: ~Copyable {
    private static let remembered = 64

    private struct Frame {
        var timestamp: UInt32
        var bytes: Int
    }

    private var recent: [Frame] = []
    private var next = 0
    /// Index in `recent` of the frame of the last packet.
    private var current = 0
    package private(set) var count = 0
    /// Frames whose timestamp was before that of the frame before.
    package private(set) var backward = 0
    package var jitter = RTPJitterMeter()
    private var sizes = LogHistogram()
    package private(set) var freezes = RTPFreezeMeter()
    /// The last frame ended and waits for a hole before it to be filled.
    private var isWaiting = false

    init() {}

    package var medianBytes: Int? { sizes.quantile(0.5).map { Int($0) } }

    /// A packet with media; true when it begins a frame.
    mutating func observe(_ timestamp: UInt32, bytes: Int, isMarked: Bool, isWhole: Bool, at time: Timestamp) -> Bool {
        var isNew = false
        if recent.isEmpty || recent[current].timestamp != timestamp {
            if let known = recent.lastIndex(where: { $0.timestamp == timestamp }) {
                recent[known].bytes += bytes  // at most 65,535 for each packet
                return false
            }
            isNew = true
            count &+= 1
            if !recent.isEmpty, recent[current].timestamp.isAfter(timestamp) { backward &+= 1 }
            jitter.observe(timestamp, at: time)
            let frame = Frame(timestamp: timestamp, bytes: 0)
            if recent.count < Self.remembered {
                recent.append(frame)
                current = recent.count - 1
            } else {
                sizes.record(Int64(recent[next].bytes))
                recent[next] = frame
                current = next
                next = (next + 1) % Self.remembered
            }
        }
        recent[current].bytes += bytes
        if isMarked { end(isWhole: isWhole, at: time) }
        return isNew
    }

    /// The hole that held frames back was filled, or given up.
    mutating func release(at time: Timestamp) {
        guard isWaiting else { return }
        isWaiting = false
        freezes.show(at: time)
    }

    private mutating func end(isWhole: Bool, at time: Timestamp) {
        if isWhole {
            isWaiting = false
            freezes.show(at: time)
        } else {
            isWaiting = true
        }
    }

    /// Median of all frames, the remembered ones included.
    borrowing func medianSize() -> Int? {
        if sizes.count < Self.remembered {
            let sorted = recent.map(\.bytes).sorted()
            return sorted.isEmpty ? nil : sorted[sorted.count / 2]
        }
        return medianBytes
    }

    mutating func interrupt() {
        jitter.interrupt()
        freezes.interrupt()
    }
}

/// Pauses between complete frames that a viewer sees: longer than max(3 × average, average + 150 ms), the average being
/// that of the last 30 frames (W3C webrtc-stats freezeCount; libwebrtc's video quality observer counts so from the fifth
/// frame on).
package struct RTPFreezeMeter: Sendable {
    private static let averaged = 30
    private static let fewest = 5
    private static let leastExcess: Nanoseconds = .milliseconds(150)

    package private(set) var count = 0
    package private(set) var total: Nanoseconds = 0
    package private(set) var longest: Nanoseconds = 0
    package private(set) var frames = 0
    private var gaps: InlineArray<30, Nanoseconds> = .init(repeating: 0)
    private var used = 0
    private var sum: Nanoseconds = 0
    private var last: Timestamp?

    init() {}

    mutating func show(at time: Timestamp) {
        frames &+= 1
        defer { last = time }
        guard let last else { return }
        let gap = min(max(0, time - last), .seconds(3_600))
        if used >= Self.fewest {
            let average = sum / Int64(min(used, Self.averaged))
            if gap >= max(3 * average, average + Self.leastExcess) {
                count &+= 1
                total = saturatingAdd(total, gap)
                longest = max(longest, gap)
            }
        }
        let position = used % Self.averaged
        if used >= Self.averaged { sum -= gaps[position] }
        gaps[position] = gap
        sum += gap  // 30 hours at most
        used &+= 1
    }

    /// Silence until now, while a stream lasts: a freeze that has not ended yet counts as soon as it is long enough.
    mutating func interrupt() { last = nil }
}
