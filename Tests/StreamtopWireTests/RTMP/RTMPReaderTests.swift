import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct RTMPReaderTests {
    private func read(_ bytes: [UInt8], cutInto size: Int = .max, gap: Range<Int>? = nil) -> [RTMPReader.Element] {
        var reader = RTMPReader()
        var elements: [RTMPReader.Element] = []
        var position = 0
        while position < bytes.count {
            if let gap, position == gap.lowerBound {
                _ = reader.gap(of: UInt64(gap.count))
                position = gap.upperBound
                continue
            }
            let border = gap.map { position < $0.lowerBound ? $0.lowerBound : bytes.count } ?? bytes.count
            let end = size < border - position ? position + size : border
            let part = Array(bytes[position..<end])
            var input = ByteReader(unsafe part.span.bytes)
            while let element = reader.next(&input) { elements.append(element) }
            let isAtEnd = input.isAtEnd
            #expect(isAtEnd)
            position = end
        }
        return elements
    }

    private func messages(_ elements: [RTMPReader.Element]) -> [RTMPMessage] {
        elements.compactMap { if case .message(let message) = $0 { message } else { nil } }
    }

    private var talk: RTMPBytes {
        var talk = RTMPBytes()
        talk.add(
            type: 20,
            RTMPBytes.text("connect") + RTMPBytes.number(1) + RTMPBytes.object([("app", RTMPBytes.text("live"))]))
        talk.addVideo(40, isKeyFrame: true, size: 1_000)
        talk.add(chunkSize: 4_096)
        talk.addVideo(0x0100_0000, isKeyFrame: false, size: 5_000)
        talk.add(type: 8, chunkStream: 63, timestamp: 50, [0xaf, 1, 2, 3])
        return talk
    }

    @Test func messagesOfAllSizes() {
        let found = messages(read(talk.bytes))
        #expect(found.map(\.type) == [20, 9, 1, 9, 8])
        #expect(
            found.map(\.length) == [31 + 9, 1_005, 4, 5_005, 4]
                || found.map(\.length).dropFirst() == [1_005, 4, 5_005, 4])
        #expect(found.map(\.timestamp) == [0, 40, 0, 0x0100_0000, 50])
        #expect(found[3].head.count == RTMPReader.mediaHead && found[4].head == [0xaf, 1, 2, 3])
    }

    @Test func anyCutSaysTheSame() {
        let bytes = Array(talk.bytes)
        let whole = read(bytes)
        #expect(whole.prefix(2) == [.handshake(isOver: false), .handshake(isOver: true)])
        for size in [1, 2, 3, 7, 100, 128, 1_448, 1_537] {
            #expect(read(bytes, cutInto: size) == whole, "pieces of \(size)")
        }
    }

    /// Deltas and repeated headers (section 5.3.1.2).
    @Test func shortHeaders() {
        var bytes = RTMPBytes().bytes
        bytes += [0x04, 0, 0, 100, 0, 0, 2, 8, 1, 0, 0, 0, 0xaf, 1]  // everything
        bytes += [0x44, 0, 0, 20, 0, 0, 3, 8, 0xaf, 1, 9]  // delta, length, type
        bytes += [0x84, 0, 0, 30, 0xaf, 1, 9]  // delta
        bytes += [0xc4, 0xaf, 1, 9]  // nothing: the same delta again
        bytes += [0x00, 10, 0, 0, 5, 0, 0, 1, 8, 1, 0, 0, 0, 0xaf]  // chunk stream 74
        bytes += [0x01, 2, 1, 0, 0, 6, 0, 0, 1, 8, 1, 0, 0, 0, 0xaf]  // chunk stream 322
        #expect(messages(read(bytes)).map(\.timestamp) == [100, 120, 150, 180, 5, 6])
    }

    @Test func aGapInAPayloadIsBridged() {
        var talk = RTMPBytes()
        talk.add(chunkSize: 65_536)
        let start = talk.bytes.count
        talk.addVideo(10, isKeyFrame: true, size: 4_000)
        talk.addVideo(20, isKeyFrame: false, size: 10)
        let found = messages(read(talk.bytes, gap: start + 500..<start + 1_500))
        #expect(found.map(\.timestamp) == [0, 10, 20] && found[1].length == 4_005)
        // Over a border nothing can be found again.
        #expect(messages(read(talk.bytes, gap: start + 3_900..<start + 4_100)).map(\.timestamp) == [0])
    }

    @Test func whatIsNoRTMP() {
        #expect(read([6, 1, 2]) == [.malformed])
        #expect(read(RTMPBytes().bytes + [0xc3, 1]).last == .malformed)
        #expect(read(RTMPBytes().bytes + [0x03, 0, 0, 0, 0, 0, 1, 99, 0, 0, 0, 0, 1]).last == .malformed)
        let whole = Array(RTMPBytes().bytes.prefix(1_448))
        #expect(RTMPReader.canBegin(unsafe whole.span.bytes))
        // Remote desktop: a TPKT header begins with 3, too, and is short.
        let desktop = [UInt8](hex: "0300 0013 0e e0 0000 0000 00 0100 0800 0b00 0000")
        #expect(!RTMPReader.canBegin(unsafe desktop.span.bytes))
    }

    @Test func damagedBytesNeverTrap() {
        var random = SeededRandom(seed: 12)
        for _ in 0..<1_000 {
            let bytes = RTMPBytes().bytes + random.damaged(Array(talk.bytes.dropFirst(3_073)))
            _ = read(bytes, cutInto: Int.random(in: 1...2_000, using: &random))
        }
    }
}

