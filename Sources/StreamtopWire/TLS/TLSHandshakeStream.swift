import StreamtopBase

/// Handshake messages (RFC 8446 section 4) cut from the bytes of one direction, which come in order in records, and in any
/// order in CRYPTO frames (RFC 9000 section 7.5).
package struct TLSHandshakeStream: Sendable {
    /// A certificate chain stays far below.
    package static let messageLimit = 128 * 1024
    /// What may come at once behind a message that is not whole: a record, or frames that overtook others.
    private static let ahead = 64 * 1024

    private var bytes: ByteAssembler
    private let longest: Int
    /// Bytes of a message too long to keep that are still to come.
    private var toSkip = 0
    /// Nobody knows where the next message begins.
    private var hasLostSync = false
    /// When the first byte of the next message passed.
    private var start = Timestamp(nanoseconds: 0)

    /// - Parameter longest: body of the largest message that is kept; larger ones are passed over.
    package init(longest: Int = TLSHandshakeStream.messageLimit) {
        self.longest = longest
        var policy = HolePolicy.until(
            bytes: UInt32(clamping: longest + Self.ahead), full: .refuse)
        policy.stretches = 64
        policy.reach = UInt64(longest + Self.ahead)
        bytes = ByteAssembler(policy)
    }

    /// Memory that the bytes take.
    @inline(__always)
    package var heldBytes: Int { bytes.footprint }
    /// Bytes are there that no whole message was made of.
    package var isWaiting: Bool { !bytes.isEmpty }
    /// Pieces of which something was refused: too far ahead, or no room.
    package var refused: UInt32 { bytes.refused }

    /// Takes a piece of the stream that lies at `offset`.
    package mutating func insert(_ data: RawSpan, at offset: UInt64, time: Timestamp) {
        guard !hasLostSync else { return }
        let wasEmpty = bytes.available == 0
        bytes.insert(data, at: offset, time: time)
        if wasEmpty, bytes.available > 0 { start = time }
        skip(time)
    }

    /// Takes the next bytes of the stream.
    package mutating func append(_ data: RawSpan, time: Timestamp) {
        insert(data, at: bytes.next + UInt64(bytes.available), time: time)
    }

    /// Takes the next whole message out and appends it, header and body, to `output`. Returns when its first byte passed;
    /// nil when no message is whole.
    package mutating func takeMessage(into output: inout [UInt8], time: Timestamp) -> Timestamp? {
        guard let length = nextLength, length <= bytes.available else { return nil }
        output.append(bytes.inOrder.extracting(first: length))
        bytes.take(length, time: time)
        defer { start = time }
        skip(time)
        return start
    }

    /// A hole, or new keys: what is here belongs to no message.
    package mutating func reset() { self = TLSHandshakeStream(longest: longest) }

    /// Forgets what is held, for want of memory; nothing more is read until `reset`. Returns the memory it took.
    package mutating func release() -> Int {
        let held = heldBytes
        guard held > 0 else { return 0 }
        reset()
        hasLostSync = true
        return held
    }

    /// Header and body of the next message.
    private var nextLength: Int? {
        var reader = ByteReader(bytes.inOrder)
        guard toSkip == 0, let header = try? TLSHandshakeHeader(decoding: &reader) else { return nil }
        return TLSHandshakeHeader.length + header.bodyLength
    }

    /// Moves over messages that are too long to keep, as far as they came.
    private mutating func skip(_ time: Timestamp) {
        while true {  // each pass takes bytes, or ends
            if toSkip == 0, let length = nextLength, length > TLSHandshakeHeader.length + longest { toSkip = length }
            let count = min(toSkip, bytes.available)
            guard count > 0 else { return }
            bytes.take(count, time: time)
            toSkip -= count
        }
    }
}
