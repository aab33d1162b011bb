extension [UInt8] {
    /// Bytes of the hex digits in `hex`; everything that is not a digit is layout. For vectors from specifications.
    package init(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue).map(UInt8.init)
        self = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Lower-case hex digits, to compare and print.
    package var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
