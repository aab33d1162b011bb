import StreamtopBase

extension JSONWriter {
    /// Left out when nil or empty: "" says nothing.
    @inline(__always)
    mutating func member(_ name: StaticString, _ text: String?) {
        guard let text, !text.isEmpty else { return }
        key(name)
        string(text)
    }

    @inline(__always)
    mutating func member(_ name: StaticString, _ identifier: CommunityID?) {
        guard let identifier else { return }
        key(name)
        startValue()
        bytes.append(quoting: identifier.characters, count: identifier.characters.count)
    }

    /// A word of a closed list.
    @inline(__always)
    mutating func member<Word: RawRepresentable>(_ name: StaticString, _ word: Word?) where Word.RawValue == String {
        guard let word else { return }
        key(name)
        startValue()
        bytes.append(quotingWord: word.rawValue)
    }

    /// Text as it came off the wire: bytes that are not UTF-8 become U+FFFD.
    @inline(__always)
    mutating func member(_ name: StaticString, utf8 bytes: [UInt8]?) {
        guard let bytes, !bytes.isEmpty else { return }
        key(name)
        string(String(decoding: bytes, as: UTF8.self))
    }

    /// A JSON string. Control characters are escaped, the C1 block and DEL too: the output may end up on a terminal.
    mutating func string(_ text: String) {
        startValue()
        if !bytes.append(quotingPlain: text) { escaped(text) }
    }

    private mutating func escaped(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        // 0xC2 leads the two bytes of U+0080 to U+00BF; the first half of them are the C1 controls.
        var leadSeen = false
        for byte in text.utf8 {
            if leadSeen {
                leadSeen = false
                if byte < 0xa0 {
                    escape(byte)
                } else {
                    bytes.append(0xc2)
                    bytes.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0a: bytes.append(literal: "\\n")
            case 0x0d: bytes.append(literal: "\\r")
            case 0x09: bytes.append(literal: "\\t")
            case 0..<0x20, 0x7f: escape(byte)
            case 0xc2: leadSeen = true
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ code: UInt8) {
        bytes.append(literal: "\\u00")
        bytes.append(Self.hexDigit(code >> 4))
        bytes.append(Self.hexDigit(code & 15))
    }

    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &- 10 &+ value  // value < 16
    }
}
