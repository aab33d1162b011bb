/// Distribution of non-negative numbers with a relative error of at most 0.8 %, in memory that grows with what it saw.
///
/// The first 32 samples (below 2^32) are kept as they are: most flows are short, and their percentiles are then exact. From the 33rd
/// on, samples are counted in logarithmic buckets, 64 to the octave. Buckets exist only between the smallest and the
/// largest sample, so that a round trip between 30 and 250 ms costs under a kilobyte.
package struct LogHistogram: Equatable, Sendable {
    /// Samples kept exactly.
    static let exactCapacity = 32
    /// Buckets to an octave, as a power of two: the bucket's half width is 1/128 of its value.
    private static let subBits = 6

    /// Number of samples.
    package var count: Int { Int(samples) }

    private var samples: UInt32 = 0
    /// Bucket number of the first bucket; `exact` while the samples are kept as they are.
    private var firstBucket: Int32 = Self.exact
    private static let exact: Int32 = -1
    /// The samples, or how many fell into each bucket.
    private var values: [UInt32] = []

    package init() {}

    /// Adds one sample; negative ones count as zero.
    package mutating func record(_ value: Int64) {
        let value = max(0, value)
        if firstBucket == Self.exact {
            if samples < Self.exactCapacity, let small = UInt32(exactly: value) {
                // Room for a few, then for all of them: most flows have few, the others have many.
                if values.count == values.capacity { values.reserveCapacity(samples < 8 ? 8 : Self.exactCapacity) }
                values.append(small)
                samples += 1
                return
            }
            sortIntoBuckets(with: value)
        }
        if samples < .max { samples += 1 }
        count(Self.bucket(of: value))
    }

    /// The place of the next sample will be needed soon; `value` is a guess at it.
    package func prefetch(_ value: Int64) {
        values.prefetch(
            firstBucket == Self.exact ? Int(samples) : Self.bucket(of: max(0, value)) &- Int(firstBucket))
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
            while seen <= rank, bucket < values.count - 1 {
                bucket += 1
                seen += Int(values[bucket])
            }
            body(index, Self.middle(of: Int(firstBucket) + bucket))
        }
    }

    /// The samples kept exactly, in order, without an allocation: there are few.
    private var sortedSamples: InlineArray<32, UInt32> {
        var sorted = InlineArray<32, UInt32>(repeating: .max)
        for (end, value) in values.enumerated() {
            var place = end
            while place > 0, sorted[place - 1] > value {  // towards the front
                sorted[place] = sorted[place - 1]
                place -= 1
            }
            sorted[place] = value
        }
        return sorted
    }

    private func rank(of share: Double) -> Int { min(count - 1, max(0, Int(share * Double(count)))) }

    /// Turns the samples kept exactly into buckets, with room for `value`.
    private mutating func sortIntoBuckets(with value: Int64) {
        let kept = values
        let own = Self.bucket(of: value)
        var (low, high) = (own, own)
        for sample in kept {
            let bucket = Self.bucket(of: Int64(sample))
            (low, high) = (min(low, bucket), max(high, bucket))
        }
        firstBucket = Int32(low)  // at most 3,712 buckets exist
        values = [UInt32](repeating: 0, count: high - low + 1)
        for sample in kept { values[Self.bucket(of: Int64(sample)) - low] += 1 }
    }

    private mutating func count(_ bucket: Int) {
        var index = bucket - Int(firstBucket)
        if index < 0 || index >= values.count {
            widen(to: bucket)
            index = bucket - Int(firstBucket)
        }
        if values[index] < .max { values[index] += 1 }
    }

    /// Adds buckets up to `bucket`, which lies outside.
    @inline(never)
    private mutating func widen(to bucket: Int) {
        let index = bucket - Int(firstBucket)
        if index < 0 {
            values.insert(contentsOf: repeatElement(0, count: -index), at: 0)
            firstBucket = Int32(bucket)
        } else {
            values.append(contentsOf: repeatElement(0, count: index - values.count + 1))
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
