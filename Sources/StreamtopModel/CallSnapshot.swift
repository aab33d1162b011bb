import StreamtopBase

/// A WebRTC session: all flows of one peer connection.
package struct CallSnapshot: Equatable, Sendable {
    package enum Stage: String, Sendable, Comparable {
        case signalling, gathering, checks, nominated, dtls, media

        private var rank: Int {
            switch self {
            case .signalling: 0
            case .gathering: 1
            case .checks: 2
            case .nominated: 3
            case .dtls: 4
            case .media: 5
            }
        }

        package static func < (left: Stage, right: Stage) -> Bool { left.rank < right.rank }
    }

    package enum Failure: String, Sendable {
        case noRelay = "no_relay"
        case checksUnanswered = "checks_unanswered"
        case noNomination = "no_nomination"
        case dtlsUnanswered = "dtls_unanswered"
        case dtlsTooBig = "dtls_too_big"
        case noMedia = "no_media"
        case oneWayMedia = "one_way_media"
        case noKeyFrame = "no_key_frame"
        case consentLost = "consent_lost"
        case relayLapsed = "relay_lapsed"
    }

    /// Which end of a pair is at the capture point, or the flow's client where neither is.
    package enum Agent: String, Sendable {
        case local, remote
    }

    package enum CandidateType: String, Sendable {
        case host, srflx, prflx, relay
    }

    package enum PairState: String, Sendable {
        case frozen, waiting
        case inProgress = "in_progress"
        case succeeded, failed
    }

    package struct Pair: Equatable, Sendable {
        package var flow: FlowIdentifier
        package var local: Endpoint
        package var remote: Endpoint
        package var localType: CandidateType?
        package var remoteType: CandidateType?
        package var state: PairState
        package var isNominated: Bool
        package var roundTrip: RoundTripSnapshot?
        /// The ends are those of a relay's data: the path runs through the relay that the flow's parent talks to.
        package var isRelayed = false
        /// Between the first and the last answer to the local end's checks.
        package var answeredFor: Nanoseconds?
        /// Checks of the local end and their answers, then the other way.
        package var requests: Int
        package var responses: Int
        package var requestsReceived: Int
        package var responsesSent: Int

        package init(
            flow: FlowIdentifier, local: Endpoint, remote: Endpoint, state: PairState, isNominated: Bool,
            requests: Int, responses: Int, requestsReceived: Int, responsesSent: Int
        ) {
            self.flow = flow
            self.local = local
            self.remote = remote
            self.state = state
            self.isNominated = isNominated
            self.requests = requests
            self.responses = responses
            self.requestsReceived = requestsReceived
            self.responsesSent = responsesSent
        }
    }

    package struct Consent: Equatable, Sendable {
        package var sent: Int
        package var answered: Int
        package var lost: Int
        /// Since the last answer.
        package var last: Nanoseconds?

        package init(sent: Int, answered: Int, lost: Int, last: Nanoseconds?) {
            self.sent = sent
            self.answered = answered
            self.lost = lost
            self.last = last
        }
    }

    /// How a NAT gives out addresses (RFC 4787 section 4.1).
    package enum Mapping: String, Sendable {
        case endpointIndependent = "endpoint_independent"
        case addressDependent = "address_dependent"
        case addressAndPortDependent = "address_and_port_dependent"
        case none
        case unknown
    }

    package enum Kind: String, Sendable {
        case webrtc
        /// Set up by SIP, without connectivity checks.
        case sip
    }

    package var number: Int
    package var kind = Kind.webrtc
    /// What signalling calls it.
    package var name: String?
    package var start: Timestamp
    package var end: Timestamp
    package var flows: [FlowIdentifier] = []
    package var pairs: [Pair] = []
    /// Index in `pairs` of the one in use.
    package var selected: Int?
    package var controlling: Agent?
    package var lite: Agent?
    package var roleConflicts = 0
    package var restarts = 0
    package var consent: Consent?
    package var mapping = Mapping.unknown
    package var mapped: [Endpoint] = []
    /// An address of a provider's NAT (RFC 6598) is among those of the call: there is one more NAT than the customer's own.
    package var isCarrierGrade = false
    /// Checks to the NAT's own outer address, as between two ends behind it (RFC 4787 section 6), were answered; nil where none were sent.
    package var hairpins: Bool?
    /// Servers and peers that reflected an address.
    package var reflectors = 0
    @Boxed package var dtls: DTLSSnapshot?
    package var streams: [UInt32] = []
    /// What relays were asked to do for this call.
    package var allocations: [CallAllocation] = []
    /// Messages by which the call was agreed on, where they were clear or opened.
    package var signalling: [CallSignalling] = []
    /// Streams that came in and went out again through the host at the tap.
    package var legs: [CallLeg] = []
    /// What was reached when, in the order of time.
    package var milestones: [CallMilestone] = []
    /// First message of signalling to the first check.
    package var signallingTime: Nanoseconds?
    /// First check to the answer that nominates; first ClientHello to the later Finished; first check to the first media.
    package var iceSetup: Nanoseconds?
    package var dtlsSetup: Nanoseconds?
    package var firstMedia: Nanoseconds?
    package var stage = Stage.signalling
    package var failure: Failure?
    package var unanswered: Endpoint?
    package var verdicts: [Verdict] = []

    package init(number: Int, start: Timestamp, end: Timestamp) {
        self.number = number
        self.start = start
        self.end = end
    }

    package static func == (left: CallSnapshot, right: CallSnapshot) -> Bool {
        left.number == right.number && left.flows == right.flows && left.pairs == right.pairs
            && left.selected == right.selected && left.stage == right.stage && left.failure == right.failure
            && left.mapping == right.mapping && left.consent == right.consent && left.restarts == right.restarts
            && left.allocations == right.allocations && left.signalling == right.signalling && left.legs == right.legs
            && left.milestones == right.milestones && left.verdicts == right.verdicts
    }
}
