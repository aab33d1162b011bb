import StreamtopBase

/// A jitter buffer as a receiver behind the tap may have one: it holds packets for the delay that 95 % of the last ten
/// seconds' packets did not exceed (NetEq's forget factor and quantile give about that), at least one packet's time.
///
/// The real receiver is not seen: the figure is a model and is called so.
package struct PlayoutModel: Sendable {
    private static let remembered = 512
    private static let quantile = 0.95
    private static let longest = 0.5
    private static let refresh: Nanoseconds = .seconds(1)
    private static let window: Nanoseconds = .seconds(10)

    private var delays: [Float] = []
    private var next = 0
    private var base = WindowedMinimum()
    private var refreshed: Timestamp?
    /// Seconds; nil before there is enough to go by.
    package private(set) var target: Double?
    package private(set) var late: UInt64 = 0
    package private(set) var underruns = 0
    private var wasLate = false
    private var targetSum = 0.0
    private var targetCount = 0

    init() {}

    /// Mean of the target since the start, in nanoseconds; nil before there is one.
    package var meanBuffer: Nanoseconds? {
        targetCount > 0 ? Nanoseconds((targetSum / Double(targetCount) * 1e9).rounded()) : nil
    }

    /// The place of the next delay will be needed soon.
    @inline(__always)
    func prefetchNext() { delays.prefetch(next) }

    /// `transit` is arrival less media time in seconds; `packetTime` the media in one packet. True when the packet comes
    /// after its play time.
    mutating func observe(_ transit: Double, packetTime: Double, at time: Timestamp) -> Bool {
        guard transit.isFinite, abs(transit) < 1e8 else { return false }
        base.record(Int64(transit * 1e9), at: time, window: Self.window)
        let delay = max(0, transit - Double(base.value ?? 0) / 1e9)
        let isLate = target.map { delay > $0 } ?? false
        if isLate { late &+= 1 }
        if isLate, !wasLate { underruns &+= 1 }
        wasLate = isLate
        if delays.count < Self.remembered {
            delays.append(Float(delay))
        } else {
            delays[next] = Float(delay)
            next = (next + 1) % Self.remembered
        }
        if refreshed.map({ time - $0 >= Self.refresh }) ?? (delays.count >= 16) {
            refreshed = time
            let reach = Double(Self.reach(of: delays))
            // The buffer is filled by whole packets: one is being played, one has to be there.
            let value = min(Self.longest, max(2 * packetTime, reach + packetTime))
            target = value
            targetSum += value
            targetCount &+= 1
        }
        return isLate
    }

    /// The delay that the share of them did not exceed: few are larger, so only these are put in order.
    private static func reach(of delays: [Float]) -> Float {
        let number = delays.count - min(delays.count - 1, Int(quantile * Double(delays.count)))  // at most 26 of 512
        var largest = InlineArray<32, Float>(repeating: -1)
        for delay in delays where delay > largest[number - 1] {
            var position = number - 1
            while position > 0, largest[position - 1] < delay {  // towards the front
                largest[position] = largest[position - 1]
                position -= 1
            }
            largest[position] = delay
        }
        return largest[number - 1]
    }

    mutating func interrupt() {
        base.reset()
        wasLate = false
    }
}
