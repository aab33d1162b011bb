/// Distribution of non-negative numbers with a relative error of at most 0.8 %, in memory that grows with what it saw.
///
/// The first 32 samples are kept as they are: most flows are short, and their percentiles are then exact. From the 33rd
/// on, samples are counted in logarithmic buckets, 64 to the octave. Buckets exist only between the smallest and the
/// largest sample, so that a round trip between 30 and 250 ms costs under a kilobyte.
package struct LogHistogram: Equatable, Sendable {
    /// Samples kept exactly.
    static let exactCapacity = 32
    /// Buckets to an octave, as a power of two: the bucket's half width is 1/128 of its value.
    private static let subBits = 6

    /// Number of samples.
    package private(set) var count = 0
    private var exact: [Int64] = []
    private var buckets: [UInt32] = []
    /// Bucket number of `buckets[0]`.
    private var firstBucket = 0

    package init() {}

    /// Adds one sample; negative ones count as zero.
    package mutating func record(_ value: Int64) {
        let value = max(0, value)
        count &+= 1  // cannot wrap: one for each packet seen
        if buckets.isEmpty {
            if exact.count < Self.exactCapacity {
                exact.append(value)
                return
            }
            for sample in exact { recordBucket(Self.bucket(of: sample)) }
            exact = []
        }
        recordBucket(Self.bucket(of: value))
    }

    /// The smallest sample that at least `share` (0 to 1) of all samples do not exceed; nil without samples.
    package func quantile(_ share: Double) -> Int64? {
        guard count > 0 else { return nil }
        let rank = min(count - 1, max(0, Int(share * Double(count))))
        if buckets.isEmpty { return exact.sorted()[rank] }
        var seen = 0
        for index in buckets.indices {
            seen += Int(buckets[index])
            if seen > rank { return Self.middle(of: firstBucket + index) }
        }
        return Self.middle(of: firstBucket + buckets.count - 1)
    }

    private mutating func recordBucket(_ bucket: Int) {
        if buckets.isEmpty {
            firstBucket = bucket
            buckets.append(1)
            return
        }
        if bucket < firstBucket {
            buckets.insert(contentsOf: repeatElement(0, count: firstBucket - bucket), at: 0)
            firstBucket = bucket
        } else if bucket >= firstBucket + buckets.count {
            buckets.append(contentsOf: repeatElement(0, count: bucket - firstBucket - buckets.count + 1))
        }
        let index = bucket - firstBucket
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
