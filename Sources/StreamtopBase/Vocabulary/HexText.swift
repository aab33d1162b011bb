extension String {
    /// Two lower-case hexadecimal digits for each of `bytes`, with `separator` between them.
    package init(hexOf bytes: [UInt8], separator: UInt8? = nil) {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 3)
        for byte in bytes {
            if let separator, !text.isEmpty { text.append(separator) }
            text.append(Self.hexDigit(byte >> 4))
            text.append(Self.hexDigit(byte & 15))
        }
        self.init(decoding: text, as: UTF8.self)
    }

    /// The ASCII character of a number below 16.
    @inlinable
    package static func hexDigit(_ number: UInt8) -> UInt8 {
        number < 10 ? UInt8(ascii: "0") &+ number : UInt8(ascii: "a") &+ number &- 10
    }

    /// The ASCII characters of `word` stand somewhere in it. The library's `contains` works on characters, which costs a hundred
    /// times as much.
    package func containsASCII(_ word: StaticString) -> Bool {
        var copy = self
        return copy.withUTF8 { text in
            word.withUTF8Buffer { word in
                guard text.count >= word.count else { return false }
                for start in 0...(text.count - word.count) {
                    var length = 0
                    while length < word.count, unsafe text[start + length] == word[length] { length += 1 }
                    if length == word.count { return true }
                }
                return false
            }
        }
    }
}
