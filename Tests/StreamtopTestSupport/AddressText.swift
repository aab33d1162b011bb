import StreamtopBase

/// Addresses and endpoints written as text, for tests alone: an unreadable one stops the test program.
extension IPAddress: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        if text.contains(":") {
            self = IPAddress(v6Text: text)
        } else {
            let parts = text.split(separator: ".").compactMap { UInt32($0) }
            precondition(parts.count == 4 && parts.allSatisfy { $0 < 256 }, "not an address: \(text)")
            self.init(v4: parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3])
        }
    }

    private init(v6Text text: String) {
        let halves = text.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        let groups = halves.map { half in half.split(separator: ":").compactMap { UInt64($0, radix: 16) } }
        let given = groups.reduce(0) { $0 + $1.count }
        precondition(halves.count == 2 ? given < 8 : given == 8, "not an address: \(text)")
        let zeros = [UInt64](repeating: 0, count: 8 - given)
        let all = groups[0] + zeros + (groups.count == 2 ? groups[1] : [])
        self.init(
            high: all[0] << 48 | all[1] << 32 | all[2] << 16 | all[3],
            low: all[4] << 48 | all[5] << 32 | all[6] << 16 | all[7])
    }
}

extension Endpoint: ExpressibleByStringLiteral {
    /// `10.0.0.1:443` or `[2001:db8::1]:443`.
    package init(stringLiteral text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            preconditionFailure("not an endpoint: \(text)")
        }
        let address = text[..<colon].filter { $0 != "[" && $0 != "]" }
        self.init(address: IPAddress(stringLiteral: String(address)), port: port)
    }
}
