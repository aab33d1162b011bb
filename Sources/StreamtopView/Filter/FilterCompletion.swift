import StreamtopBase
import StreamtopModel

/// What may follow in a filter text: names of fields, then values that flows have now.
enum FilterCompletion {
    static let displayedLimit = 24

    /// Texts that the last word could become, best first.
    static func candidates(for text: String, in snapshot: Snapshot) -> [String] {
        let word = lastWord(of: text)
        if let field = FilterField(prefixOf: word), let symbol = word.firstIndex(where: { ":<>=!".contains($0) }) {
            let head = String(word[...symbol])
            let typed = word[word.index(after: symbol)...].lowercased()
            return values(of: field, in: snapshot).filter { $0.hasPrefix(typed) && $0 != typed }.prefix(displayedLimit)
                .map { head + $0 }
        }
        let typed = word.lowercased()
        return FilterField.allCases.filter { $0.rawValue.hasPrefix(typed) }.map(\.completed)
    }

    /// The text with its last word completed as far as all candidates agree.
    static func completed(_ text: String, in snapshot: Snapshot) -> String {
        let found = candidates(for: text, in: snapshot)
        guard var common = found.first else { return text }
        for candidate in found.dropFirst() {
            common = String(zip(common, candidate).prefix { $0 == $1 }.map(\.0))
        }
        let word = lastWord(of: text)
        return common.count > word.count ? text.dropLast(word.count) + common : text
    }

    private static func lastWord(of text: String) -> String {
        String(text.reversed().prefix { !$0.isWhitespace && $0 != "(" && $0 != "!" }.reversed())
    }

    private static func values(of field: FilterField, in snapshot: Snapshot) -> [String] {
        switch field.kind {
        case .text:
            let fixed: [String] =
                switch field {
                case .state: ["open", "half_open", "closed", "reset", "expired"]
                case .severity: ["critical", "warning", "info"]
                default: []
                }
            var seen = Set(fixed)
            for flow in snapshot.flows { seen.formUnion(field.texts(of: flow)) }
            return seen.map { $0.lowercased() }.sorted()
        case .number(let unit):
            guard field == .port else { return unit.samples }
            var ports: Set<UInt16> = []
            for flow in snapshot.flows { ports.insert(flow.server.endpoint.port) }
            return ports.sorted().map(String.init)
        }
    }
}

extension FilterField {
    /// The field with the sign that usually follows.
    var completed: String {
        switch (self, kind) {
        case (.port, _), (.flow, _), (.vlan, _), (_, .text): rawValue + ":"
        default: rawValue + ">"
        }
    }
}

extension FilterUnit {
    /// Numbers to begin from.
    var samples: [String] {
        switch self {
        case .count: ["1", "10", "100"]
        case .time: ["10ms", "50ms", "200ms", "1s"]
        case .ratio: ["0.1%", "1%", "5%"]
        case .bits: ["100k", "1M", "10M"].map { $0.lowercased() }
        case .bytes: ["64k", "1m", "16m"]
        }
    }
}
