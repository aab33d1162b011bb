import StreamtopBase

/// Sequence numbers of one RTP stream: what is missing, came twice or came late, as the tap sees it.
///
/// Numbers are extended to 64 bits by the nearest distance (RFC 3550 appendix A.1). Which of the last `window` numbers were
/// seen stands in a bitmap, so that a late packet fills its hole and a repeated one fills none; the RFC's own difference of
/// expected and received counts a repeat as a found packet. A number is missing for good when it leaves the window.
///
/// A jump beyond `largestJump` either way is no loss: the sender may have restarted. As in the RFC it takes a second packet
/// with the next number to believe it; the numbers then begin anew.
package struct RTPSequence: Equatable, Sendable {
    /// Numbers remembered: 20 s of video at 100 packets a second.
    static let window: Int64 = 2_048
    /// RFC 3550 appendix A.1: MAX_DROPOUT.
    static let largestJump: Int64 = 3_000
    /// Lengths of bursts told apart; longer ones count as the last.
    static let burstLengths = 16

    package enum Outcome: Equatable, Sendable {
        case first
        case next
        /// So many numbers before this one have not come.
        case gap(Int)
        /// Came behind packets with higher numbers: so many numbers behind the highest.
        case late(Int)
        case duplicate
        /// Too far away to belong here; the next packet decides.
        case suspended
        /// The numbers begin anew with the packet before this one.
        case restart
    }

    package private(set) var packets: UInt64 = 0
    package private(set) var duplicates: UInt64 = 0
    package private(set) var reordered: UInt64 = 0
    package private(set) var restarts = 0
    /// Extended numbers, of the present run of numbers.
    package private(set) var lowest: Int64 = 0
    package private(set) var highest: Int64 = 0

    private var distinct: UInt64 = 0
    /// Of runs before the last restart.
    private var expectedBefore: UInt64 = 0
    /// The number that would follow a suspended packet.
    private var awaited: UInt16?
    private var seen: InlineArray<32, UInt64> = .init(repeating: 0)
    /// Numbers missing in a row so far, up to the one that left the window last.
    private var openBurst = 0
    private var bursts: InlineArray<16, UInt32> = .init(repeating: 0)
    private var longest = 0

    package init() {}

    package static func == (left: RTPSequence, right: RTPSequence) -> Bool {
        left.packets == right.packets && left.highest == right.highest && left.distinct == right.distinct
    }

    package var expected: UInt64 {
        packets == 0 ? 0 : expectedBefore &+ UInt64(highest - lowest + 1)  // highest >= lowest
    }

    package var lost: UInt64 { expected > distinct ? expected - distinct : 0 }

    /// The extended number nearest to the highest seen.
    package func extended(_ sequence: UInt16) -> Int64 {
        let distance = Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: highest))
        return highest + Int64(distance)
    }

    package mutating func observe(_ sequence: UInt16) -> Outcome {
        packets &+= 1
        guard packets > 1 else {
            begin(at: Int64(sequence))
            return .first
        }
        let number = extended(sequence)
        let step = number - highest
        if step > Self.largestJump || step <= -Self.window {
            guard awaited == sequence else {
                awaited = sequence &+ 1
                return .suspended
            }
            restart(at: Int64(sequence) - 1)
            return .restart
        }
        awaited = nil
        if step > 0 {
            advance(to: number)
            return step == 1 ? .next : .gap(Int(step) - 1)
        }
        guard !isSeen(number) else {
            duplicates &+= 1
            return .duplicate
        }
        mark(number)
        distinct &+= 1
        reordered &+= 1
        lowest = min(lowest, number)
        return .late(Int(-step))
    }

    /// The packet with this extended number was seen; false for those that left the window.
    package func isSeen(_ number: Int64) -> Bool {
        guard number <= highest, highest - number < Self.window else { return false }
        let bit = UInt64(truncatingIfNeeded: number) % UInt64(Self.window)
        return seen[Int(bit / 64)] >> (bit % 64) & 1 == 1
    }

    /// Bursts of missing numbers by length, those in the window included, and the longest.
    package var burstCounts: (lengths: [(length: Int, count: Int)], longest: Int) {
        var counts = bursts
        var longest = self.longest
        var open = openBurst
        let seen = self.seen
        var number = max(lowest, highest - Self.window + 1)
        while packets > 0, number <= highest {  // each turn goes on by one number at least
            let bit = Int(truncatingIfNeeded: number) & Int(Self.window - 1)
            let word = seen[bit / 64] >> UInt64(bit % 64)
            if word & 1 == 0 {
                open += 1
                number += 1
                continue
            }
            Self.close(&open, &counts, &longest)
            // Those that were seen in a row, up to the end of the word; what lies beyond the highest ends the turns.
            number += Int64((~word).trailingZeroBitCount)
        }
        Self.close(&open, &counts, &longest)
        return (counts.indices.filter { counts[$0] > 0 }.map { ($0 + 1, Int(counts[$0])) }, longest)
    }

    private static func close(_ open: inout Int, _ counts: inout InlineArray<16, UInt32>, _ longest: inout Int) {
        guard open > 0 else { return }
        counts[min(open, burstLengths) - 1] &+= 1
        longest = max(longest, open)
        open = 0
    }

    private mutating func begin(at number: Int64) {
        lowest = number
        highest = number
        seen = .init(repeating: 0)
        mark(number)
        distinct &+= 1
    }

    private mutating func restart(at first: Int64) {
        let (lengths, longest) = burstCounts
        bursts = .init(repeating: 0)
        for burst in lengths { bursts[burst.length - 1] = UInt32(clamping: burst.count) }
        self.longest = longest
        openBurst = 0
        expectedBefore &+= UInt64(highest - lowest + 1)
        restarts += 1
        awaited = nil
        begin(at: first)
        advance(to: first + 1)
    }

    /// At most `largestJump` turns.
    private mutating func advance(to number: Int64) {
        while highest < number {
            highest += 1
            let leaving = highest - Self.window
            if leaving >= lowest {
                let bit = UInt64(truncatingIfNeeded: highest) % UInt64(Self.window)
                if seen[Int(bit / 64)] >> (bit % 64) & 1 == 0 {
                    openBurst += 1
                } else if openBurst > 0 {
                    bursts[min(openBurst, Self.burstLengths) - 1] &+= 1
                    longest = max(longest, openBurst)
                    openBurst = 0
                }
            }
            let bit = UInt64(truncatingIfNeeded: highest) % UInt64(Self.window)
            seen[Int(bit / 64)] &= ~(1 << (bit % 64))
        }
        mark(number)
        distinct &+= 1
    }

    private mutating func mark(_ number: Int64) {
        let bit = UInt64(truncatingIfNeeded: number) % UInt64(Self.window)
        seen[Int(bit / 64)] |= 1 << (bit % 64)
    }
}
