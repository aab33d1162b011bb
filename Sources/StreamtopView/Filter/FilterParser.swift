import StreamtopBase
import StreamtopModel

/// Why a filter text is not understood, and where.
struct FilterError: Error, Equatable {
    /// Offset of the fault, in characters.
    var position: Int
    var message: String
}

/// Reads filter texts: `proto:tls rtt>50ms and not port:443`.
///
/// Words next to each other must all match. A word is `field:text`, `field>number` (also `<`, `>=`, `<=`, `=`, `!=`),
/// or free text, which is looked for everywhere. `and`, `or`, `not` and parentheses work as in the languages people know;
/// `&&`, `||` and `!` are the same.
enum FilterParser {
    /// Longest text taken; a longer one is a mistake of the clipboard.
    static let lengthLimit = 1_000
    private static let deepest = 32

    static func parse(_ text: String) throws(FilterError) -> Filter {
        guard text.count <= lengthLimit else { throw FilterError(position: lengthLimit, message: Words.filterTooLong) }
        var tokens = TokenReader(tokens: try tokens(of: text), end: text.count)
        guard tokens.next != nil else { return .all }
        let filter = try disjunction(&tokens, depth: 0)
        if let rest = tokens.next { throw FilterError(position: rest.position, message: Words.filterStrayParenthesis) }
        return filter
    }

    // MARK: Grammar

    private static func disjunction(_ tokens: inout TokenReader, depth: Int) throws(FilterError) -> Filter {
        var filter = try conjunction(&tokens, depth: depth)
        while tokens.take(["or", "||"]) { filter = .or(filter, try conjunction(&tokens, depth: depth)) }
        return filter
    }

    private static func conjunction(_ tokens: inout TokenReader, depth: Int) throws(FilterError) -> Filter {
        var filter = try negation(&tokens, depth: depth)
        while let next = tokens.next, next.text != ")", !["or", "||"].contains(next.text.lowercased()) {
            _ = tokens.take(["and", "&&"])
            filter = .and(filter, try negation(&tokens, depth: depth))
        }
        return filter
    }

    private static func negation(_ tokens: inout TokenReader, depth: Int) throws(FilterError) -> Filter {
        guard depth < deepest else { throw FilterError(position: tokens.position, message: Words.filterTooDeep) }
        if tokens.take(["not", "!"]) { return .not(try negation(&tokens, depth: depth + 1)) }
        if tokens.take(["("]) {
            let filter = try disjunction(&tokens, depth: depth + 1)
            guard tokens.take([")"]) else {
                throw FilterError(position: tokens.position, message: Words.filterMissingParenthesis)
            }
            return filter
        }
        guard let token = tokens.next, token.text != ")", !["and", "&&", "or", "||"].contains(token.text.lowercased())
        else { throw FilterError(position: tokens.position, message: Words.filterMissingTerm) }
        tokens.advance()
        return try term(token)
    }

    // MARK: Terms

