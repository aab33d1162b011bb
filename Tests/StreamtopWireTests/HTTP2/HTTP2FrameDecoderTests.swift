import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct HTTP2FrameDecoderTests {
    private struct Read: Equatable {
        var frames: [String] = []
        var hasLostStep = false
        var isBetweenFrames = false
    }

    private func read(_ bytes: [UInt8], cutInto size: Int = .max, _ first: HTTP2FrameDecoder) -> Read {
        var decoder = first
        var result = Read()
        for start in stride(from: 0, to: bytes.count, by: max(1, min(size, bytes.count))) {
            let part = Array(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
            var reader = ByteReader(unsafe part.span.bytes)
            while let element = decoder.next(&reader) {
                switch element {
                case .preface: result.frames.append("preface")
                case .malformed: result.frames.append("malformed")
                case .frame(let header):
                    result.frames.append(
                        "\(header.type.kind.name) \(header.payloadLength) \(header.flags.rawValue) \(header.stream):")
                case .payload(let count, let isLast):
                    result.frames[result.frames.count - 1] += String(repeating: "x", count: count)
                    if isLast { result.frames[result.frames.count - 1] += "." }
                }
            }
            let isAtEnd = reader.isAtEnd
            #expect(isAtEnd)
        }
        result.hasLostStep = decoder.hasLostStep
        result.isBetweenFrames = decoder.isBetweenFrames
        return result
    }

    /// The preface, SETTINGS, HEADERS, an empty DATA with the reserved bit set, a type nobody knows, GOAWAY.
    private let stream =
        Array(HTTP2FrameDecoder.preface.utf8)
        + [UInt8](
            hex: """
                000006 04 00 00000000 0003 00000064  000003 01 05 00000001 828684  000000 00 01 80000001
                000001 fe 00 00000003 aa  000008 07 00 00000000 00000001 00000002
                """)

    @Test func framesOfAllForms() {
        let whole = read(stream, HTTP2FrameDecoder())
        #expect(
            whole.frames == [
                "preface", "settings 6 0 0:xxxxxx.", "headers 3 5 1:xxx.", "data 0 1 1:.", "unknown 1 0 3:x.",
                "goaway 8 0 0:xxxxxxxx.",
            ])
        #expect(whole.isBetweenFrames && !whole.hasLostStep)
    }

    @Test func anyCutReadsTheSame() {
        let whole = read(stream, HTTP2FrameDecoder())
        for size in 1...stream.count {
            #expect(read(stream, cutInto: size, HTTP2FrameDecoder()) == whole, "pieces of \(size)")
        }
    }

    @Test func damagedStreamsEnd() {
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            let bytes = random.damaged(stream)
            let whole = read(bytes, HTTP2FrameDecoder())
            guard !whole.hasLostStep else { continue }  // lost, it takes step again where a piece begins
            #expect(read(bytes, cutInto: 3, HTTP2FrameDecoder()) == whole, "seed \(seed)")
        }
    }

    @Test func anotherPrefaceIsNone() {
        #expect(read(Array("PRI * HTTP/1.1\r\n".utf8), HTTP2FrameDecoder()).frames == ["malformed"])
        #expect(read([0x7f, 0xff, 0xff, 0, 0, 0, 0, 0, 1], HTTP2FrameDecoder()).hasLostStep)
    }

    @Test func aGapInsideAPayloadIsBridged() {
        var decoder = HTTP2FrameDecoder()
        var reader = ByteReader(unsafe [UInt8](hex: "00000a 00 00 00000001 0102").span.bytes)
        while decoder.next(&reader) != nil {}
        let inside = decoder.gap(of: 5)
        #expect(inside.payload == 5 && !inside.endsFrame)
        let rest = decoder.gap(of: 3)
        #expect(rest.payload == 3 && rest.endsFrame && decoder.isBetweenFrames)
        let blind = decoder.gap(of: 1)
        #expect(blind.payload == 0 && decoder.hasLostStep, "where the next frame begins is not known")
    }

    /// Only a piece that is made of frames from its first byte on is taken for the beginning of one.
    @Test func stepIsFoundAgainWhereFramesBegin() {
        let frames = [UInt8](hex: "000004 08 00 00000000 00010000  000008 06 01 00000000 0102030405060708")
        #expect(read(frames, HTTP2FrameDecoder(isInStep: false)).frames.count == 2)
        #expect(read(Array(frames.dropFirst()), HTTP2FrameDecoder(isInStep: false)).frames.isEmpty)
        #expect(
            read(Array(frames.prefix(11)), HTTP2FrameDecoder(isInStep: false)).frames.isEmpty,
            "half of one is not enough")
        #expect(
            read([UInt8](hex: "000005 08 00 00000000 0001000000"), HTTP2FrameDecoder(isInStep: false)).frames.isEmpty)
        #expect(read(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), HTTP2FrameDecoder(isInStep: false)).frames.isEmpty)
    }
}

