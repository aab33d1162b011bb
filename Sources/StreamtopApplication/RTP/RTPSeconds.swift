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

    private var steps: [Step] = []
    /// At the end of the second before the newest, and now.
    private var before = Totals()
    private var now = Totals()

    /// The stream's counts after a packet at `time`.
    mutating func observe(expected: UInt64, lost: UInt64, repaired: UInt64, at time: Timestamp) {
        let second = Int32(clamping: time.nanoseconds / Self.second)
        if steps.last.map({ second > $0.second }) ?? true {
            before = now
            if steps.count == Self.capacity { steps.removeFirst() }
            steps.append(Step(second: second))
        }
        now = Totals(expected: expected, lost: lost, lostFinal: lost - min(lost, repaired))
        let last = steps.count - 1
        steps[last].expected = Self.growth(now.expected, before.expected)
        steps[last].lost = Self.growth(now.lost, before.lost)
        steps[last].lostFinal = Self.growth(now.lostFinal, before.lostFinal)
    }

    mutating func noteKeyFrame() {
        guard let count = steps.last?.keyFrames, count < .max else { return }
        steps[steps.count - 1].keyFrames = count + 1
    }

    var all: [RTPSecondSnapshot] {
        steps.map {
            RTPSecondSnapshot(
                time: Timestamp(nanoseconds: Int64($0.second) * Self.second), expected: Int($0.expected),
                lost: Int($0.lost), lostFinal: Int($0.lostFinal), keyFrames: Int($0.keyFrames))
        }
    }

    /// Losses that are filled later shrink a count; a second has no less than none.
    private static func growth(_ now: UInt64, _ before: UInt64) -> UInt16 { UInt16(clamping: now - min(now, before)) }
}
