import StreamtopBase

/// The connectivity checks on one pair of addresses (RFC 8445): one flow.
package struct ICESnapshot: Equatable, Sendable {
    package enum Role: String, Sendable {
        case controlling, controlled
    }

    /// One end as the one that asks.
    package struct End: Equatable, Sendable {
        /// Binding requests sent, and success answers to them, as packets at the tap.
        package var requests = 0
        package var responses = 0
        package var firstRequest: Timestamp?
        package var lastRequest: Timestamp?
        package var firstAnswer: Timestamp?
        package var lastAnswer: Timestamp?
        /// Requests since the last answer.
        package var unanswered = 0
        /// Requests later than 0.3 s after the first answer, which keep consent alive (RFC 7675), and their answers.
        package var consentSent = 0
        package var consentAnswered = 0
        package var role: Role?
        /// The first and the last answer to a request with USE-CANDIDATE.
        package var nominated: Timestamp?
        package var lastNominated: Timestamp?
        /// Answers 487: both ends had the same role.
        package var roleConflicts = 0
        /// Where the other end sees this one.
        package var mapped: Endpoint?
        /// Of the packets that this end sent, as they passed the tap; nil where it is not known.
        package var hopLimit: UInt8?
        /// From the tap to the other end and back.
        package var roundTrip: RoundTripSnapshot?

        package init() {}
    }

    package var client = End()
    package var server = End()
    /// User names of checks without regard to direction: one for each start of ICE between these ends.
    package var userNames: [ICEUserName] = []
    /// Where servers see the flow's client, by answers to requests that are no checks.
    package var reflected: [Endpoint] = []
    /// The number of the frame that opened the flow.
    package var ordinal: UInt64 = 0

    package init() {}

    /// Checks were sent, not only questions for an address.
    package var isCheck: Bool { client.requests + server.requests > 0 }

    package var firstCheck: Timestamp? {
        switch (client.firstRequest, server.firstRequest) {
        case (let first?, let second?): min(first, second)
        case (let first, let second): first ?? second
        }
    }

    package var hasSucceeded: Bool { client.responses + server.responses > 0 }
    package var nominated: Timestamp? { client.nominated ?? server.nominated }
}

/// The two username fragments of a check, in the order of their text: both directions of a pair name the same (RFC 8445
/// section 7.2.2).
package struct ICEUserName: Hashable, Sendable {
    package var first: String
    package var second: String

    /// From the USERNAME attribute `remote:local`; nil for anything else.
    package init?(_ attribute: String) {
        let parts = attribute.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        first = String(min(parts[0], parts[1]))
        second = String(max(parts[0], parts[1]))
    }
}
