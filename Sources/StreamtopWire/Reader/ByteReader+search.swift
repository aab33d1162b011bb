extension ByteReader {
    /// Bytes before the next `byte`; nil where there is none. Does not move.
    package func distance(to byte: UInt8) -> Int? {
        // The buffer is the span's own memory and is read before the span ends.
        unsafe restSpan.withUnsafeBytes { unsafe $0.firstIndex(of: byte) }
    }
}
