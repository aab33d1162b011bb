import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct QUICFrameDecoderTests {
    private func frames(_ hex: String) throws -> [QUICFrame] { try frames([UInt8](hex: hex)) }

    private func frames(_ bytes: [UInt8]) throws -> [QUICFrame] {
        var reader = ByteReader(unsafe bytes.span.bytes)
        var list: [QUICFrame] = []
        while let frame = try QUICFrameDecoder.next(&reader) { list.append(frame) }
        return list
    }

    @Test func everyFrameType() throws {
        #expect(try frames("000000 01") == [.padding(count: 3), .ping])
        #expect(try frames("04 04 02 4100") == [.resetStream(stream: 4, errorCode: 2, finalSize: 256)])
        #expect(try frames("05 04 02") == [.stopSending(stream: 4, errorCode: 2)])
        #expect(
            try frames("06 4010 03 aabbcc 01") == [.crypto(offset: 16, QUICFrameBytes(start: 4, count: 3)), .ping])
        #expect(try frames("07 02 aabb") == [.newToken(QUICFrameBytes(start: 2, count: 2))])
        #expect(try frames("10 4400") == [.maxData(1024)])
        #expect(try frames("11 00 20") == [.maxStreamData(stream: 0, 32)])
        #expect(
            try frames("12 05 13 06") == [
                .maxStreams(isBidirectional: true, 5), .maxStreams(isBidirectional: false, 6),
            ])
        #expect(try frames("14 20") == [.dataBlocked(limit: 32)])
        #expect(try frames("15 04 20") == [.streamDataBlocked(stream: 4, limit: 32)])
        #expect(
            try frames("16 05 17 06") == [
                .streamsBlocked(isBidirectional: true, limit: 5), .streamsBlocked(isBidirectional: false, limit: 6),
            ])
        #expect(
            try frames("18 01 00 02 aabb 0001020304050607 08090a0b0c0d0e0f") == [
                .newConnectionID(
                    sequence: 1, retirePriorTo: 0, QUICConnectionID(bytes: [0xaa, 0xbb]),
                    token: QUICResetToken(high: 0x0001_0203_0405_0607, low: 0x0809_0a0b_0c0d_0e0f))
            ])
        #expect(try frames("19 03") == [.retireConnectionID(sequence: 3)])
        #expect(try frames("1a 0000000000000001 1b 0000000000000002") == [.pathChallenge(1), .pathResponse(2)])
        #expect(
            try frames("1c 0a 06 02 6869") == [
                .connectionClose(errorCode: 10, isApplication: false, reason: QUICFrameBytes(start: 4, count: 2))
            ])
        #expect(
            try frames("1d 4100 00") == [
                .connectionClose(errorCode: 256, isApplication: true, reason: QUICFrameBytes(start: 4, count: 0))
            ])
        #expect(try frames("1e") == [.handshakeDone])
        #expect(try frames("30 aabb") == [.datagram(QUICFrameBytes(start: 1, count: 2))])
        #expect(try frames("31 01 aa 01") == [.datagram(QUICFrameBytes(start: 2, count: 1)), .ping])
    }

    @Test func streamBitsOffsetLengthAndEnd() throws {
        #expect(
            try frames("08 04 aabb") == [
                .stream(identifier: 4, offset: 0, QUICFrameBytes(start: 2, count: 2), isLast: false)
            ])
        #expect(
            try frames("0f 04 4010 01 aa 01") == [
                .stream(identifier: 4, offset: 16, QUICFrameBytes(start: 5, count: 1), isLast: true), .ping,
            ])
        // Past 2^62 no stream can go (RFC 9000 section 19.8).
        #expect(throws: DecodeError.self) { try frames("0c 04 ffffffffffffffff aabb") }
    }

    @Test func acknowledgedRangesAreWalkedDownwards() throws {
        // 20...18, then a gap of 2 packets (16, 17) and 15...14, then 1 missing and 12
        let bytes = [UInt8](hex: "03 14 40c8 02 02 01 01 00 00 05 06 07")
        var reader = ByteReader(unsafe bytes.span.bytes)
        guard case .ack(let ack) = try QUICFrameDecoder.next(&reader) else {
            Issue.record("no ACK frame")
            return
        }
        let wasAtEnd = reader.isAtEnd
        #expect(wasAtEnd)
        #expect(ack.largest == 20)
        #expect(ack.delay == 200)
        #expect(ack.hasECN)
        #expect([ack.ect0, ack.ect1, ack.ce] == [5, 6, 7])
        var ranges = QUICAckRanges(ack)
        var position = ByteReader(unsafe bytes.span.bytes)
        position.skip(ack.rangesOffset)
        var seen: [[UInt64]] = []
        while let range = ranges.next(&position) { seen.append([range.low, range.high]) }
        #expect(seen == [[18, 20], [14, 15], [12, 12]])
    }

    @Test(arguments: ["02 03 00 00 04", "02 05 00 01 02 03 00", "02 05 00 ffffffffffffffff 00 00 00", "18 01 00 15"])
    func impossibleNumbersAreRefused(hex: String) {
        #expect(throws: DecodeError.self) { try frames(hex) }
    }

    @Test func unknownTypesAreNamedUnsupported() {
        do {
            _ = try frames("21 00")
            Issue.record("must throw")
        } catch {
            #expect((error as? DecodeError)?.cause == .unsupported(0x21))
        }
    }

    @Test func damageIsSurvived() throws {
        let sample = [UInt8](
            hex: """
                06401003aabbcc 0314 40c8020201010000050607 0f04401001aa 18010002aabb000102030405060708090a0b0c0d0e0f
                1c0a06026869 1a0000000000000001 150420 0000 3101aa
                """)
        #expect(try frames(sample).count == 9)
        for length in 0..<sample.count { _ = try? frames(Array(sample.prefix(length))) }
        var random = SeededRandom(seed: 19)
        for _ in 0..<6000 {
            let bytes = random.damaged(sample)
            for case .crypto(_, let data) in (try? frames(bytes)) ?? [] {
                #expect(data.start + data.count <= bytes.count, "seed \(random.seed)")
            }
        }
    }
}
