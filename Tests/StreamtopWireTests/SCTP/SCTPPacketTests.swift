import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct SCTPPacketTests {
    @Test("CRC32c of 123456789 is 0xE3069283")
    func checksum() {
        var sum = CRC32c()
        for byte in "123456789".utf8 { sum.update(byte) }
        #expect(sum.value == 0xe306_9283)
    }

    /// DATA (TSN 7, stream 1, SSN 2, PPID 51, "abc" with padding), SACK and FORWARD TSN, with its checksum.
    static func packet() -> [UInt8] {
        var bytes = [UInt8](
            hex: """
                1388 1389 0a0b0c0d 00000000
                00030013 00000007 0001 0002 00000033 616263 00
                03000018 00000004 0000ffff 0001 0001 0002 0003 00000003
                c000000c 00000006 0001 0002
                """)
        var sum = CRC32c()
        for byte in bytes { sum.update(byte) }
        for position in 0..<4 { bytes[8 + position] = UInt8(truncatingIfNeeded: sum.value >> UInt32(position * 8)) }
        return bytes
    }

    static func read(_ bytes: [UInt8]) -> [UInt8] {
        var reader = unsafe ByteReader(bytes.span.bytes)
        guard (try? SCTPCommonHeader(decoding: &reader)) != nil else { return [] }
        var chunks = SCTPChunks(reader)
        var body = reader
        var types: [UInt8] = []
        while let header = chunks.next(body: &body) {
            types.append(header.type.rawValue)
            switch header.type {
            case .data, .interleavedData:
                if (try? SCTPDataChunk(header, decoding: &body)) != nil { _ = try? DataChannelMessage(decoding: &body) }
            case .initiation, .initiationAck: _ = try? SCTPInitiation(decoding: &body)
            case .selectiveAck:
                if (try? SCTPSelectiveAck(decoding: &body)) != nil { while SCTPSelectiveAck.nextGap(&body) != nil {} }
            case .forwardTSN, .interleavedForwardTSN: _ = try? SCTPForwardTSN(header, decoding: &body)
            case .reconfiguration: try? SCTPReconfiguration.resets(&body) { _ in }
            default: break
            }
        }
        return types
    }

    @Test("Chunks of a packet, padded to words")
    func chunks() throws {
        let bytes = Self.packet()
        #expect(Self.read(bytes) == [0, 3, 192])
        #expect(unsafe SCTPCommonHeader.isSound(bytes.span.bytes))
        var reader = unsafe ByteReader(bytes.span.bytes)
        let header = try SCTPCommonHeader(decoding: &reader)
        #expect(header.sourcePort == 5_000 && header.verificationTag == 0x0a0b_0c0d)
        var chunks = SCTPChunks(reader)
        var body = reader
        guard let first = chunks.next(body: &body) else {
            Issue.record("no chunk")
            return
        }
        let data = try SCTPDataChunk(first, decoding: &body)
        #expect(data.tsn == 7 && data.stream == 1 && data.message == 2 && data.protocolIdentifier == 51)
        #expect(data.isBeginning && data.isEnding && !data.isUnordered && data.userBytes == 3)
        _ = chunks.next(body: &body)
        let ack = try SCTPSelectiveAck(decoding: &body)
        #expect(ack.cumulativeTSN == 4 && ack.receiveWindow == 0xffff && ack.gaps == 1 && ack.duplicates == 1)
        let gap = SCTPSelectiveAck.nextGap(&body)
        #expect(gap == .init(start: 2, end: 3))
        guard let forward = chunks.next(body: &body) else {
            Issue.record("no third chunk")
            return
        }
        let skip = try SCTPForwardTSN(forward, decoding: &body)
        #expect(skip.cumulativeTSN == 6 && skip.streams == 1)
    }

    @Test("One flipped bit is no sound packet; a cut one neither")
    func unsound() {
        let bytes = Self.packet()
        for position in bytes.indices {
            var wrong = bytes
            wrong[position] ^= 1
            #expect(!(unsafe SCTPCommonHeader.isSound(wrong.span.bytes)))
        }
        for length in 0..<bytes.count {
            #expect(!(unsafe SCTPCommonHeader.isSound(Array(bytes.prefix(length)).span.bytes)))
            #expect(Self.read(Array(bytes.prefix(length))).count <= 3)
        }
    }

    @Test("RFC 8260 section 2.1: message number, and a fragment number where there is no protocol")
    func interleaved() throws {
        let first = [UInt8](hex: "00000009 0002 0000 00000005 00000035 aa")
        var reader = unsafe ByteReader(first.span.bytes)
        let begin = try SCTPDataChunk(
            SCTPChunkHeader(type: .interleavedData, flags: 2, length: 21), decoding: &reader)
        #expect(begin.message == 5 && begin.protocolIdentifier == 53 && begin.fragment == 0 && begin.userBytes == 1)
        var other = unsafe ByteReader(first.span.bytes)
        let later = try SCTPDataChunk(
            SCTPChunkHeader(type: .interleavedData, flags: 5, length: 21), decoding: &other)
        #expect(later.protocolIdentifier == nil && later.fragment == 53 && later.isUnordered && later.isEnding)
    }

    @Test("RFC 8832 section 5: open with label, order and reliability, acknowledge")
    func establishment() throws {
        func decode(_ hex: String) throws -> DataChannelMessage {
            let bytes = [UInt8](hex: hex)
            var reader = unsafe ByteReader(bytes.span.bytes)
            return try DataChannelMessage(decoding: &reader)
        }
        let open = try decode("03 81 0100 00000003 0004 0000 63686174")
        #expect(
            open
                == .open(
                    .init(
                        isOrdered: false, reliability: .retransmissions(3), priority: 256, label: "chat",
                        subprotocol: "")))
        #expect(try decode("02") == .acknowledge)
        #expect(try decode("07") == .other(7))
        for hex in ["", "03", "03 00 0000 00000000 0004 0000 6368", "03 05 0000 00000000 0000 0000"] {
            #expect(throws: DecodeError.self) { try decode(hex) }
        }
    }

    @Test("RFC 6525 section 4.1: streams that are reset")
    func reset() throws {
        let bytes = [UInt8](hex: "000d 0012 00000001 00000002 00000003 0005 0000 0010 0008 00000001")
        var reader = unsafe ByteReader(bytes.span.bytes)
        var streams: [UInt16?] = []
        try SCTPReconfiguration.resets(&reader) { streams.append($0) }
        #expect(streams == [5])
    }

    @Test("No byte sequence traps the decoders")
    func hostile() {
        var random = SeededRandom(seed: 13)
        for _ in 0..<6_000 {
            var bytes = Self.packet()
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            #expect(Self.read(bytes).count <= bytes.count / 4)
        }
    }
}
