import StreamtopBase
import StreamtopModel

/// The course of a stream's losses, second by second, for the newest minute in which it sent.
struct RTPSeconds {
    /// Own: what a strip on a screen of 80 columns shows. 12 bytes each.
    private static let capacity = 64
    private static let second: Int64 = 1_000_000_000

    private struct Step {
        var second: Int32
        var expected: UInt16 = 0
        var lost: UInt16 = 0
        var lostFinal: UInt16 = 0
        var keyFrames: UInt8 = 0
    }

    private struct Totals {
        var expected: UInt64 = 0
        var lost: UInt64 = 0
        var lostFinal: UInt64 = 0
    }

    /// The counts of the newest are in `before` and `now` until it is over.
    private var steps: [Step] = []
    private var newest = Int32.min
    /// At the end of the second before the newest, and now.
    private var before = Totals()
    private var now = Totals()

    /// The stream's counts after a packet at `time`.
    mutating func observe(expected: UInt64, lost: UInt64, repaired: UInt64, at time: Timestamp) {
        let second = Int32(clamping: time.nanoseconds / Self.second)
        if second > newest || steps.isEmpty { begin(second) }
        now = Totals(expected: expected, lost: lost, lostFinal: lost - min(lost, repaired))
    }

    private mutating func begin(_ second: Int32) {
        if !steps.isEmpty { fill(&steps[steps.count - 1]) }
        before = now
        if steps.count == Self.capacity { steps.removeFirst() }
        steps.append(Step(second: second))
        newest = second
    }

    private func fill(_ step: inout Step) {
        step.expected = Self.growth(now.expected, before.expected)
        step.lost = Self.growth(now.lost, before.lost)
        step.lostFinal = Self.growth(now.lostFinal, before.lostFinal)
    }

    mutating func noteKeyFrame() {
        guard let count = steps.last?.keyFrames, count < .max else { return }
        steps[steps.count - 1].keyFrames = count + 1
    }

    var all: [RTPSecondSnapshot] {
        var steps = steps
        if !steps.isEmpty { fill(&steps[steps.count - 1]) }
        return steps.map {
            RTPSecondSnapshot(
                time: Timestamp(nanoseconds: Int64($0.second) * Self.second), expected: Int($0.expected),
                lost: Int($0.lost), lostFinal: Int($0.lostFinal), keyFrames: Int($0.keyFrames))
        }
    }

    /// Losses that are filled later shrink a count; a second has no less than none.
    private static func growth(_ now: UInt64, _ before: UInt64) -> UInt16 { UInt16(clamping: now - min(now, before)) }
}