@Suite struct FLVTests {
    @Test func codecs() {
        #expect(FLVMediaHead(video: [0x17, 1, 0, 0, 40])?.isKeyFrame == true)
        #expect(FLVMediaHead(video: [0x27, 1, 0xff, 0xff, 0xfe])?.compositionOffset == -2)
        #expect(FLVMediaHead(video: [0x17, 0, 0, 0, 0])?.isHeader == true)
        // Enhanced: a coded frame without offset of HEVC that is a key frame; a sequence start of AV1.
        #expect(FLVMediaHead(video: [0x93] + Array("hvc1".utf8))?.codec == "hevc")
        #expect(FLVMediaHead(video: [0x93] + Array("hvc1".utf8))?.isKeyFrame == true)
        #expect(FLVMediaHead(video: [0x90] + Array("av01".utf8))?.isHeader == true)
        #expect(FLVMediaHead(audio: [0xaf, 0])?.isHeader == true && FLVMediaHead(audio: [0xaf, 1])?.codec == "aac")
        #expect(FLVMediaHead(audio: [0x91] + Array("Opus".utf8))?.codec == "opus")
        #expect(
            FLVMediaHead(video: []) == nil && FLVMediaHead(video: [0x93, 1]) == nil
                && FLVMediaHead(audio: [0xaf]) == nil)
    }

    @Test func tagsOfAFile() {
        let tag: [UInt8] = [9, 0, 0, 6, 0, 0, 5, 1, 0, 0, 0, 0x17, 1, 0, 0, 0, 7, 0, 0, 0, 17]
        let bytes = [UInt8](hex: "464c5601 05 00000009 00000000") + tag + tag
        for size in [1, 4, 11, 100] {
            var reader = FLVReader()
            var tags: [FLVReader.Tag] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                let part = Array(bytes[start..<min(bytes.count, start + size)])
                var input = ByteReader(unsafe part.span.bytes)
                while let tag = reader.next(&input) { tags.append(tag) }
            }
            let expected = FLVReader.Tag(type: 9, timestamp: 0x0100_0005, length: 6, head: [0x17, 1, 0, 0, 0, 7])
            #expect(tags == [expected, expected])
        }
        #expect(FLVReader.canBegin(unsafe bytes.span.bytes) == true)
    }

    @Test func actionMessageFormat() {
        let bytes =
            RTMPBytes.text("connect") + RTMPBytes.number(1)
            + RTMPBytes.object([("app", RTMPBytes.text("live")), ("inner", RTMPBytes.object([("x", [1, 1])]))]) + [5]
        let values = AMFValue.list(unsafe bytes.span.bytes)
        #expect(values.count == 4 && values[0].text == "connect" && values[1].number == 1)
        #expect(values[2]["app"]?.text == "live" && values[2]["inner"]?["x"] == .boolean(true) && values[3] == .null)
        for end in 0..<bytes.count {
            let cut = Array(bytes.prefix(end))
            #expect(AMFValue.list(unsafe cut.span.bytes).count <= 4)
        }
        // Objects inside each other beyond the bound.
        let deep = [UInt8]((0..<1_000).flatMap { _ in [3, 0, 1, 0x61] as [UInt8] })
        #expect(AMFValue.list(unsafe deep.span.bytes).count <= 8)
    }
}
