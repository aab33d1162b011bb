import StreamtopBase

/// An attribute list (RFC 8216 section 4.2): `NAME=value`, values quoted where they hold commas.
struct HLSAttributes {
    private var values: [String: String] = [:]
    private static let attributeCapacity = 64

    init(_ text: Substring) {
        var rest = text[...]
        // Each pass takes one attribute.
        while let equals = rest.firstIndex(of: "="), values.count < Self.attributeCapacity {
            let name = rest[..<equals].filter { $0 != " " }
            rest = rest[rest.index(after: equals)...]
            let value: Substring
            if rest.first == "\"" {
                rest = rest.dropFirst()
                let end = rest.firstIndex(of: "\"") ?? rest.endIndex
                value = rest[..<end]
                rest = rest[end...]
            } else {
                value = rest.prefix { $0 != "," }
            }
            values[name] = String(value)
            guard let comma = rest.firstIndex(of: ",") else { return }
            rest = rest[rest.index(after: comma)...]
        }
    }

    subscript(name: String) -> String? { values[name] }

    func number(_ name: String) -> UInt64? { values[name].flatMap { UInt64($0) } }
    func duration(_ name: String) -> Nanoseconds? { values[name].flatMap { Self.duration($0) } }
    func isYes(_ name: String) -> Bool { values[name] == "YES" }

    /// Decimal seconds, below 2^31.
    static func duration(_ text: some StringProtocol) -> Nanoseconds? {
        var reader = TextReader(text)
        guard let whole = reader.digits(), whole < 1 << 31 else { return nil }
        let fraction = reader.take(".") ? reader.fraction() ?? 0 : 0
        return whole * 1_000_000_000 + fraction  // below 2^62
    }
}
