/// The hash of flow keys, one function out of many, drawn by a seed.
///
/// Who sends packets chooses the keys, and a table whose collisions he can choose too is slow at his will. So the
/// function has to be one that he cannot know, of a family in which no choice of keys is bad:
///
/// 1. NH, the first layer of UMAC (RFC 4418 section 5.2.2), takes the six words of a key two by two: the sum of
///    (word + secret) × (word + secret) in 128 bits. Two different keys get the same sum with a probability of at most
///    2^-64 over the secrets.
/// 2. The sum's four parts of 32 bits go through the same form with 64-bit secrets, of which the upper half is kept
///    ("Multilinear-HM", D. Lemire and O. Kaser, "Strongly universal string hashing is fast", 2014): two different sums
///    give any two hashes with a probability of exactly 2^-64.
///
/// Together: whichever two keys are chosen, without the secrets they collide with a probability of 2^-32 + 2^-64 at most,
/// and so for any number of their lowest bits. The hash leaves the program in no form. The secrets come from one 64-bit
/// seed (SplitMix64): random for a live capture, fixed for a test.
package struct FlowHash: Sendable {
    @usableFromInline let words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    @usableFromInline let parts: (UInt64, UInt64, UInt64, UInt64)
    @usableFromInline let offset: UInt64

    package init(seed: UInt64) {
        var state = seed
        func secret() -> UInt64 {
            // Wrapping arithmetic throughout: a hash has no range to leave.
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
        words = (secret(), secret(), secret(), secret(), secret(), secret())
        parts = (secret(), secret(), secret(), secret())
        offset = secret()
    }

    @inlinable
    @inline(__always)
    package func callAsFunction(_ key: FlowKey) -> UInt32 { UInt32(truncatingIfNeeded: mixed(key) >> 32) }

    /// The hash in the upper half, and in the lower one what is less evenly spread: for tables in which a stray match does little.
    @inlinable
    @inline(__always)
    package func mixed(_ key: FlowKey) -> UInt64 {
        let sum =
            Self.product(key.lowPrefix &+ words.0, key.lowSuffix &+ words.1)
            &+ Self.product(key.highPrefix &+ words.2, key.highSuffix &+ words.3)
            &+ Self.product(key.details &+ words.4, UInt64(key.tunnel) &+ words.5)
        let upper = UInt64(truncatingIfNeeded: sum >> 64)
        let lower = UInt64(truncatingIfNeeded: sum)
        return offset &+ ((upper >> 32) &+ parts.0) &* ((upper & 0xffff_ffff) &+ parts.1)
            &+ ((lower >> 32) &+ parts.2) &* ((lower & 0xffff_ffff) &+ parts.3)
    }

    /// All 128 bits of the product: one instruction, the upper halves being 0.
    @inlinable
    @inline(__always)
    static func product(_ left: UInt64, _ right: UInt64) -> UInt128 { UInt128(left) &* UInt128(right) }
}
