import StreamtopBase

/// What one end of a call told the other in a session description, or in a part of one (RFC 8866, RFC 8840).
package struct CallDescription: Equatable, Sendable {
    package enum Role: String, Sendable {
        case offer, answer
        /// Candidates, sent as they were found.
        case candidates
    }

    package struct Codec: Hashable, Sendable {
        package var payloadType: UInt8
        package var name: String
        package var clockRate: Int

        package init(payloadType: UInt8, name: String, clockRate: Int) {
            self.payloadType = payloadType
            self.name = name
            self.clockRate = clockRate
        }
    }

    /// A header extension's number and name (RFC 8285).
    package struct Extension: Hashable, Sendable {
        package var identifier: UInt8
        package var name: String

        package init(identifier: UInt8, name: String) {
            self.identifier = identifier
            self.name = name
        }
    }

    package struct Candidate: Hashable, Sendable {
        package var type: String
        package var transport: String
        /// nil where a name stands for it (multicast DNS).
        package var endpoint: Endpoint?

        package init(type: String, transport: String, endpoint: Endpoint?) {
            self.type = type
            self.transport = transport
            self.endpoint = endpoint
        }
    }

    /// When the last byte of it passed.
    package var time: Timestamp
    package var from: Direction
    /// nil where it does not tell.
    package var role: Role?
    /// Kinds of its media ("audio", "video", "application"), those refused left out.
    package var media: [String] = []
    /// Username fragments (RFC 8839): by these it belongs to a call.
    package var userFragments: [String] = []
    /// Of certificates (RFC 8122).
    package var fingerprints: [String] = []
    package var codecs: [Codec] = []
    package var extensions: [Extension] = []
    package var candidates: [Candidate] = []
    /// Names of streams of one source (RFC 8853).
    package var simulcast: [String] = []

    package init(time: Timestamp, from: Direction) {
        self.time = time
        self.from = from
    }
}
