/// Distribution of non-negative numbers with a relative error of at most 0.8 %, in memory that grows with what it saw.
///
/// The first 32 samples (below 2^32) are kept as they are: most flows are short, and their percentiles are then exact.
/// From the 33rd on, samples are counted in logarithmic buckets, 64 to the octave. Buckets exist only between the smallest and the
/// largest sample, so that a round trip between 30 and 250 ms costs under a kilobyte.
///
/// Every flow holds several of these, and every packet meets one or two: the numbers lie in a block of their own, without
/// an array's header.
///
/// This is one of the few files that use unsafe storage. The proof: `storage` is nil while `capacity` is 0, and else a live
/// allocation of `capacity` initialised numbers that nobody else holds until `make(capacity:)` or `deinit` frees it; the
/// subscript checks every index against `capacity`.
@safe
package struct LogHistogram: ~Copyable {
    /// Samples kept exactly.
    static let exactCapacity = 32
    /// Buckets to an octave, as a power of two: the bucket's half width is 1/128 of its value.
    private static let subBits = 6

    /// Number of samples.
    package var count: Int { Int(samples) }

    /// The samples, or how many fell into each bucket.
    private var storage: UnsafeMutablePointer<UInt32>?
    private var samples: UInt32 = 0
    // At most 3,712 buckets exist.
    /// Bucket number of the first bucket; `exact` while the samples are kept as they are.
    private var firstBucket: Int16 = Self.exact
    /// Numbers that there is room for.
    private var capacity: UInt16 = 0
    private static let exact: Int16 = -1

    package init() { unsafe storage = nil }

    deinit {
        if let storage = unsafe storage { unsafe Blocks.give(storage, Int(capacity)) }
    }

    private subscript(index: Int) -> UInt32 {
        get {
            precondition(index >= 0 && index < capacity, "beyond a histogram's end")
            return unsafe storage.unsafelyUnwrapped[index]
        }
        set {
            precondition(index >= 0 && index < capacity, "beyond a histogram's end")
            unsafe storage.unsafelyUnwrapped[index] = newValue
        }
    }

    /// A new block of `count` zeros takes the place of the one there is, of which `kept` numbers are copied to `position`.
    @inline(never)
    private mutating func make(capacity count: Int, keeping kept: Int, at position: Int) {
        precondition(kept <= capacity && position + kept <= count, "beyond a histogram's end")
        let block = unsafe Blocks.take(UInt32.self, count)
        unsafe block.initialize(repeating: 0, count: count)
        if let storage = unsafe storage {
            unsafe (block + position).update(from: storage, count: kept)
            unsafe Blocks.give(storage, Int(capacity))
        }
        unsafe storage = block
        capacity = UInt16(count)
    }

    /// Adds one sample; negative ones count as zero.
    package mutating func record(_ value: Int64) {
        let value = max(0, value)
        if firstBucket == Self.exact {
            if samples < Self.exactCapacity, let small = UInt32(exactly: value) {
                if count == Int(capacity) { make(capacity: max(4, count * 2), keeping: count, at: 0) }
                self[count] = small
                samples += 1
                return
            }
            sortIntoBuckets(with: value)
        }
        if samples < .max { samples += 1 }
        enter(Self.bucket(of: value))
    }

    /// Adds the same sample several times; callers have added one before.
    package mutating func record(_ value: Int64, times: Int) {
        guard times > 0 else { return }
        record(value)
        guard times > 1 else { return }
        if firstBucket == Self.exact {
            for _ in 1..<times { record(value) }
            return
        }
        let more = UInt32(clamping: times - 1)
        samples = samples.addingReportingOverflow(more).overflow ? .max : samples + more
        let index = Self.bucket(of: max(0, value)) - Int(firstBucket)
        let (sum, overflow) = self[index].addingReportingOverflow(more)
        self[index] = overflow ? .max : sum
    }

    /// Keeps `number` of the samples, spread evenly over their order; at least one, and only while each is kept exactly.
    package mutating func thin(to number: Int) {
        let number = max(1, number)
        guard firstBucket == Self.exact, number < count else { return }
        let all = count
        for index in 0..<number { self[index] = self[index * all / number] }
        samples = UInt32(number)
    }

    /// The place of the next sample will be needed soon; `value` is a guess at it.
    package func prefetch(_ value: Int64) {
        guard let storage = unsafe storage else { return }
        let index =
            firstBucket == Self.exact ? Int(samples) : Self.bucket(of: max(0, value)) &- Int(firstBucket)
        // However wild the guess: a prefetch reads nothing.
        unsafe StreamtopBase.prefetch(UnsafePointer(storage) + index)
    }

    /// The smallest sample that at least `share` (0 to 1) of all samples do not exceed; nil without samples.
    package func quantile(_ share: Double) -> Int64? {
        var result: Int64?
        quantiles([share]) { _, value in result = value }
        return result
    }

    /// The same for several shares, ascending, in one pass. `body` gets the index of each share; it is not called when
    /// there are no samples.
    package func quantiles<let number: Int>(_ shares: InlineArray<number, Double>, _ body: (Int, Int64) -> Void) {
        guard count > 0 else { return }
        if firstBucket == Self.exact {
            let sorted = sortedSamples
            for index in shares.indices { body(index, Int64(sorted[rank(of: shares[index])])) }
            return
        }
        var seen = 0
        var bucket = -1
        for index in shares.indices {
            let rank = rank(of: shares[index])
            // Most buckets lie below a share's rank: eight are added up at a time, and looked at one by one only near it.
            while bucket < Int(capacity) - Self.stretch {
                let more = sum(ofStretchBehind: bucket)
                if seen &+ more > rank { break }
                seen &+= more
                bucket &+= Self.stretch
            }
            while seen <= rank, bucket < Int(capacity) - 1 {
                bucket &+= 1
                // Below `capacity`, as the condition says.
                seen &+= Int(unsafe storage.unsafelyUnwrapped[bucket])
            }
            body(index, Self.middle(of: Int(firstBucket) + bucket))
        }
    }

    private static let stretch = 8

    /// Samples in the buckets behind `bucket`; all of the stretch lie below `capacity`.
    @inline(__always)
    private func sum(ofStretchBehind bucket: Int) -> Int {
        precondition(bucket >= -1 && bucket &+ Self.stretch < capacity, "beyond a histogram's end")
        var sum = 0
        for offset in 1...Self.stretch { sum &+= Int(unsafe storage.unsafelyUnwrapped[bucket &+ offset]) }
        return sum
    }

    /// The samples kept exactly, in order, without an allocation: there are few.
    private var sortedSamples: InlineArray<32, UInt32> {
        var sorted = InlineArray<32, UInt32>(repeating: .max)
        for end in 0..<min(count, Self.exactCapacity) {
            let value = self[end]
            var position = end
            // Below `count`, and so below 32: exact samples are no more.
            while position > 0, unsafe sorted[unchecked: position &- 1] > value {  // towards the front
                unsafe sorted[unchecked: position] = sorted[unchecked: position &- 1]
                position &-= 1
            }
            sorted[position] = value
        }
        return sorted
    }

    private func rank(of share: Double) -> Int { min(count - 1, max(0, Int(share * Double(count)))) }

    /// Puts the samples kept exactly into buckets, `value` among them.
    private mutating func sortIntoBuckets(with value: Int64) {
        var kept = InlineArray<32, Int>(repeating: 0)
        let own = Self.bucket(of: value)
        var (low, high) = (own, own)
        for index in 0..<count {
            let bucket = Self.bucket(of: Int64(self[index]))
            kept[index] = bucket
            (low, high) = (min(low, bucket), max(high, bucket))
        }
        make(capacity: high - low + 1, keeping: 0, at: 0)
        firstBucket = Int16(low)
        for index in 0..<count { self[kept[index] - low] += 1 }
    }

    private mutating func enter(_ bucket: Int) {
        let index = bucket - Int(firstBucket)
        if index < 0 {
            // A little more than what is needed: a distribution that spreads does so step by step.
            let spare = min(bucket, Int(capacity) / 8)
            make(capacity: Int(capacity) - index + spare, keeping: Int(capacity), at: spare - index)
            firstBucket = Int16(bucket - spare)
            self[spare] = 1
        } else {
            if index >= capacity { make(capacity: index + 1 + Int(capacity) / 8, keeping: Int(capacity), at: 0) }
            if self[index] < .max { self[index] += 1 }
        }
    }

    /// Bucket number of a non-negative value: exact up to 63, then 64 buckets for each doubling. At most 3,712 exist.
    private static func bucket(of value: Int64) -> Int {
        let bits = 63 - value.leadingZeroBitCount
        guard bits >= subBits else { return Int(value) }
        let shift = bits - subBits
        return (shift + 1) << subBits | Int(value >> Int64(shift)) & (1 << subBits - 1)
    }

    /// The value in the middle of a bucket.
    private static func middle(of bucket: Int) -> Int64 {
        guard bucket >= 1 << subBits else { return Int64(bucket) }
        let shift = bucket >> subBits - 1
        let low = Int64(1 << subBits | bucket & (1 << subBits - 1)) << Int64(shift)
        return low + Int64(1) << Int64(shift) / 2
    }
}
