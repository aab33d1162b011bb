import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// One direction of a TLS connection: its records, its keys, and what waits for keys.
struct TLSDirection: ~Copyable, Sendable {
    /// Bytes of records held for secrets that may still come. A key log is written before the first record it opens, so what
    /// waits is what passes until the log is read: about a second of handshake.
    static let waitingByteCapacity = 32 * 1024
    /// Records that may fail to open before the direction is given up.
    static let failureLimit = 16

    static let limits = [
        Limit(
            "TLS handshake message", TLSHandshakeStream.messageLimit, .bytes, per: .direction,
            policy: "a larger one is passed over"),
        Limit(
            "TLS records that wait for keys", waitingByteCapacity, .bytes, per: .direction,
            policy: "the direction is given up as opaque"),
        Limit(
            "TLS records that do not open", failureLimit, per: .direction,
            policy: "the direction is given up as opaque"),
    ]

    /// Which keys are in use (RFC 8446 section 7.1); before TLS 1.3 there is one epoch, `application`.
    enum Epoch: Sendable { case plain, early, handshake, application }

    /// A protected record that no key opens yet.
    struct Waiting: Sendable {
        var record: TLSRecordStream.Record
        var header: [UInt8]
        var fragment: [UInt8]
    }

    var stream = TLSRecordStream()
    var handshake = TLSHandshakeStream()
    var epoch = Epoch.plain
    var key: RecordKey?
    /// TLS 1.3: what `key` was made from, for key updates.
    var trafficSecret: [UInt8] = []
    /// Number of the next record under `key`.
    var sequence: UInt64 = 0
    var waiting: [Waiting] = []
    var waitingBytes = 0
    /// Generation of the secret store when a key was last looked for.
    var lookedAt = -1
    var failures = 0
    /// Nothing more will be opened in this direction.
    var isOpaque = false
    /// Records were lost: the next one's number may be higher than expected.
    var afterGap = false
    /// The end of what it carries was handed up: by close_notify, or by that of the stream below.
    var hasEnded = false
    /// Reused for every record opened.
    var content: [UInt8] = []

    mutating func enter(_ epoch: Epoch) {
        self.epoch = epoch
        key = nil
        trafficSecret = []
        sequence = 0
        lookedAt = -1
        failures = 0
        handshake.reset()
    }

    /// Memory of records and messages that wait, and of what is opened into.
    var heldBytes: Int {
        stream.heldBytes + handshake.heldBytes + waitingBytes + content.capacity
    }

    /// Gives up what waits, for want of memory. Records that wait for keys are never opened then, and those after them
    /// have numbers that nobody counted: the direction is opaque from now on.
    mutating func releaseHeldBytes() {
        stream.releaseHeldBytes()
        _ = handshake.release()
        if !waiting.isEmpty { giveUp() }
        content = []
    }

    mutating func giveUp() {
        isOpaque = true
        key = nil
        waiting = []
        waitingBytes = 0
        stream.keepsApplicationData = false
    }
}
