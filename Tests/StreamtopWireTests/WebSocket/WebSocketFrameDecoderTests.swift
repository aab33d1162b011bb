import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct WebSocketFrameDecoderTests {
    private func read(_ bytes: [UInt8], cutInto size: Int = .max) -> [String] {
        var decoder = WebSocketFrameDecoder()
        var frames: [String] = []
        for start in stride(from: 0, to: bytes.count, by: max(1, min(size, bytes.count))) {
            let part = Array(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
            var reader = ByteReader(unsafe part.span.bytes)
            while let element = decoder.next(&reader) {
                switch element {
                case .frame(let header):
                    frames.append(
                        "\(header.opcode?.name ?? "?") \(header.isFinal) \(header.payloadLength) \(header.length):")
                case .payload(let count, _, let isLast):
                    frames[frames.count - 1] += String(repeating: "x", count: count) + (isLast ? "." : "")
                }
            }
            let isAtEnd = reader.isAtEnd
            #expect(isAtEnd)
        }
        return frames
    }

    private let stream = [UInt8](
        hex: "81 85 37fa213d 7f9f4d5158  02 7e 0003 010203  00 00  8a 7f 0000000000000001 09  83 00")

    @Test func framesOfAllForms() {
        #expect(
            read(stream) == [
                "text true 5 6:xxxxx.", "binary false 3 4:xxx.", "continuation false 0 2:.", "pong true 1 10:x.",
                "? true 0 2:.",
            ])
    }

    @Test func anyCutReadsTheSame() {
        let whole = read(stream)
        for size in 1...stream.count { #expect(read(stream, cutInto: size) == whole, "pieces of \(size)") }
    }

    @Test func damagedStreamsReadTheSameInAnyCut() {
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            let bytes = random.damaged(stream)
            #expect(read(bytes, cutInto: 3) == read(bytes), "seed \(seed)")
        }
    }

    @Test func theLargestLengthIsNoTrap() {
        #expect(
            read([0x82, 0x7f] + [UInt8](repeating: 0xff, count: 8) + [1, 2]) == [
                "binary true 18446744073709551615 10:xx"
            ])
        var decoder = WebSocketFrameDecoder()
        var reader = ByteReader(unsafe ([0x82, 0x7f] + [UInt8](repeating: 0xff, count: 8)).span.bytes)
        while decoder.next(&reader) != nil {}
        let gap = decoder.gap(of: .max)
        #expect(gap.payload == .max && gap.endsFrame)
        let blind = decoder.gap(of: 1)
        #expect(blind.payload == 0 && decoder.hasLostStep)
    }

    @Test func masks() {
        for (start, count) in [(0, 5), (1, 4), (3, 2)] {
            let masked = Array([UInt8](hex: "7f9f4d5158")[start..<(start + count)])
            var plain: [UInt8] = []
            WebSocketMask.append(unsafe masked.span.bytes, mask: 0x37fa_213d, at: UInt64(start), to: &plain)
            #expect(plain == Array(Array("Hello".utf8)[start..<(start + count)]))
        }
    }

    /// RFC 3629 sections 3 and 10: overlong forms, surrogates, beyond U+10FFFF.
    @Test func textThatIsNone() {
        for (hex, isText) in [
            ("48 c3bc e282ac f09f9880", true), ("c080", false), ("e08080", false), ("eda080", false),
            ("f4908080", false),
            ("f0808080", false), ("80", false), ("c3", false), ("ff", false), ("ed9fbf ee8080 f48fbfbf", true),
            ("", true),
        ] {
            var whole = UTF8Validator()
            whole.add([UInt8](hex: hex))
            #expect(whole.isComplete == isText, "\(hex)")
            var pieces = UTF8Validator()
            for byte in [UInt8](hex: hex) { pieces.add([byte]) }
            #expect(pieces == whole)
        }
    }

    @Test func whatWasAgreed() {
        #expect(WebSocketDeflate(agreed: "x-other; a=1") == nil)
        let plain = WebSocketDeflate(agreed: "permessage-deflate")
        #expect(plain?.clientForgets == false && plain?.serverWindowBits == 15)
        let full = WebSocketDeflate(
            agreed: "foo, Permessage-Deflate; server_no_context_takeover; client_max_window_bits=\"10\"")
        #expect(full?.serverForgets == true && full?.clientForgets == false && full?.clientWindowBits == 10)
    }

    @Test func aBombIsCountedAndNotKept() throws {
        // 10 MB of zeros in ten kilobytes, made by hand: a fixed Huffman block of runs of 258.
        var inflater = try requireOwned(MessageInflater(forgets: false))
        var total = 0
        inflater.inflate([0x01, 0x00]) { total += $0.count }
        #expect(total == 0)
        var broken = try requireOwned(MessageInflater(forgets: false))
        broken.inflate([0xff, 0xff, 0xff]) { total += $0.count }
        broken.endMessage { total += $0.count }
        let isBroken = broken.isBroken
        #expect(isBroken && total == 0)
    }
}
