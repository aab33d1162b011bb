import StreamtopBase

/// A relay's allocation that a call used (RFC 8656).
package struct CallAllocation: Equatable, Sendable {
    /// The flow between the client and the relay.
    package var flow: FlowIdentifier
    package var client: Endpoint
    package var server: Endpoint
    package var allocation: TURNAllocationSnapshot

    package init(flow: FlowIdentifier, client: Endpoint, server: Endpoint, allocation: TURNAllocationSnapshot) {
        self.flow = flow
        self.client = client
        self.server = server
        self.allocation = allocation
    }
}

/// One message of signalling and its answer.
package struct CallSignalling: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case whip, whep
        case webSocket = "websocket"
        case sip, http
    }

    package var time: Timestamp
    package var kind: Kind
    /// As written; nil where the protocol has none.
    package var method: String?
    package var status: Int?
    package var from: Direction
    /// Until the last answer; nil while there is none.
    package var duration: Nanoseconds?
    /// What it says of the call, the answer's among them; empty where it could not be read.
    package var descriptions: [CallDescription] = []

    package init(time: Timestamp, kind: Kind, method: String?, from: Direction) {
        self.time = time
        self.kind = kind
        self.method = method
        self.from = from
    }
}

/// A stream that came in and went out again through the host at the tap (an SFU, a proxy).
package struct CallLeg: Equatable, Sendable {
    /// How the two were found to be one.
    package enum Join: String, Sendable {
        case payloadHash = "payload_hash"
        /// Sizes, times and markers.
        case pattern
    }

    package struct End: Equatable, Sendable {
        package var flow: FlowIdentifier
        package var source: UInt32

        package init(flow: FlowIdentifier, source: UInt32) {
            self.flow = flow
            self.source = source
        }
    }

    package var incoming: End
    package var outgoing: End
    package var join: Join
    /// Missing on arrival.
    package var lostIn: UInt64
    /// Came in and was not sent on.
    package var lostInBox: UInt64
    /// Sent on and missing at the receiver, by its reports; nil without any that can be read.
    package var lostOut: UInt64?
    /// In the box, over the packets that were found again.
    package var delay: CallLegDelay?
    /// 0 to 1.
    package var confidence: Double

    package init(
        incoming: End, outgoing: End, join: Join, lostIn: UInt64, lostInBox: UInt64, lostOut: UInt64?,
        delay: CallLegDelay?, confidence: Double
    ) {
        self.incoming = incoming
        self.outgoing = outgoing
        self.join = join
        self.lostIn = lostIn
        self.lostInBox = lostInBox
        self.lostOut = lostOut
        self.delay = delay
        self.confidence = confidence
    }
}

package struct CallLegDelay: Equatable, Sendable {
    package var p50: Nanoseconds
    package var p95: Nanoseconds
    package var maximum: Nanoseconds

    package init(p50: Nanoseconds, p95: Nanoseconds, maximum: Nanoseconds) {
        self.p50 = p50
        self.p95 = p95
        self.maximum = maximum
    }
}

/// A step of a call's set-up.
package struct CallMilestone: Equatable, Sendable {
    package enum Step: String, Sendable {
        case signalling
        case firstQuestion = "gathering"
        case allocation
        case firstCheck = "checks"
        case firstAnswer = "answered"
        case nominated
        case clientHello = "dtls_hello"
        case handshakeDone = "dtls_done"
        case firstMedia = "media"
        case firstKeyFrame = "keyframe"
    }

    package var step: Step
    package var time: Timestamp

    package init(_ step: Step, at time: Timestamp) {
        self.step = step
        self.time = time
    }
}
