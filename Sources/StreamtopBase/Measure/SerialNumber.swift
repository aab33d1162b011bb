/// Wrap-around comparison of 32-bit sequence numbers (RFC 9293 section 3.4, RFC 1982).
extension UInt32 {
    /// Signed distance from `other` to this number, modulo 2^32. Wrapping subtraction is the definition here.
    @inlinable
    package func distance(after other: UInt32) -> Int32 {
        Int32(bitPattern: self &- other)
    }

    @inlinable
    package func isAfter(_ other: UInt32) -> Bool { distance(after: other) > 0 }

    @inlinable
    package func isAtOrAfter(_ other: UInt32) -> Bool { distance(after: other) >= 0 }
}
