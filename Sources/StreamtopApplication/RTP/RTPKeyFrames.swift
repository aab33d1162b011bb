import StreamtopBase

/// Key frames of a stream, and how far apart they are. A picture of several packets, or of several slices, counts once.
struct RTPKeyFrames: Sendable {
    private(set) var count = 0
    private(set) var last: Timestamp?
    private var lastTimestamp: UInt32?
    private var sum: Nanoseconds = 0
    private var intervals = 0

    var meanInterval: Nanoseconds? { intervals > 0 ? sum / Int64(intervals) : nil }

    /// A packet of a key frame; true when it is the frame's first.
    mutating func observe(_ timestamp: UInt32, at time: Timestamp) -> Bool {
        guard lastTimestamp != timestamp else { return false }
        lastTimestamp = timestamp
        count &+= 1
        if let last {
            sum = saturatingAdd(sum, max(0, time - last))
            intervals &+= 1
        }
        last = time
        return true
    }
}
