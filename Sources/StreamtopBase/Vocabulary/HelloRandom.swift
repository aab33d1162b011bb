/// The 32 random bytes of a ClientHello or ServerHello; the client's names a connection in key logs.
package struct HelloRandom: Hashable, Sendable {
    /// The bytes in network order, eight to a word.
    package var words: InlineArray<4, UInt64>

    package init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        words = [first, second, third, fourth]
    }

    /// nil unless there are exactly 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        words = InlineArray(repeating: 0)
        for index in 0..<32 { words[index / 8] = words[index / 8] << 8 | UInt64(bytes[index]) }
    }

    /// All 32, in the order of the wire.
    package var bytes: [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: words[$0 / 8] >> (56 - 8 * UInt64($0 % 8))) }
    }

    package static func == (left: HelloRandom, right: HelloRandom) -> Bool {
        left.words[0] == right.words[0] && left.words[1] == right.words[1] && left.words[2] == right.words[2]
            && left.words[3] == right.words[3]
    }

    package func hash(into hasher: inout Hasher) {
        for index in 0..<4 { hasher.combine(words[index]) }
    }
}
