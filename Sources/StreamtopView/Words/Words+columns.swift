import StreamtopModel

/// Headers of columns, words for states.
extension Words {
    static func state(_ flow: FlowSnapshot) -> String {
        if flow.isEvicted { return "evict" }
        switch flow.state {
        case .open: return "open"
        case .closed: return "closed"
        case .reset: return "reset"
        case .expired: return "idle"
        case .halfOpen: return "half"
        }
    }

    /// A sign beside the colour of a severity.
    static func severitySign(_ severity: Verdict.Severity) -> Unicode.Scalar {
        switch severity {
        case .critical: "✗"
        case .warning: "!"
        case .info: "i"
        }
    }

    static func severity(_ severity: Verdict.Severity) -> String {
        switch severity {
        case .critical: "act"
        case .warning: "watch"
        case .info: "to know"
        }
    }

    /// The rule's name as words: `receiver_limited` reads "receiver limited".
    static func rule(_ verdict: Verdict) -> String {
        String(verdict.rule.map { $0 == "_" ? " " : $0 })
    }

    static func vantage(_ vantage: Vantage?) -> String {
        switch vantage {
        case .client: "seen at the client"
        case .server: "seen at the server"
        case .middle: "seen in the middle"
        case .loopback: "both ends here"
        case nil: "seen where, unknown"
        }
    }

    // The role is looked up here, beside the sign: the two always go together.
    static func severityRole(_ severity: Verdict.Severity) -> StyleRole {
        switch severity {
        case .critical: .act
        case .warning: .watch
        case .info: .label
        }
    }
}
