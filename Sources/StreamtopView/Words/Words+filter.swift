/// What is said about filters.
extension Words {
    static let filterTooLong = "too long"
    static let filterTooDeep = "nested too deeply"
    static let filterStrayParenthesis = "a ) without its ("
    static let filterMissingParenthesis = "a ) is missing"
    static let filterMissingTerm = "something to look for is missing here"
    static let filterBadOperator = "use : = != > < >= or <="
    static let filterOpenQuote = "this quotation mark is never closed"

    static func filterUnknownField(_ name: String, _ nearest: String?) -> String {
        "no field \"\(name)\"" + didYouMean(nearest)
    }

    static func filterMissingValue(_ field: String) -> String { "what should \(field) be?" }

    static func filterBadNumber(_ text: String, _ field: String, _ units: [String]) -> String {
        "\"\(text)\" is no number for \(field)" + (units.isEmpty ? "" : " (units: \(units.joined(separator: " ")))")
    }

    static func filterNotANumber(_ field: String) -> String { "\(field) is a text: use : = or !=" }
}
