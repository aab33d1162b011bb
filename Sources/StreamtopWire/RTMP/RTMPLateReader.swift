/// Reads one direction of an RTMP connection that was joined behind its handshake. A piece of the stream that begins with the header of
/// media is a place to begin; how long chunks are was said before, so those sizes that senders use are tried side by side, and the one
/// that makes sense of what follows is right.
package struct RTMPLateReader: Sendable {
    /// What servers and publishers set, 128 where nobody sets anything (section 5.4.1).
    private static let chunkSizes = [
        128, 256, 512, 1_024, 2_048, 4_000, 4_096, 5_000, 8_192, 16_384, 32_768, 60_000, 65_536, 0xff_ffff,
    ]
    /// Messages that make sense under one size, and more than under any other that is left.
    private static let enough = 3

    private struct Trial: Sendable {
        var reader: RTMPReader
        var messages = 0
        /// A message was longer than a chunk, and made sense.
        var isProven = false
    }

    private var trials: [Trial] = []
    private var reader: RTMPReader?
    private var isProven = false

    package init() {}

    /// How long chunks are; nil for as long as every size would do.
    package var chunkSize: Int? { isProven ? reader?.chunkSize : nil }

    /// Whether bytes begin with the header of an audio, a video or a data message (section 5.3.1), one with its type in it, and with what
    /// such a message begins with.
    @inline(__always)
    package static func canContinue(_ bytes: RawSpan) -> Bool {
        // The type first: every flow's first segments are asked, and hardly any has one of these there.
        guard let type = ByteReader(bytes).peekUInt8(ahead: 7),
            type == RTMPMessage.Kind.video || type == RTMPMessage.Kind.audio
        else { return false }
        return isMediaHead(bytes, type)
    }

    @inline(never)
    private static func isMediaHead(_ bytes: RawSpan, _ type: UInt8) -> Bool {
        var reader = ByteReader(bytes)
        guard reader.remaining >= 14 else { return false }
        let first = reader.uint8()
        // One byte names the chunk stream; 2 is for what controls the connection (section 5.3.1.1).
        guard first >> 6 <= 1, first & 0x3f >= 3 else { return false }
        let time = reader.uint24()
        let length = reader.uint24()
        reader.skip(1)
        guard (2..<0x40_0000).contains(length) else { return false }
        if first >> 6 == 0 {
            guard (1..<64).contains(reader.uint32().byteSwapped) else { return false }
        } else if time >= 10_000 {
            return false
        }
        let head = reader.copy(min(5, reader.remaining))
        switch type {
        case RTMPMessage.Kind.video:
            if head[0] & 0x80 != 0 { return FLVMediaHead(video: head).map { $0.codec != "unknown" } ?? false }
            return (1...2).contains(head[0] >> 4) && [7, 12, 13].contains(head[0] & 15) && head[1] <= 2
        case RTMPMessage.Kind.audio:
            return head[0] >> 4 == 10 && head[1] <= 1
        default: return false
        }
    }

    /// The next bytes of the stream; a segment begins with them. `messages` gets what is whole.
    package mutating func read(_ bytes: RawSpan, into messages: inout [RTMPMessage]) {
        if reader == nil, trials.isEmpty {
            guard Self.canContinue(bytes) else { return }
            trials = Self.chunkSizes.map { Trial(reader: RTMPReader(behindHandshakeIn: $0)) }
        }
        guard reader == nil else { return readOn(bytes, into: &messages) }
        for index in trials.indices {
            var input = ByteReader(bytes)
            while let element = trials[index].reader.next(&input) {  // each moves the reader on
                guard case .message(let message) = element else { continue }
                trials[index].messages += 1
                if message.length > trials[index].reader.chunkSize { trials[index].isProven = true }
            }
        }
        trials.removeAll { $0.reader.isLost }
        let most = trials.map(\.messages).max() ?? 0
        guard most >= Self.enough else { return }
        // Sizes that no message has reached are alike: the smallest of them is as good as any.
        let best = trials.first { $0.messages == most }
        reader = best?.reader
        isProven = best?.isProven ?? false
        trials = []
    }

    private mutating func readOn(_ bytes: RawSpan, into messages: inout [RTMPMessage]) {
        var input = ByteReader(bytes)
        while let element = reader?.next(&input) {  // each moves the reader on
            switch element {
            case .message(let message):
                if message.length > reader?.chunkSize ?? .max { isProven = true }
                messages.append(message)
            case .handshake, .malformed: break
            }
        }
        if reader?.isLost == true { reader = nil }
    }

    /// `count` bytes will never come.
    package mutating func gap(of count: UInt64) {
        trials = []
        if reader?.gap(of: count) == false { reader = nil }
    }
}
