/// SHA-1 (RFC 3174) of short messages, for names that other tools compute with it. Not for anything secret.
package enum SHA1 {
    /// The digest of `message`: five words, whose bytes follow each other from the highest to the lowest.
    package static func digest(of message: Span<UInt8>) -> InlineArray<5, UInt32> {
        var state: InlineArray<5, UInt32> = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0]
        // Behind the message stand a byte 0x80, zeros, and its length in bits, in the last eight bytes of a block.
        let blocks = (message.count + 8) / 64 + 1
        for block in 0..<blocks {
            var words = InlineArray<16, UInt32>(repeating: 0)
            for index in 0..<16 { words[index] = word(of: message, at: 64 * block + 4 * index) }
            if block == blocks - 1 {
                let bitCount = UInt64(message.count) &* 8  // a length in memory: far below 2^61
                words[14] = UInt32(truncatingIfNeeded: bitCount >> 32)
                words[15] = UInt32(truncatingIfNeeded: bitCount)
            }
            compress(words, into: &state)
        }
        return state
    }

    /// Four bytes of the padded message.
    private static func word(of message: Span<UInt8>, at start: Int) -> UInt32 {
        if start > message.count { return 0 }
        var word: UInt32 = 0
        for index in start..<(start + 4) {
            let byte = index < message.count ? message[index] : index == message.count ? 0x80 : 0
            word = word << 8 | UInt32(byte)
        }
        return word
    }

    /// Mixes one block of sixteen words into the state. All sums are modulo 2^32, as the algorithm defines them.
    private static func compress(_ block: InlineArray<16, UInt32>, into state: inout InlineArray<5, UInt32>) {
        var words = InlineArray<80, UInt32>(repeating: 0)
        for index in 0..<16 { words[index] = block[index] }
        for index in 16..<80 {
            words[index] = rotated(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], by: 1)
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        // Five steps at a time: after them each of the five is back where it was, and none has to be moved.
        @inline(__always)
        func mix(_ index: Int, _ constant: UInt32, _ mixed: (UInt32, UInt32, UInt32) -> UInt32) {
            @inline(__always)
            func step(
                _ a: UInt32, _ b: inout UInt32, _ c: UInt32, _ d: UInt32, _ e: inout UInt32, _ word: UInt32
            ) {
                e = e &+ rotated(a, by: 5) &+ mixed(b, c, d) &+ constant &+ word
                b = rotated(b, by: 30)
            }
            step(a, &b, c, d, &e, words[index])
            step(e, &a, b, c, &d, words[index + 1])
            step(d, &e, a, b, &c, words[index + 2])
            step(c, &d, e, a, &b, words[index + 3])
            step(b, &c, d, e, &a, words[index + 4])
        }
        for index in stride(from: 0, to: 20, by: 5) { mix(index, 0x5a82_7999) { ($0 & $1) | (~$0 & $2) } }
        for index in stride(from: 20, to: 40, by: 5) { mix(index, 0x6ed9_eba1) { $0 ^ $1 ^ $2 } }
        for index in stride(from: 40, to: 60, by: 5) {
            mix(index, 0x8f1b_bcdc) { ($0 & $1) | ($0 & $2) | ($1 & $2) }
        }
        for index in stride(from: 60, to: 80, by: 5) { mix(index, 0xca62_c1d6) { $0 ^ $1 ^ $2 } }
        state = [state[0] &+ a, state[1] &+ b, state[2] &+ c, state[3] &+ d, state[4] &+ e]
    }

    private static func rotated(_ word: UInt32, by count: UInt32) -> UInt32 {
        word &<< count | word &>> (32 &- count)
    }
}
