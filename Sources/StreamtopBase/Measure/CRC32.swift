/// The cyclic redundancy check of Ethernet, gzip and STUN's FINGERPRINT (ISO/IEC 3309, RFC 1952 section 8).
package struct CRC32: Equatable, Sendable {
    private var register: UInt32 = .max

    package init() {}

    /// The check value of everything added so far.
    package var value: UInt32 { ~register }

    package mutating func add(_ byte: UInt8) {
        register ^= UInt32(byte)
        // Four bits at a time: a table of 16 words is enough for messages of a few hundred bytes.
        register = register >> 4 ^ Self.table[Int(register & 15)]
        register = register >> 4 ^ Self.table[Int(register & 15)]
    }

    /// The remainders of the sixteen values of four bits, by the reversed polynomial 0xedb88320.
    private static let table: InlineArray<16, UInt32> = {
        var table = InlineArray<16, UInt32>(repeating: 0)
        for index in 0..<16 {
            var rest = UInt32(index)
            for _ in 0..<4 { rest = rest & 1 == 0 ? rest >> 1 : rest >> 1 ^ 0xedb8_8320 }
            table[index] = rest
        }
        return table
    }()
}
