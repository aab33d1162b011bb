import StreamtopBase
import Testing

@testable import StreamtopTransport

/// A busy sender whose path became longer, and what is none.
@Suite struct FullQueueTests {
    /// Losses at a full queue every two seconds; the round trip rises to `first` before the first two and to `second` before the
    /// third. `jump`: it gets there at once; `rate`: bytes a second in the end, a million before.
    private func step(first: Int64, second: Int64, jump: Bool, rate: UInt64 = 1_000_000) -> Nanoseconds? {
        var meter = FullQueueMeter()
        var delivered: UInt64 = 0
        for cycle in 0..<3 {
            let top = cycle < 2 ? first : second
            let begin = Int64(cycle) * 2000
            for index in Int64(0)..<100 {
                var sample = first - 30 + 30 * index / 100
                if cycle == 2 {
                    sample =
                        jump
                        ? (index < 50 ? sample : sample + second - first)
                        : top - 30 - (second - first)
                            + (30 + second - first) * index / 100
                }
                meter.observe(.milliseconds(sample), at: Timestamp(nanoseconds: (begin + index * 20) * 1_000_000))
            }
            delivered += 2 * (cycle == 2 ? rate : 1_000_000)
            meter.observe(.milliseconds(top), at: Timestamp(nanoseconds: (begin + 1999) * 1_000_000))
            meter.observeLoss(delivered: delivered, at: Timestamp(nanoseconds: (begin + 2000) * 1_000_000))
        }
        return meter.take()?.size
    }

    @Test func longerPathShowsAtTheNextFullQueue() {
        #expect(step(first: 80, second: 110, jump: true) == .milliseconds(30))
    }

    /// A sawtooth of a queue; in its middle the round trip jumps by `jumps` ms, and goes on from there, or from below.
    private func unsettled(jumps: [Int64], back: Bool = false) -> Nanoseconds? {
        var meter = FullQueueMeter()
        var offset: Int64 = 0
        var time = Timestamp(nanoseconds: 0)
        func play(_ count: Int) {
            for index in 0..<count {
                meter.observe(.milliseconds(60 + offset + Int64(index % 30)), at: time)
                time = time + .milliseconds(10)
            }
        }
        play(315)
        for jump in jumps {
            offset += jump
            play(300)
            if back { offset -= jump }
        }
        play(30)
        return meter.unsettled
    }

    @Test func jumpThatStaysMayBeThePath() {
        #expect(unsettled(jumps: [60]) == .milliseconds(46))
    }

    /// A probe empties the queue for a while; afterwards it stands as before.
    @Test func returnFromADipIsNoJump() {
        var meter = FullQueueMeter()
        for index in 0..<900 {
            let isProbing = (400..<420).contains(index)
            meter.observe(
                .milliseconds(index < 20 ? 40 + Int64(index) * 2 : isProbing ? 42 : 90 + Int64(index % 10)),
                at: Timestamp(nanoseconds: Int64(index) * 10_000_000))
        }
        #expect(meter.unsettled == nil)
    }

    /// Small; one that passes; one of many.
    @Test func otherJumpsSayNothingOfThePath() {
        #expect(unsettled(jumps: []) == nil)
        #expect(unsettled(jumps: [60], back: true) == nil)
        #expect(unsettled(jumps: [60, 60, 60]) == nil)
    }

    /// Filled step by step; slower; a little longer only.
    @Test func queuesAreNoPath() {
        #expect(step(first: 80, second: 110, jump: false) == nil)
        #expect(step(first: 80, second: 160, jump: true, rate: 500_000) == nil)
        #expect(step(first: 80, second: 95, jump: true) == nil)
    }
}
