/// Packet numbers travel cut to their low 1 to 4 bytes (RFC 9000 section 17.1).
package enum QUICPacketNumber {
    /// The full number nearest to the one after `largest` that ends in `truncated` (RFC 9000 appendix A.3).
    /// `largest` is nil before the first packet of a space; `length` is 1 to 4 bytes.
    package static func decode(truncated: UInt32, length: Int, largest: UInt64?) -> UInt64 {
        let expected = largest.map { $0 &+ 1 } ?? 0  // below 2^62 + 1
        let window = UInt64(1) << UInt64(8 * min(4, max(1, length)))
        let half = window / 2
        let candidate = (expected & ~(window - 1)) | UInt64(truncated)
        if candidate &+ half <= expected, candidate < (1 << 62) - window { return candidate &+ window }
        if candidate > expected &+ half, candidate >= window { return candidate &- window }
        return candidate
    }
}
