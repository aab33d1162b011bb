/// How a number relates to the truth.
enum ReadingBound: Sendable {
    case exact
    /// The true value is this or more.
    case atLeast
    /// Estimated, not measured.
    case about

    /// Stands before the number.
    var prefix: String {
        switch self {
        case .exact: ""
        case .atLeast: "≥"
        case .about: "~"
        }
    }
}

/// A number with what is known of its truth.
struct Reading<Value: Sendable>: Sendable {
    var value: Value
    var bound: ReadingBound

    init(_ value: Value, _ bound: ReadingBound = .exact) {
        self.value = value
        self.bound = bound
    }
}
