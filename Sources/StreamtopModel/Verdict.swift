import StreamtopBase

/// A judgement with its reasons: what is wrong, on which figures, and what to do.
package struct Verdict: Equatable, Sendable {
    package enum Severity: String, Sendable, Comparable, CaseIterable {
        case info, warning, critical
        private var rank: Int { self == .info ? 0 : self == .warning ? 1 : 2 }
        package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    }
    package enum Subject: String, Sendable {
        case client, server, path, host
    }

    /// Which way the data goes that waits or is lost.
    package enum Travel: String, Sendable {
        case toClient = "to_client"
        case toServer = "to_server"
        case both
    }

    /// Stable name of the rule, e.g. "bufferbloat".
    package var rule: String
    /// Number of the rule in the rule table; also its position in explanations.
    package var ruleNumber: Int
    package var severity: Severity
    package var subject: Subject
    /// Of a queue or loss on the path; nil where it was not measured.
    package var direction: Travel?
    /// One line in words, e.g. "84 ms of 112 ms RTT sit in the path queue towards the client".
    package var summary: String
    /// The figures that made the rule fire; names carry their unit.
    package var evidence: [Evidence]
    /// What to do, and where.
    package var advice: String
    package var firstSeen: Timestamp
    package var confidence: Double
    /// Order among verdicts that fire together; smaller comes first.
    package var priority: Int
    /// How the same is told of many connections, after "40 of 40 connections to …"; empty where nobody tells it so.
    package var ofMany = ""

    package struct Evidence: Equatable, Sendable {
        package var name: String
        package var value: Double
        package init(_ name: String, _ value: Double) {
            self.name = name
            self.value = value
        }
    }

    package init(
        rule: String, ruleNumber: Int, severity: Severity, subject: Subject, summary: String, evidence: [Evidence],
        advice: String, firstSeen: Timestamp, confidence: Double, priority: Int
    ) {
        self.rule = rule
        self.ruleNumber = ruleNumber
        self.severity = severity
        self.subject = subject
        self.summary = summary
        self.evidence = evidence
        self.advice = advice
        self.firstSeen = firstSeen
        self.confidence = confidence
        self.priority = priority
    }
}
