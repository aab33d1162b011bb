import StreamtopBase

/// Facts of a TLS connection, over TCP or inside QUIC. What the capture does not show is nil.
package struct TLSSnapshot: Equatable, Sendable {
    /// "1.3", "1.2", …, the version agreed on; the highest offered while no answer was seen is not one.
    package var version: String?
    /// IANA names.
    package var cipherSuite: String?
    package var group: String?
    package var signatureAlgorithm: String?
    package var serverName: String?
    package var alpnOffered: [String] = []
    package var alpn: String?
    /// Encrypted ClientHello in use; nil when it is offered, which GREASE does too, and the answer cannot be seen.
    package var encryptedClientHello: Bool?
    /// Groups of the key shares in the first ClientHello.
    package var keySharesOffered: [String] = []
    package var handshake = HandshakeSnapshot()
    /// nil when the client did not offer any.
    package var earlyData: EarlyDataSnapshot?
    /// The server gave the client a ticket for next time; nil when that is hidden.
    package var sessionTicket: Bool?
    /// The client could resume a session; nil when its hello was not seen.
    package var resumptionOffered: Bool?
    /// The client proved itself with a certificate; nil when that is hidden.
    package var clientCertificate: Bool?
    /// The server's chain, its own certificate first; empty when hidden or not sent.
    package var certificates: [CertificateSnapshot] = []
    /// Bytes of the certificate message's list.
    package var certificateBytes: Int?
    package var ja3: String?
    package var ja3s: String?
    package var ja4: String?
    package var records = TLSRecordCounts()
    package var alerts: [TLSAlertSnapshot] = []
    /// Records were opened with given secrets.
    package var isDecrypted = false
    /// Secrets for the connection are there; it may still be unreadable.
    package var hasSecrets = false
    package var keyUpdates = 0
    /// Answers of some size, as the lengths of unreadable records show them; the newest.
    package var bursts: [AnswerBurst] = []

    package init() {}
}

/// How a handshake went.
package struct HandshakeSnapshot: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case full, resumed, psk
        case helloRetry = "hello_retry"
        case zeroRTT = "0rtt"
        case incomplete
    }

    /// What it came to.
    package var kind = Kind.incomplete
    /// Round trips before the client may send application data, counted from the messages; TCP's are not in it.
    package var roundTrips: Int?
    /// From the first ClientHello until the client may send, both seen from the capture point.
    package var duration: Nanoseconds?
    /// Of `duration`, time in which the server had everything it needed and had not answered yet. An upper bound when
    /// the capture point is away from the server: the path to it is in there.
    package var serverTime: Nanoseconds?
    /// The client sent application data before the server's Finished (RFC 7918).
    package var falseStart = false
    package var timeline: [HandshakeStep] = []

    package init() {}
}

/// One arrow of the handshake's picture.
package struct HandshakeStep: Equatable, Sendable {
    package var step: HandshakeStepName
    package var from: Direction
    package var time: Timestamp
    /// The message with its own header, without record headers; nil when its size is hidden.
    package var bytes: Int?
    /// The message was not readable on the wire.
    package var encrypted: Bool
    /// Not read but concluded from sizes and order of what could not be opened.
    package var inferred: Bool

    package init(
        step: HandshakeStepName, from: Direction, time: Timestamp, bytes: Int?, encrypted: Bool = false,
        inferred: Bool = false
    ) {
        self.step = step
        self.from = from
        self.time = time
        self.bytes = bytes
        self.encrypted = encrypted
        self.inferred = inferred
    }
}

/// Data that the client sent before the server answered (RFC 8446 section 2.3).
package struct EarlyDataSnapshot: Equatable, Sendable {
    package enum ReplayRisk: String, Sendable {
        /// Nothing was taken by the server.
        case none
        /// A request that may be repeated without harm.
        case idempotent
        /// A request that must not be repeated, or one that was.
        case unsafe
        case unknown
    }

    package struct RequestLine: Equatable, Sendable {
        package var method: String
        package var target: String?

        package init(method: String, target: String?) {
            self.method = method
            self.target = target
        }
    }

    /// The server took it; nil when that cannot be told.
    package var accepted: Bool?
    /// Application bytes.
    package var bytes: UInt64 = 0
    /// Some of it was opened, and the request line that it begins with, where it is one of HTTP/1.1.
    package var isOpened = false
    package var request: RequestLine?
    package var replayRisk = ReplayRisk.unknown
    /// Why, in words.
    package var reason = ""
    /// The same hello was seen in another connection.
    package var isReplayed = false

    package init() {}
}

/// What an X.509 certificate says; read, not verified.
package struct CertificateSnapshot: Equatable, Sendable {
    package var subject: String
    package var issuer: String
    package var notBefore: Timestamp?
    package var notAfter: Timestamp?
    package var names: [String]
    package var key: String?
    package var serial: String
    /// SHA-256 of the certificate, as SDP writes it.
    package var fingerprint: String

    package init(
        subject: String, issuer: String, notBefore: Timestamp?, notAfter: Timestamp?, names: [String], key: String?,
        serial: String, fingerprint: String
    ) {
        self.subject = subject
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.names = names
        self.key = key
        self.serial = serial
        self.fingerprint = fingerprint
    }
}

/// The record layer's cost, both directions together.
package struct TLSRecordCounts: Equatable, Sendable {
    package var count: UInt64 = 0
    /// Records whole, headers included.
    package var bytes: UInt64 = 0
    /// Of these, headers, nonces, tags, MACs and padding, as far as the cipher suite tells.
    package var overheadBytes: UInt64 = 0
    /// Fragment of the largest record.
    package var largest = 0

    package init() {}
}

package struct TLSAlertSnapshot: Equatable, Sendable {
    package var time: Timestamp
    package var from: Direction
    /// "warning" or "fatal"; nil when encrypted.
    package var level: String?
    /// The name in the specification; nil when encrypted.
    package var description: String?

    package init(time: Timestamp, from: Direction, level: String?, description: String?) {
        self.time = time
        self.from = from
        self.level = level
        self.description = description
    }
}
