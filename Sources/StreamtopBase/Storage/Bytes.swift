extension [UInt8] {
    /// The bytes, borrowed.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        borrowing get {
            // `bytes` of a span is marked unsafe for element types with padding; UInt8 has none.
            let bytes = unsafe span.bytes
            return unsafe _overrideLifetime(bytes, borrowing: self)
        }
    }

    /// Adds a copy of `bytes` at the end.
    package mutating func append(_ bytes: RawSpan) {
        // The buffer is the span's own memory and is copied before the span ends.
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}

extension RawSpan {
    /// Both hold the same bytes.
    package func holdsSame(as other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        return unsafe withUnsafeBytes { mine in
            unsafe other.withUnsafeBytes { theirs in unsafe mine.elementsEqual(theirs) }
        }
    }
}
