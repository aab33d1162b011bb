/// Bits a second over a sliding second, in steps of 100 ms, and the largest such value so far.
package struct RateMeter: Equatable, Sendable {
    private static let step: Nanoseconds = .milliseconds(100)
    private static let steps = 10

    /// Bytes of the last ten steps; index is the step number modulo ten.
    private var bytes: InlineArray<10, UInt32> = .init(repeating: 0)
    private var current: Int64 = .min
    private var sum: UInt64 = 0
    private var first: Int64 = 0
    /// Largest rate over one full second, bits a second; 0 while the flow is younger.
    package private(set) var maximum = 0.0

    package init() {}

    package static func == (left: RateMeter, right: RateMeter) -> Bool {
        left.current == right.current && left.sum == right.sum && left.maximum == right.maximum
    }

    package mutating func record(_ count: Int, at time: Timestamp) {
        let step = time.nanoseconds / Self.step
        if current == .min {
            current = step
            first = step
        }
        if step > current { advance(to: step) }
        let index = slot(current)
        let added = UInt32(clamping: max(0, count))
        let (total, overflow) = bytes[index].addingReportingOverflow(added)
        if !overflow {
            bytes[index] = total
            sum += UInt64(added)
        }
    }

    /// Bits a second over the second that ends at `time`; nil before anything was recorded.
    package func rate(at time: Timestamp) -> Double? {
        guard current != .min else { return nil }
        let now = max(current, time.nanoseconds / Self.step)
        var total: UInt64 = 0
        for back in 0..<Int64(Self.steps) {
            let step = now - back
            if step <= current, step > current - Int64(Self.steps), step >= first { total += UInt64(bytes[slot(step)]) }
        }
        let age = min(Int64(Self.steps), max(1, now - first + 1))
        return Double(total) * 80 / Double(age)
    }

    private mutating func advance(to step: Int64) {
        let age = min(Int64(Self.steps), current - first + 1)
        if age == Int64(Self.steps) { maximum = max(maximum, Double(sum) * 80 / Double(age)) }
        var next = max(current + 1, step - Int64(Self.steps) + 1)
        if next > current + 1 {
            for index in 0..<Self.steps { bytes[index] = 0 }
            sum = 0
            next = step
        }
        while next <= step {  // at most ten passes
            let index = slot(next)
            sum -= UInt64(bytes[index])
            bytes[index] = 0
            next += 1
        }
        current = step
    }

    private func slot(_ step: Int64) -> Int {
        let index = Int(step % Int64(Self.steps))
        return index < 0 ? index + Self.steps : index
    }
}
