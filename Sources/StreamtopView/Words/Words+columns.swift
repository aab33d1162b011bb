import StreamtopModel

/// Headers of columns, names of tabs, words for states.
extension Words {
    static func column(_ column: FlowColumn) -> (title: String, explanation: String) {
        switch column {
        case .client: ("client", "who opened the flow")
        case .server: ("server", "who was called")
        case .protocols: ("protocols", "what it speaks")
        case .state: ("state", "open, closed, reset, …")
        case .age: ("age", "since its first packet")
        case .roundTrip: ("rtt ms", "round trip, smoothed")
        case .trend: ("rtt trend", "round trip over time")
        case .queue: ("queue ms", "delay above the minimum")
        case .inFlight: ("flight", "bytes under way")
        case .congestionWindow: ("cwnd", "the sender's window")
        case .receiveWindow: ("unread", "waiting in the receiver")
        case .loss: ("loss", "lost of sent segments")
        case .retransmissions: ("rtx", "segments sent again")
        case .up: ("▲ b/s", "from the client")
        case .down: ("▼ b/s", "from the server")
        case .verdict: ("verdict", "what is wrong, worst first")
        }
    }

    /// A shorter header for a column that got no more than its least width.
    static func shortTitle(_ column: FlowColumn) -> String? {
        switch column {
        case .queue: "q ms"
        case .trend: "trend"
        case .protocols: "proto"
        default: nil
        }
    }

    static func tab(_ tab: OpenFlow.Tab) -> String {
        switch tab {
        case .charts: "Charts"
        case .handshake: "Handshake"
        case .http: "HTTP"
        case .facts: "Facts"
        case .events: "Events"
        }
    }

    static func page(_ page: Page) -> String {
        switch page {
        case .flows: "Flows"
        case .handshakes: "Handshakes"
        case .verdicts: "Verdicts"
        case .events: "Events"
        case .capture: "Capture"
        }
    }

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
        case .client: "tap at the client"
        case .server: "tap at the server"
        case .middle: "tap in the middle"
        case .loopback: "both ends here"
        case nil: "tap's place unknown"
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