    private static func term(_ token: Token) throws(FilterError) -> Filter {
        if token.isQuoted { return .anywhere(token.text.lowercased()) }
        let text = token.text
        guard let symbol = text.firstIndex(where: { ":<>=!".contains($0) }), symbol > text.startIndex else {
            return .anywhere(text.lowercased())
        }
        let name = text[..<symbol].lowercased()
        guard let field = FilterField(named: name) else {
            // An address or an endpoint has colons, too: `fe80::1`, `10.0.0.1:443`.
            if text[symbol] == ":", name.contains(".") || name.allSatisfy(\.isHexDigit) || name.first == "[" {
                return .anywhere(text.lowercased())
            }
            let near = NearestName.of(name, among: FilterField.allCases.map(\.rawValue))
            throw FilterError(position: token.position, message: Words.filterUnknownField(name, near))
        }
        var rest = text[symbol...]
        var comparison = Filter.Comparison.equal
        let isColon = rest.hasPrefix(":")
        if isColon {
            rest = rest.dropFirst()
        }
        if let found = Filter.Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) {
            comparison = found
            rest = rest.dropFirst(found.rawValue.count)
        } else if !isColon {
            throw FilterError(position: token.position, message: Words.filterBadOperator)
        }
        let value = String(rest).lowercased()
        guard !value.isEmpty else {
            throw FilterError(position: token.position + text.count, message: Words.filterMissingValue(field.rawValue))
        }
        switch field.kind {
        case .number(let unit):
            let digits = field == .flow && value.hasPrefix("f") ? String(value.dropFirst()) : value
            guard let number = number(digits, unit) else {
                throw FilterError(
                    position: token.position,
                    message: Words.filterBadNumber(
                        value, field.rawValue, unit.factors.map(\.unit).filter { !$0.isEmpty }))
            }
            return .number(field, comparison, number)
        case .text:
            return try textTerm(field, comparison, value, isExact: !isColon, at: token.position)
        }
    }

    private static func textTerm(
        _ field: FilterField, _ comparison: Filter.Comparison, _ value: String, isExact: Bool, at position: Int
    ) throws(FilterError) -> Filter {
        let filter: Filter
        if [.host, .client, .server].contains(field), let network = IPNetwork(value) {
            filter = .network(field, network)
        } else {
            filter = isExact ? .exactText(field, value) : .text(field, value)
        }
        switch comparison {
        case .equal: return filter
        case .notEqual: return .not(filter)
        default: throw FilterError(position: position, message: Words.filterNotANumber(field.rawValue))
        }
    }

    /// A number with a unit of the field: `50ms`, `1.5M`.
    private static func number(_ text: String, _ unit: FilterUnit) -> Double? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let value = Double(digits),
            let factor = unit.factors.first(where: { $0.unit == text.dropFirst(digits.count) })
        else { return nil }
        return value * factor.factor
    }

    // MARK: Tokens

    private struct Token {
        var text: String
        var position: Int
        var isQuoted = false
    }

    private struct TokenReader {
        let tokens: [Token]
        let end: Int
        var index = 0

        init(tokens: [Token], end: Int) {
            self.tokens = tokens
            self.end = end
        }

        var next: Token? { index < tokens.count ? tokens[index] : nil }
        var position: Int { next?.position ?? end }

        mutating func advance() { index += 1 }

        mutating func take(_ words: [String]) -> Bool {
            guard let next, !next.isQuoted, words.contains(next.text.lowercased()) else { return false }
            index += 1
            return true
        }
    }

    private static func tokens(of text: String) throws(FilterError) -> [Token] {
        let characters = Array(text)
        var tokens: [Token] = []
        var index = 0
        while index < characters.count {
            let character = characters[index]
            let start = index
            if character.isWhitespace {
                index += 1
            } else if character == "\"" {
                index += 1
                let close = characters[index...].firstIndex(of: "\"")
                guard let close else { throw FilterError(position: start, message: Words.filterOpenQuote) }
                let quoted = String(characters[index..<close])
                if let last = tokens.last, !last.isQuoted, awaitsValue(last.text) {
                    // `server="a name"`
                    tokens[tokens.count - 1].text += quoted
                } else {
                    tokens.append(Token(text: quoted, position: start, isQuoted: true))
                }
                index = close + 1
            } else if character == "(" || character == ")"
                || (character == "!" && index + 1 < characters.count && characters[index + 1] != "=")
            {
                tokens.append(Token(text: String(character), position: start))
                index += 1
            } else {
                while index < characters.count, !characters[index].isWhitespace, !"()\"".contains(characters[index]) {
                    index += 1
                }
                append(Token(text: String(characters[start..<index]), position: start), to: &tokens)
            }
        }
        return tokens
    }

    /// A field with its operator, and nothing behind it yet.
    private static func awaitsValue(_ text: String) -> Bool {
        text.last.map("<>=:".contains) == true && FilterField(prefixOf: text) != nil
    }

    /// Joins `rtt > 50ms` to one word.
    private static func append(_ token: Token, to tokens: inout [Token]) {
        guard let last = tokens.last, !last.isQuoted else { return tokens.append(token) }
        let isContinued = awaitsValue(last.text)
        let continues =
            token.text.first.map("<>=!".contains) == true && FilterField(named: last.text.lowercased()) != nil
        if isContinued || continues {
            tokens[tokens.count - 1].text += token.text
        } else {
            tokens.append(token)
        }
    }
}

extension FilterField {
    /// The field at the start of a term such as `rtt>`.
    init?(prefixOf term: String) {
        self.init(named: term.prefix { !":<>=!".contains($0) }.lowercased())
    }
}
