/// The smallest of the samples of the last `window`, in three slots (Kathleen Nichols' method, as used for the minimum
/// round trip by the Linux kernel): the best, and the best of those that came later, so that a successor is at hand when
/// the best grows too old.
package struct WindowedMinimum: Equatable, Sendable {
    private struct Slot: Equatable, Sendable {
        var time: Timestamp
        var value: Int64
    }

    private var best: Slot?
    private var second = Slot(time: Timestamp(nanoseconds: 0), value: 0)
    private var third = Slot(time: Timestamp(nanoseconds: 0), value: 0)

    package init() {}

    /// Smallest sample of the window that ended with the last sample; nil without samples.
    package var value: Int64? { best?.value }

    package mutating func record(_ value: Int64, at time: Timestamp, window: Nanoseconds) {
        let slot = Slot(time: time, value: value)
        guard let first = best, value > first.value, time - third.time <= window else {
            best = slot
            second = slot
            third = slot
            return
        }
        if value <= second.value {
            second = slot
            third = slot
        } else if value <= third.value {
            third = slot
        }
        let age = time - first.time
        if age > window {
            best = second
            second = third
            third = slot
            if time - second.time > window {
                best = second
                second = third
                third = slot
            }
        } else if second.time == first.time, age > window / 4 {
            // a quarter of the window without a better one: take the next quarter's best as second
            second = slot
            third = slot
        } else if third.time == second.time, age > window / 2 {
            third = slot
        }
    }

    package mutating func reset() { best = nil }
}
