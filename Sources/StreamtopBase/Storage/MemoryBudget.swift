/// The memory that bytes of the wire may take in one engine, whoever holds them: streams with holes, messages that are not
/// whole, records that wait for keys, bodies being read, fragments, and the state of the protocols that read them.
///
/// The budget only counts: each holder's bytes are charged when they change. Who gives up when it is spent is for its
/// owner to choose, and is counted here.
package struct MemoryBudget: Equatable, Sendable {
    /// 131,072 flows with 2 KB each, the most there are.
    package static let defaultCapacity = 256 << 20

    /// Bytes that may be held.
    package let capacity: Int
    /// Bytes held now, and at most so far.
    package private(set) var used = 0
    package private(set) var peak = 0
    /// Holders that had to give up bytes, and those bytes.
    package private(set) var releases: UInt64 = 0
    package private(set) var releasedBytes: UInt64 = 0

    package init(capacity: Int = MemoryBudget.defaultCapacity) {
        self.capacity = max(0, capacity)
    }

    /// A holder that held `before` bytes holds `now`.
    package mutating func change(from before: Int, to now: Int) {
        used += now - before  // sums over memory that exists
        peak = max(peak, used)
    }

    package var isSpent: Bool { used > capacity }

    /// A holder gave up `bytes`, which are to be charged off with `change(from:to:)`.
    package mutating func countRelease(of bytes: Int) {
        releases &+= 1  // 2^64 do not happen
        releasedBytes &+= UInt64(max(0, bytes))
    }
}
