import StreamtopBase
import StreamtopModel

/// A filter as the user means it. Made by `FilterParser`.
indirect enum Filter: Equatable, Sendable {
    case all
    case and(Filter, Filter)
    case or(Filter, Filter)
    case not(Filter)
    case number(FilterField, Comparison, Double)
    case text(FilterField, String)
    case exactText(FilterField, String)
    case network(FilterField, IPNetwork)
    /// Somewhere in the addresses, names, protocols or verdicts.
    case anywhere(String)

    enum Comparison: String, CaseIterable, Sendable {
        case atLeast = ">="
        case atMost = "<="
        case notEqual = "!="
        case above = ">"
        case below = "<"
        case equal = "="

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .atLeast: left >= right
            case .atMost: left <= right
            case .notEqual: left != right
            case .above: left > right
            case .below: left < right
            case .equal: left == right
            }
        }
    }

    func matches(_ flow: FlowSnapshot) -> Bool {
        switch self {
        case .all: true
        case .and(let left, let right): left.matches(flow) && right.matches(flow)
        case .or(let left, let right): left.matches(flow) || right.matches(flow)
        case .not(let filter): !filter.matches(flow)
        case .number(let field, let comparison, let value):
            field.numbers(of: flow).contains { comparison.holds($0, value) }
        case .text(let field, let text): field.texts(of: flow).contains { Self.contains($0, text) }
        case .exactText(let field, let text): field.texts(of: flow).contains { $0.lowercased() == text }
        case .network(let field, let network):
            (field != .server && network.contains(flow.client.endpoint.address))
                || (field != .client && network.contains(flow.server.endpoint.address))
        case .anywhere(let text):
            [FilterField.host, .proto, .state, .verdict].contains { field in
                field.texts(of: flow).contains { Self.contains($0, text) }
            } || "\(flow.client.endpoint) \(flow.server.endpoint)".contains(text)
        }
    }

    /// `text` is in lower case.
    private static func contains(_ whole: String, _ text: String) -> Bool {
        let bytes = Array(whole.lowercased().utf8)
        let wanted = Array(text.utf8)
        guard !wanted.isEmpty else { return true }
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }
}

/// A block of addresses: `10.0.0.0/8`.
struct IPNetwork: Equatable, Sendable {
    var address: IPAddress
    var prefix: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPAddress(parsing: String(parts[0])) else { return nil }
        let longest = address.isIPv4 ? 32 : 128
        guard let prefix = parts.count == 2 ? Int(parts[1]) : longest, (0...longest).contains(prefix) else {
            return nil
        }
        self.address = address
        self.prefix = prefix
    }

    func contains(_ other: IPAddress) -> Bool {
        guard other.isIPv4 == address.isIPv4 else { return false }
        // The prefix counted in the 128 bits that both kinds are stored in.
        let bits = address.isIPv4 ? prefix + 96 : prefix
        let high = Self.mask(min(bits, 64))
        let low = Self.mask(max(0, bits - 64))
        return (address.high ^ other.high) & high == 0 && (address.low ^ other.low) & low == 0
    }

    private static func mask(_ ones: Int) -> UInt64 { ones == 0 ? 0 : ~0 << UInt64(64 - ones) }
}