@Suite struct HTTP2FramePayloadTests {
    private func fields(_ hex: String, _ type: HTTP2FrameType, flags: UInt8) throws -> HTTP2FieldFrame {
        let bytes = [UInt8](hex: hex)
        var reader = ByteReader(unsafe bytes.span.bytes)
        return try HTTP2FieldFrame(
            decoding: &reader,
            HTTP2FrameHeader(payloadLength: bytes.count, type: type, flags: .init(rawValue: flags), stream: 1))
    }

    @Test func blocksBetweenPaddingAndPriority() throws {
        #expect(try fields("8286", .headers, flags: 0x4).block == 0..<2)
        #expect(try fields("02 00000003 10 8286 0000", .headers, flags: 0x28).block == 6..<8)
        let promise = try fields("01 80000004 82 00", .pushPromise, flags: 0x8)
        #expect(promise.block == 5..<6 && promise.promisedStream == 4)
        #expect(try fields("0282", .continuation, flags: 0x8).block == 0..<2, "it has no padding")
        #expect(throws: DecodeError.self) { try fields("05 8286", .headers, flags: 0x8) }
        #expect(throws: DecodeError.self) { try fields("0000", .pushPromise, flags: 0) }
        #expect(throws: DecodeError.self) { try fields("", .headers, flags: 0x8) }
    }

    @Test func settingsInTheirOrder() {
        let bytes = [UInt8](hex: "0004 0000ffff 0008 00000001 0a0a 00000002 0003")
        let list = HTTP2Setting.list(decoding: unsafe bytes.span.bytes)
        #expect(list.map(\.name) == [.initialWindowSize, .enableConnectProtocol, nil])
        #expect(list.map(\.value) == [65_535, 1, 2])
        let many = [UInt8](repeating: 0, count: 6_000)
        #expect(HTTP2Setting.list(decoding: unsafe many.span.bytes).count == 64)
    }

    @Test func errorsByName() {
        #expect(HTTP2ErrorCode.name(of: HTTP2ErrorCode.cancel) == "CANCEL")
        #expect(HTTP2ErrorCode.name(of: 0xd) == "HTTP_1_1_REQUIRED")
        #expect(HTTP2ErrorCode.name(of: 0xe) == nil)
        #expect(HTTP2ErrorCode.name(of: .max) == nil)
    }

    @Test("What a server begins with is SETTINGS that may be, and frames behind it")
    func beginningOfAServer() {
        func begins(_ hex: String) -> Bool {
            let bytes = [UInt8](hex: hex)
            return unsafe HTTP2FrameDecoder.canBeginAsServer(bytes.span.bytes)
        }
        #expect(begins("000006 04 00 00000000 0003 00000064"))
        #expect(begins("00000c 04 00 00000000 0003 00000064 fe03 00000001"), "one that nobody here knows")
        #expect(begins("000006 04 00 00000000 0003 00000064  000000 04 01 00000000"), "the acknowledgment at once")
        #expect(begins("000000 04 00 00000000  000004 08 00 00000000 7fff0000"), "nothing set, and a grant")
        #expect(!begins("000000 04 00 00000000"), "a length of four and zeros")
        #expect(!begins("000000 04 00 00000000  00000000 00000000 00"), "and more of them")
        #expect(!begins("000006 04 00 00000000 0003 000000"), "cut")
        #expect(!begins("000006 04 00 00000000 fe03 00000064"), "none that is known")
        #expect(!begins("000006 04 00 00000000 0002 00000064"), "a switch of 100")
        #expect(!begins("000006 04 00 00000000 0005 00000064"), "frames of 100 bytes at most")
        #expect(!begins("000006 04 01 00000000 0003 00000064"), "an acknowledgment")
        #expect(!begins("000006 04 00 00000001 0003 00000064"), "on a stream")
        #expect(!begins("000007 04 00 00000000 0003 00000064 00"))
        #expect(!begins("000006 04 00 00000000 0003 00000064  41424344 45464748 49"), "words behind it")
    }
}
