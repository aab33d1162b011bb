/// What the first bytes of an audio or video message say (Adobe FLV section E.4, Enhanced RTMP version 2).
package struct FLVMediaHead: Equatable, Sendable {
    package var codec: String
    /// It configures the decoder and is no frame.
    package var isHeader: Bool
    package var isKeyFrame: Bool
    /// What the picture is shown later than its timestamp, in milliseconds.
    package var compositionOffset: Int32 = 0

    /// nil where the bytes are too few.
    package init?(video bytes: [UInt8]) {
        guard let first = bytes.first else { return nil }
        if first & 0x80 != 0 {
            // Enhanced: a frame type of three bits, a packet type, and a codec by its four characters.
            guard bytes.count >= 5 else { return nil }
            let packet = first & 0x0f
            codec = Self.name(bytes[1...4])
            isHeader = packet == 0 || packet == 4
            isKeyFrame = first >> 4 & 7 == 1 && !isHeader
            if packet == 1, bytes.count >= 8, ["h264", "hevc"].contains(codec) {
                compositionOffset = Self.signed(bytes[5...7])
            }
            return
        }
        let names = [2: "h263", 3: "screen", 4: "vp6", 5: "vp6a", 6: "screen2", 7: "h264", 12: "hevc", 13: "av1"]
        codec = names[Int(first & 15)] ?? "unknown"
        let hasPacketType = [7, 12, 13].contains(first & 15)
        guard !hasPacketType || bytes.count >= 2 else { return nil }
        isHeader = hasPacketType && bytes[1] != 1 || first >> 4 == 5
        isKeyFrame = first >> 4 == 1 && !isHeader
        if hasPacketType, bytes.count >= 5 { compositionOffset = Self.signed(bytes[2...4]) }
    }

    package init?(audio bytes: [UInt8]) {
        guard let first = bytes.first else { return nil }
        isKeyFrame = false
        if first >> 4 == 9 {
            guard bytes.count >= 5 else { return nil }
            codec = Self.name(bytes[1...4])
            isHeader = first & 15 == 0 || first & 15 == 4
            return
        }
        let names = [
            0: "pcm", 1: "adpcm", 2: "mp3", 3: "pcm", 4: "nellymoser", 5: "nellymoser", 6: "nellymoser", 7: "g711a",
            8: "g711u", 10: "aac", 11: "speex", 14: "mp3",
        ]
        codec = names[Int(first >> 4)] ?? "unknown"
        guard first >> 4 != 10 || bytes.count >= 2 else { return nil }
        isHeader = first >> 4 == 10 && bytes[1] == 0
    }

    private static func name(_ code: ArraySlice<UInt8>) -> String {
        let text = String(decoding: code, as: UTF8.self)
        let names = [
            "avc1": "h264", "hvc1": "hevc", "av01": "av1", "vp08": "vp8", "vp09": "vp9", "vvc1": "vvc", "mp4a": "aac",
            "Opus": "opus", "fLaC": "flac", "ac-3": "ac3", "ec-3": "eac3", ".mp3": "mp3",
        ]
        return names[text] ?? "unknown"
    }

    private static func signed(_ bytes: ArraySlice<UInt8>) -> Int32 {
        let value = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Int32(bitPattern: value << 8) >> 8
    }
}

/// Reads an FLV file as it comes, in pieces of any size (Adobe FLV section E): HTTP-FLV, and FLV in WebSocket.
package struct FLVReader: Sendable {
    package struct Tag: Equatable, Sendable {
        /// 8 audio, 9 video, 18 data.
        package var type: UInt8
        package var timestamp: UInt32
        package var length: Int
        package var head: [UInt8]
    }

    private enum State: Sendable {
        case file
        /// Bytes of the file's header beyond the nine, and of the size before a tag.
        case passing(left: Int)
        case tag
        case body(left: Int)
        case lost
    }

    private var state = State.file
    private var held: [UInt8] = []
    private var current = Tag(type: 0, timestamp: 0, length: 0, head: [])

    package init() {}

    /// Of tags without the header of a file before them: the parts of an aggregate message of RTMP (section 7.1.6).
    package static var ofTags: FLVReader {
        var reader = FLVReader()
        reader.state = .tag
        return reader
    }

    package var isLost: Bool { if case .lost = state { true } else { false } }

    /// nil: too few bytes to tell.
    package static func canBegin(_ bytes: RawSpan) -> Bool? {
        let reader = ByteReader(bytes)
        guard reader.remaining >= 9 else { return nil }
        return reader.peekUInt32().map { $0 >> 8 == 0x46_4c56 && $0 & 0xff == 1 } == true
            && reader.peekUInt8(ahead: 4).map { $0 & 0xfa == 0 } == true
    }

    /// The next whole tag, nil when more bytes are needed.
    @_lifetime(reader: copy reader)
    package mutating func next(_ reader: inout ByteReader) -> Tag? {
        while !reader.isAtEnd {  // each pass takes bytes
            switch state {
            case .file:
                reader.append(9 - held.count, to: &held)
                guard held.count == 9 else { return nil }
                let bytes = held
                var head = ByteReader(unsafe bytes.span.bytes)
                let isFLV = head.uint24() == 0x46_4c56
                head.skip(2)
                let length = Int(head.uint32())
                held.removeAll(keepingCapacity: true)
                state = isFLV && (9...1_024).contains(length) ? .passing(left: length - 9 + 4) : .lost
            case .passing(let left):
                let count = min(left, reader.remaining)
                reader.skip(count)
                state = left > count ? .passing(left: left - count) : .tag
            case .tag:
                reader.append(11 - held.count, to: &held)
                guard held.count == 11 else { return nil }
                let bytes = held
                var head = ByteReader(unsafe bytes.span.bytes)
                let type = head.uint8() & 0x1f
                current = Tag(type: type, timestamp: 0, length: Int(head.uint24()), head: [])
                let low = head.uint24()
                current.timestamp = UInt32(head.uint8()) << 24 | low
                held.removeAll(keepingCapacity: true)
                guard [8, 9, 18].contains(type) else {
                    state = .lost
                    continue
                }
                state = .body(left: current.length)
                if current.length == 0 { state = .passing(left: 4) }
            case .body(let left):
                let count = min(left, reader.remaining)
                let kept = min(count, max(0, RTMPReader.mediaHead - current.head.count))
                reader.append(kept, to: &current.head)
                reader.skip(count - kept)
                guard left == count else {
                    state = .body(left: left - count)
                    continue
                }
                state = .passing(left: 4)
                return current
            case .lost: reader.skip(reader.remaining)
            }
        }
        return nil
    }

    /// `count` bytes will never come.
    package mutating func gap(of count: UInt64) {
        guard case .body(let left) = state, count < UInt64(left) else {
            state = .lost
            return
        }
        // The head is not read across a hole.
        if current.head.count < RTMPReader.mediaHead { current.head = [] }
        state = .body(left: left - Int(count))
    }
}
