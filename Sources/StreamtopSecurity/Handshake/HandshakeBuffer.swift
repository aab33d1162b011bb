import StreamtopBase
import StreamtopWire

/// Handshake bytes of one direction until whole messages stand in them.
struct HandshakeBuffer: Sendable {
    /// Larger messages are passed over: certificate chains stay far below.
    static let longestMessage = 128 * 1024

    private(set) var bytes: [UInt8] = []
    /// Bytes of a message too long to keep that are still to come.
    private var toSkip = 0
    /// When the first byte of `bytes` passed.
    private(set) var start = Timestamp(nanoseconds: 0)
    private(set) var skippedMessages = 0

    /// Adds the content of a handshake record.
    mutating func append(_ content: [UInt8], at time: Timestamp) {
        let skipped = min(toSkip, content.count)
        toSkip -= skipped
        if bytes.isEmpty { start = time }
        bytes.append(contentsOf: content[skipped...])
        guard bytes.count >= TLSHandshakeHeader.length else { return }
        let length = Int(bytes[1]) << 16 | Int(bytes[2]) << 8 | Int(bytes[3])
        if length > Self.longestMessage {
            skippedMessages += 1
            toSkip = max(0, TLSHandshakeHeader.length + length - bytes.count)
            bytes.removeAll(keepingCapacity: true)
        }
    }

    /// Drops `count` bytes that were read; what is left began at `time`.
    mutating func consume(_ count: Int, rest time: Timestamp) {
        guard count > 0 else { return }
        bytes.removeFirst(min(count, bytes.count))
        start = time
    }

    /// A hole: what is here cannot be completed.
    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        toSkip = 0
    }
}
