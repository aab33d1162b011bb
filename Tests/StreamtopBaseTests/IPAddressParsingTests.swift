import StreamtopBase
import Testing

@Suite struct IPAddressParsingTests {
    @Test(arguments: [
        "0.0.0.0", "10.0.3.7", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "fe80::1:2:3:4",
        "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1",
    ])
    func readsWhatItPrints(text: String) {
        #expect(IPAddress(parsing: text)?.description == text)
    }

    /// RFC 5952 section 4, one step at a time, for every pattern of zero groups.
    @Test func everyPatternOfZerosIsCanonical() {
        for pattern in 0..<256 {
            let groups = (0..<8).map { pattern >> $0 & 1 == 0 ? UInt64(0) : UInt64(0x1) << UInt64(4 * ($0 % 4)) + 0xa }
            let address = IPAddress(
                high: groups[..<4].reduce(0) { $0 << 16 | $1 }, low: groups[4...].reduce(0) { $0 << 16 | $1 })
            var best = 0..<0
            for start in 0..<8 {
                let run = groups[start...].prefix { $0 == 0 }.count
                if run > max(best.count, 1) { best = start..<(start + run) }
            }
            let text = groups.map { String($0, radix: 16) }
            let expected =
                best.isEmpty
                ? text.joined(separator: ":")
                : text[..<best.lowerBound].joined(separator: ":") + "::"
                    + text[best.upperBound...].joined(separator: ":")
            #expect(address.description == expected)
            #expect(IPAddress(parsing: expected) == address)
        }
    }

    @Test(arguments: [
        "1.10.100.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:255.255.255.255", "2001:db8:0:1:1:1:1:1",
        "2001:0:0:1::1",
    ])
    func longestAndOddOnes(text: String) {
        #expect(IPAddress(parsing: text)?.description == text)
    }

    @Test(arguments: [
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ])
    func readsOtherForms(text: String, canonical: String) {
        #expect(IPAddress(parsing: text)?.description == canonical)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.256", "1.2.3.4.5", "1.2.3.+4", "1.2..4", ":", ":::", "1::2::3", "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "+1::", "1.2.3.4::", "host",
    ])
    func refusesWhatIsNoAddress(text: String) {
        #expect(IPAddress(parsing: text) == nil)
    }
}
