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
    private var exact: [UInt32] = []
    private var buckets: [UInt32] = []
    /// Bucket number of `buckets[0]`.
    private var firstBucket: Int32 = 0

    package init() {}

    /// Adds one sample; negative ones count as zero.
    package mutating func record(_ value: Int64) {
        let value = max(0, value)
        if samples < .max { samples += 1 }
        if buckets.isEmpty {
            if exact.count < Self.exactCapacity, let small = UInt32(exactly: value) {
                exact.append(small)
                return
            }
            for sample in exact { recordBucket(Self.bucket(of: Int64(sample))) }
            exact = []
        }
        recordBucket(Self.bucket(of: value))
    }

    /// The place of the next sample will be needed soon; `value` is a guess at it.
    package func prefetch(_ value: Int64) {
        if buckets.isEmpty {
            exact.prefetch(exact.count)
        } else {
            buckets.prefetch(Self.bucket(of: max(0, value)) - Int(firstBucket))
        }
    }

    /// The smallest sample that at least `share` (0 to 1) of all samples do not exceed; nil without samples.
    package func quantile(_ share: Double) -> Int64? {
        guard count > 0 else { return nil }
        let rank = min(count - 1, max(0, Int(share * Double(count))))
        if buckets.isEmpty { return Int64(exact.sorted()[min(rank, exact.count - 1)]) }
        var seen = 0
        for index in buckets.indices {
            seen += Int(buckets[index])
            if seen > rank { return Self.middle(of: Int(firstBucket) + index) }
        }
        return Self.middle(of: Int(firstBucket) + buckets.count - 1)
    }

    private mutating func recordBucket(_ bucket: Int) {
        // At most 3,712 buckets exist: they fit.
        var index = bucket - Int(firstBucket)
        if buckets.isEmpty {
            firstBucket = Int32(bucket)
            buckets.append(0)
            index = 0
        } else if index < 0 {
            buckets.insert(contentsOf: repeatElement(0, count: -index), at: 0)
            firstBucket = Int32(bucket)
            index = 0
        } else if index >= buckets.count {
            buckets.append(contentsOf: repeatElement(0, count: index - buckets.count + 1))
        }
        if buckets[index] < .max { buckets[index] += 1 }
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
