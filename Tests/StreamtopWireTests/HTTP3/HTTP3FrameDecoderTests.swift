import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct HTTP3FrameDecoderTests {
    /// Elements with payloads of one frame joined, so that the way the bytes were cut does not show.
    private struct Read: Equatable {
        var frames: [String] = []
        var hasLostSync = false
        var isBetweenFrames = false
    }

    private func read(_ bytes: [UInt8], cutInto size: Int = .max) -> Read {
        var decoder = HTTP3FrameDecoder()
        var result = Read()
        for start in stride(from: 0, to: bytes.count, by: max(1, min(size, bytes.count))) {
            let part = Array(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
            var reader = ByteReader(unsafe part.span.bytes)
            while let element = decoder.next(&reader) {
                switch element {
                case .frame(let type, let length, let header):
                    result.frames.append("\(type.kind.name) \(length) \(header):")
                case .payload(let count, let isLast):
                    result.frames[result.frames.count - 1] += String(repeating: "x", count: count)
                    if isLast { result.frames[result.frames.count - 1] += "." }
                }
            }
            let isAtEnd = reader.isAtEnd
            #expect(isAtEnd)
        }
        result.hasLostSync = decoder.hasLostSync
        result.isBetweenFrames = decoder.isBetweenFrames
        return result
    }

    /// RFC 9114 section 7: HEADERS, empty DATA, DATA, a reserved type with a long length field, GOAWAY with a long type.
    private let stream = [UInt8](hex: "01 03 aabbcc  00 00  00 4002 ddee  4040 80000001 ff  40 07 01 04")

    @Test func framesOfAllForms() {
        let whole = read(stream)
        #expect(
            whole.frames == [
                "headers 3 2:xxx.", "data 0 2:.", "data 2 3:xx.", "reserved 1 6:x.", "goaway 1 3:x.",
            ])
        #expect(whole.isBetweenFrames && !whole.hasLostSync)
    }

    @Test func anyCutReadsTheSame() {
        let whole = read(stream)
        for size in 1...stream.count { #expect(read(stream, cutInto: size) == whole, "pieces of \(size)") }
    }

    @Test func aCutStreamEndsWithinAFrame() {
        let ends = [0, 5, 7, 12, 19, stream.count]
        for length in stream.indices.dropFirst() {
            #expect(read(Array(stream.prefix(length))).isBetweenFrames == ends.contains(length), "\(length) bytes")
        }
    }

    @Test func aGapInsideAPayloadIsBridged() {
        var decoder = HTTP3FrameDecoder()
        var reader = ByteReader(unsafe ([0x00, 0x0a, 1, 2] as [UInt8]).span.bytes)
        while decoder.next(&reader) != nil {}
        let inside = decoder.gap(of: 5)
        #expect(inside.payload == 5 && !inside.endsFrame)
        let rest = decoder.gap(of: 3)
        #expect(rest.payload == 3 && rest.endsFrame)
        #expect(decoder.isBetweenFrames)
        let blind = decoder.gap(of: 1)
        #expect(blind.payload == 0)
        #expect(decoder.hasLostSync, "where the next frame begins is not known")
        var more = ByteReader(unsafe ([0x00, 0x01, 1] as [UInt8]).span.bytes)
        #expect(decoder.next(&more) == nil)
        let isAtEnd = more.isAtEnd
        #expect(isAtEnd)
    }

    @Test func aGapBeyondThePayloadLosesTheStream() {
        var decoder = HTTP3FrameDecoder()
        var reader = ByteReader(unsafe ([0x00, 0x02, 1] as [UInt8]).span.bytes)
        while decoder.next(&reader) != nil {}
        let gap = decoder.gap(of: 2)
        #expect(gap.payload == 1 && !gap.endsFrame)
        #expect(decoder.hasLostSync)
    }

    @Test func theLargestLengthIsNoTrap() {
        let frames = read([0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2])
        #expect(frames.frames == ["data 4611686018427387903 9:xx"])
        var decoder = HTTP3FrameDecoder()
        var reader = ByteReader(unsafe ([0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] as [UInt8]).span.bytes)
        while decoder.next(&reader) != nil {}
        let gap = decoder.gap(of: .max)
        #expect(gap.payload == 1 << 62 - 1)
        #expect(decoder.hasLostSync)
    }

    @Test func damagedStreamsEnd() {
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            let bytes = random.damaged(stream)
            #expect(read(bytes, cutInto: 3) == read(bytes), "seed \(seed)")
        }
    }

    @Test func typesByTheirRules() {
        #expect(HTTP3FrameType(rawValue: 0x21).kind == .reserved)
        #expect(HTTP3FrameType(rawValue: 0x40).kind == .reserved)
        #expect(HTTP3FrameType(rawValue: 0x22).kind == .unknown)
        #expect(HTTP3FrameType(rawValue: 1 << 62 - 1).kind == .unknown)
        #expect([0x2, 0x6, 0x8, 0x9].allSatisfy { HTTP3FrameType(rawValue: $0).isForbidden })
        #expect(!HTTP3FrameType.data.isForbidden)
    }
}
