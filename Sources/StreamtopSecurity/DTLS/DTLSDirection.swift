import StreamtopBase
import StreamtopCrypto
import StreamtopWire

/// One direction of a DTLS association.
struct DTLSDirection: ~Copyable, Sendable {
    /// Bytes of datagrams held for secrets that may still come.
    static let waitingByteCapacity = 16 * 1024
    static let failureLimit = 32

    static let limits = [
        Limit(
            "DTLS records that wait for keys", waitingByteCapacity, .bytes, per: .direction, policy: "more are not kept"
        )
    ]

    /// A protected record that no key opens yet.
    struct Waiting: Sendable {
        var header: DTLSRecordHeader
        var headerBytes: [UInt8]
        var fragment: [UInt8]
        var time: Timestamp
    }

    var messages = DTLSHandshakeMessages()
    var key: RecordKey?
    var mask: HeaderProtectionKey?
    /// The epoch that `key` is for.
    var keyEpoch: UInt16 = 0
    /// DTLS 1.3: the latest application secret, for key updates, and the epoch it is for.
    var trafficSecret: [UInt8] = []
    var secretEpoch: UInt16 = 0
    /// Highest record number opened in `keyEpoch`, plus one.
    var expected: UInt64 = 0
    var lookedAt = -1
    var failures = 0
    var isOpaque = false
    var waiting: [Waiting] = []
    var waitingBytes = 0

    /// Memory of fragments and records that wait.
    var heldBytes: Int { messages.heldBytes + waitingBytes }

    /// Gives up what waits, for want of memory.
    mutating func releaseHeldBytes() {
        _ = messages.release()
        waiting = []
        waitingBytes = 0
    }

    mutating func giveUp() {
        isOpaque = true
        key = nil
        mask = nil
        waiting = []
        waitingBytes = 0
    }
}
