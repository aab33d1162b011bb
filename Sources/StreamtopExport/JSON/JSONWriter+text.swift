extension JSONWriter {
    /// Left out when nil or empty: "" says nothing.
    mutating func member(_ name: StaticString, _ text: String?) {
        guard let text, !text.isEmpty else { return }
        key(name)
        string(text)
    }

    /// A word of a closed list.
    mutating func member<Word: RawRepresentable>(_ name: StaticString, _ word: Word?) where Word.RawValue == String {
        guard let word else { return }
        key(name)
        string(word.rawValue)
    }

    /// Text as it came off the wire: bytes that are not UTF-8 become U+FFFD.
    mutating func member(_ name: StaticString, utf8 bytes: [UInt8]?) {
        guard let bytes, !bytes.isEmpty else { return }
        key(name)
        string(String(decoding: bytes, as: UTF8.self))
    }

    /// A JSON string. Control characters are escaped, the C1 block and DEL too: the output may end up on a terminal.
    mutating func string(_ text: String) {
        startValue()
        let utf8 = text.utf8
        var isPlain = true
        put(upTo: utf8.count + 2) { output in
            let span = utf8.span
            output.append(UInt8(ascii: "\""))
            for index in span.indices {
                guard Self.isPlain(span[index]) else {
                    isPlain = false
                    output.removeAll()
                    return
                }
                output.append(span[index])
            }
            output.append(UInt8(ascii: "\""))
        }
        if !isPlain { escaped(text) }
    }

    /// Needs no escape, whatever stands beside it.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") && byte != 0x7f && byte != 0xc2
    }

    private mutating func escaped(_ text: String) {
        put(UInt8(ascii: "\""))
        // 0xC2 leads the two bytes of U+0080 to U+00BF; the first half of them are the C1 controls.
        var leadSeen = false
        for byte in text.utf8 {
            if leadSeen {
                leadSeen = false
                if byte < 0xa0 {
                    escape(byte)
                } else {
                    put(0xc2)
                    put(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                put(UInt8(ascii: "\\"))
                put(byte)
            case 0x0a: put("\\n")
            case 0x0d: put("\\r")
            case 0x09: put("\\t")
            case 0..<0x20, 0x7f: escape(byte)
            case 0xc2: leadSeen = true
            default: put(byte)
            }
        }
        put(UInt8(ascii: "\""))
    }

    private mutating func escape(_ code: UInt8) {
        put("\\u00")
        put(Self.hexDigit(code >> 4))
        put(Self.hexDigit(code & 15))
    }

    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &- 10 &+ value  // value < 16
    }
}
