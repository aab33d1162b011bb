import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct RTPHeaderTests {
    private func decode(_ bytes: [UInt8]) throws -> RTPHeader {
        var reader = unsafe ByteReader(bytes.span.bytes)
        return try RTPHeader(decoding: &reader)
    }

    @Test("RFC 3550 section 5.1: marker, type, sequence, time, source, contributors, extension")
    func fields() throws {
        let bytes = [UInt8](hex: "91e0 0102 00000304 deadbeef aaaaaaaa bede0001 10ff0000 c0ffee")
        let header = try decode(bytes)
        #expect(header.isMarked && header.payloadType == 96 && header.sequence == 0x102)
        #expect(header.timestamp == 0x304 && header.source == 0xdead_beef && header.contributors == 1)
        #expect(header.extensionProfile == 0xbede && header.extensionOffset == 20 && header.extensionLength == 4)
        #expect(header.length == 24 && !header.hasPadding && !header.isCryptex)
        #expect(unsafe header.payloadLength(of: bytes.span.bytes, wireLength: bytes.count) == 3)
        for length in 0..<24 { #expect(throws: DecodeError.self) { try decode(Array(bytes.prefix(length))) } }
    }

    @Test("Types 0 to 63 and 96 to 127 are RTP, 64 to 95 would be RTCP")
    func types() throws {
        for type in UInt8(0)...127 {
            let bytes = [0x80, type] + [UInt8](repeating: 1, count: 10)
            let isDecoded = (try? decode(bytes)) != nil
            #expect(isDecoded == !(64...95).contains(type), "\(type)")
        }
        for version in [UInt8(0x00), 0x40, 0xc0] {
            #expect(throws: DecodeError.self) { try decode([version, 0] + [UInt8](repeating: 1, count: 10)) }
        }
    }

    @Test("Padding is left out of the payload where its count fits")
    func padding() throws {
        let bytes = [UInt8](hex: "a060 0001 00000001 00000001 aabbcc 000003".replacing(" ", with: ""))
        let header = try decode(bytes)
        #expect(unsafe header.payloadLength(of: bytes.span.bytes, wireLength: bytes.count) == 3)
        var wrong = bytes
        wrong[wrong.count - 1] = 99
        #expect(unsafe header.payloadLength(of: wrong.span.bytes, wireLength: wrong.count) == nil)
        #expect(unsafe header.payloadLength(of: bytes.span.bytes, wireLength: 100) == nil, "cut by the snap length")
    }

    private func elements(_ profile: UInt16, _ data: [UInt8]) -> [RTPExtensionElement] {
        guard var list = unsafe RTPExtensionElements(profile: profile, data: data.span.bytes) else { return [] }
        var found: [RTPExtensionElement] = []
        while let element = list.next() { found.append(element) }
        return found
    }

    @Test("RFC 8285 sections 4.2 and 4.3: one-byte and two-byte elements, padding, the end")
    func extensions() {
        let one = elements(0xbede, [UInt8](hex: "12 aabbcc 00 00 20 dd f0 30 ee"))
        #expect(
            one == [
                RTPExtensionElement(identifier: 1, offset: 1, length: 3),
                RTPExtensionElement(identifier: 2, offset: 7, length: 1),
            ])
        let two = elements(0x1000, [UInt8](hex: "01 00 00 05 02 aabb ff 01 cc"))
        #expect(
            two == [
                RTPExtensionElement(identifier: 1, offset: 2, length: 0),
                RTPExtensionElement(identifier: 5, offset: 5, length: 2),
                RTPExtensionElement(identifier: 255, offset: 9, length: 1),
            ])
        #expect(elements(0xc0de, [0x12, 1, 2, 3]).isEmpty, "encrypted: no element can be read")
        #expect(elements(0xbede, [0x1f, 1]).isEmpty, "does not fit")
    }

    @Test("abs-send-time wraps the short way round, +1 unit after 0xFFFFFF")
    func sendTime() {
        let late = AbsoluteSendTime(units: 0xff_ffff)
        let next = AbsoluteSendTime(units: 0)
        #expect(next.distance(after: late) == 1 && late.distance(after: next) == -1)
        #expect(AbsoluteSendTime(units: 262_144).distance(after: next) == 262_144)
    }

    @Test("Dependency descriptor: mandatory fields, structure with its decode targets")
    func descriptor() throws {
        let bytes = [UInt8](hex: "c3 0010 80 44 00".replacing(" ", with: ""))
        var reader = unsafe ByteReader(bytes.span.bytes)
        let found = try DependencyDescriptor(decoding: &reader)
        #expect(found.isFrameStart && found.isFrameEnd && found.template == 3 && found.frameNumber == 16)
        // 1000 0 | 000001 | 00010: template offset 1... written as flags 10000, offset 000010, targets 00100.
        #expect(found.hasStructure && found.templateOffset == 2 && found.decodeTargets == 5)
        let short = [UInt8](hex: "830011")
        var other = unsafe ByteReader(short.span.bytes)
        let later = try DependencyDescriptor(decoding: &other)
        #expect(later.isFrameStart && !later.isFrameEnd && !later.hasStructure)
    }

    @Test("RFC 5109 section 7.3: base, protected packets, short and long mask")
    func ulpfec() throws {
        let bytes = [UInt8](hex: "00 60 0064 00000000 0000 0010 c001")
        var reader = unsafe ByteReader(bytes.span.bytes)
        let short = try ULPFECHeader(decoding: &reader)
        #expect(short.sequenceBase == 100 && short.protected == 3 && short.protectionLength == 16)
        #expect(short.protects(100) && short.protects(101) && !short.protects(102) && short.protects(115))
        #expect(!short.protects(99) && !short.protects(200))
        for length in 0..<bytes.count {
            let cut = Array(bytes.prefix(length))
            #expect(throws: DecodeError.self) {
                var reader = unsafe ByteReader(cut.span.bytes)
                _ = try ULPFECHeader(decoding: &reader)
            }
        }
        let long = [UInt8](hex: "40 60 ffff 00000000 0000 0010 800000000001")
        var other = unsafe ByteReader(long.span.bytes)
        let wide = try ULPFECHeader(decoding: &other)
        #expect(wide.protected == 2 && wide.protects(0xffff) && wide.protects(46))
    }

    private func protection(
        _ hex: String, _ reading: FlexFECProtection.Reading = .setBitEnds, third: Bool = false, length: Int = .max
    ) throws -> [Int] {
        let bytes = [UInt8]([UInt8](hex: hex).prefix(length))
        var reader = unsafe ByteReader(bytes.span.bytes)
        let form = try FlexFECForm(decoding: &reader)
        let found =
            try form == .fixedMask
            ? FlexFECProtection(decodingFixed: &reader)
            : FlexFECProtection(decoding: &reader, reading, hasThirdBit: third)
        var distances: [Int] = []
        found.visit {
            distances.append($0)
            return true
        }
        #expect(found.base == 0x64 && found.reach == distances.last && found.protected == distances.count)
        return distances
    }

    @Test("RFC 8627 section 4.2.2: flexible and fixed masks, both readings of the bit between them")
    func flexfec() throws {
        #expect(try protection("00 60 0000 00000000 0064 c000") == [0])
        #expect(try protection("00 60 0000 00000000 0064 4001 c0000001") == [0, 14, 15, 45])
        #expect(try protection("00 60 0000 00000000 0064 0001 00000001 8000000000000001") == [14, 45, 46, 109])
        #expect(
            try protection("00 60 0000 00000000 0064 0001 00000001 c000000000000001", third: true) == [14, 45, 46, 108])
        #expect(try protection("00 60 0000 00000000 0064 4001", .setBitContinues) == [0, 14])
        #expect(try protection("00 60 0000 00000000 0064 c000 40000000", .setBitContinues) == [0, 15])
        #expect(try protection("40 60 0000 00000000 0064 0501") == [0, 1, 2, 3, 4])
        #expect(try protection("40 60 0000 00000000 0064 0503") == [0, 5, 10])
    }

    @Test("Cut at every byte, without a number protected, without columns: not a FlexFEC header")
    func flexfecDamaged() {
        let whole = "00 60 0000 00000000 0064 0001 00000001 8000000000000001"
        for length in 0..<24 {
            #expect(throws: DecodeError.self, "\(length) bytes") { try protection(whole, length: length) }
        }
        for hex in ["00 60 0000 00000000 0064 8000", "40 60 0000 00000000 0064 0003"] {
            #expect(throws: DecodeError.self) { try protection(hex) }
        }
    }
}
