extension IPAddress: CustomStringConvertible {
    /// Dotted quad, or the canonical IPv6 text of RFC 5952 (longest zero run compressed, lower case).
    package var description: String {
        isIPv4 ? dottedQuad(UInt32(truncatingIfNeeded: low)) : canonicalIPv6
    }

    private func dottedQuad(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    private var canonicalIPv6: String {
        // RFC 5952 section 5: IPv4-mapped addresses end in a dotted quad.
        if high == 0, low >> 32 == 0xffff { return "::ffff:" + dottedQuad(UInt32(truncatingIfNeeded: low)) }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> (48 - 16 * UInt64(index % 4)))
        }
        let zeros = longestZeroRun(groups)
        guard zeros.count >= 2 else { return groups.map { String($0, radix: 16) }.joined(separator: ":") }
        let head = groups[..<zeros.lowerBound].map { String($0, radix: 16) }.joined(separator: ":")
        let tail = groups[zeros.upperBound...].map { String($0, radix: 16) }.joined(separator: ":")
        return head + "::" + tail
    }

    /// The first of the longest runs of zero groups (RFC 5952 section 4.2.3).
    private func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...groups.count {
            if index < groups.count, groups[index] == 0 { continue }
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }
}
