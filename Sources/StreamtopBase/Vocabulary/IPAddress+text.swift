extension IPAddress: CustomStringConvertible {
    /// Dotted quad, or the canonical IPv6 text of RFC 5952 (longest zero run compressed, lower case).
    package var description: String {
        let text = characters
        return String(decoding: (0..<text.count).map { text.ascii[$0] }, as: UTF8.self)
    }

    /// The same as ASCII and without a String, for those who print addresses by the hundred thousand.
    package var characters: Characters {
        var text = Characters()
        if isIPv4 {
            text.append(dottedQuad: low)
        } else if high == 0, low >> 32 == 0xffff {
            // RFC 5952 section 5: IPv4-mapped addresses end in a dotted quad.
            text.append(UInt8(ascii: ":"))
            text.append(UInt8(ascii: ":"))
            text.append(group: 0xffff)
            text.append(UInt8(ascii: ":"))
            text.append(dottedQuad: low)
        } else {
            appendGroups(to: &text)
        }
        return text
    }

    private func appendGroups(to text: inout Characters) {
        let zeros = longestZeroRun
        var needsColon = false
        var index = 0
        while index < 8 {
            if zeros.count >= 2, index == zeros.lowerBound {
                text.append(UInt8(ascii: ":"))
                text.append(UInt8(ascii: ":"))
                needsColon = false
                index = zeros.upperBound
            } else {
                if needsColon { text.append(UInt8(ascii: ":")) }
                text.append(group: group(index))
                needsColon = true
                index += 1
            }
        }
    }

    private func group(_ index: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> (48 - 16 * UInt64(index % 4)))
    }

    /// The first of the longest runs of zero groups (RFC 5952 section 4.2.3).
    private var longestZeroRun: Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...8 {
            if index < 8, group(index) == 0 { continue }
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }

    /// The text of one address. The longest has eight groups of four digits and seven colons.
    package struct Characters {
        package private(set) var ascii = InlineArray<39, UInt8>(repeating: 0)
        package private(set) var count = 0

        fileprivate mutating func append(_ character: UInt8) {
            ascii[count] = character
            count += 1
        }

        /// The low 32 bits, in decimal.
        fileprivate mutating func append(dottedQuad bits: UInt64) {
            for index in 0..<UInt64(4) {
                if index > 0 { append(UInt8(ascii: ".")) }
                let byte = UInt8(truncatingIfNeeded: bits >> (24 - 8 * index))
                if byte >= 100 { append(UInt8(ascii: "0") + byte / 100) }
                if byte >= 10 { append(UInt8(ascii: "0") + byte / 10 % 10) }
                append(UInt8(ascii: "0") + byte % 10)
            }
        }

        /// One group in hexadecimal, without zeros before it.
        fileprivate mutating func append(group: UInt16) {
            for shift in stride(from: UInt16(12), through: 0, by: -4) where shift == 0 || group >> shift > 0 {
                let digit = UInt8(truncatingIfNeeded: group >> shift & 15)
                append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
            }
        }
    }
}
