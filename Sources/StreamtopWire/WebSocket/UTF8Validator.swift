/// Tells whether bytes that come in pieces are UTF-8 (RFC 3629 section 4).
package struct UTF8Validator: Equatable, Sendable {
    /// Bytes that the character in progress still needs.
    private var needed = 0
    /// What the next byte may be.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xbf
    package private(set) var isValid = true

    package init() {}

    /// All characters are complete.
    package var isComplete: Bool { isValid && needed == 0 }

    package mutating func add(_ bytes: [UInt8]) {
        for byte in bytes {
            guard isValid else { return }
            add(byte)
        }
    }

    private mutating func add(_ byte: UInt8) {
        guard needed == 0 else {
            isValid = byte >= lowest && byte <= highest
            (lowest, highest) = (0x80, 0xbf)
            needed -= 1
            return
        }
        switch byte {
        case 0x00...0x7f: break
        case 0xc2...0xdf: needed = 1
        case 0xe0: (needed, lowest) = (2, 0xa0)
        case 0xed: (needed, highest) = (2, 0x9f)
        case 0xe1...0xef: needed = 2
        case 0xf0: (needed, lowest) = (3, 0x90)
        case 0xf1...0xf3: needed = 3
        case 0xf4: (needed, highest) = (3, 0x8f)
        default: isValid = false
        }
    }
}
