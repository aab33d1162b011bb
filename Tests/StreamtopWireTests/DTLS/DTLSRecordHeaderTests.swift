import StreamtopBase
import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct DTLSRecordHeaderTests {
    private func decode(_ bytes: [UInt8], connectionID: Int = 0) throws -> DTLSRecordHeader {
        var reader = unsafe ByteReader(bytes.span.bytes)
        return try DTLSRecordHeader(decoding: &reader, connectionIDLength: connectionID)
    }

    @Test("DTLS 1.2: type, epoch, 48-bit number")
    func plain() throws {
        let bytes = [UInt8](hex: "16 fefd 0001 000000000102 0003 aabbcc")
        let header = try decode(bytes)
        #expect(header.form == .plain && header.type == .handshake && header.version == .dtls12)
        #expect(header.epoch == 1 && header.sequence == 0x102 && header.fragmentLength == 3 && header.length == 13)
        for length in 0..<bytes.count { #expect(throws: DecodeError.self) { try decode(Array(bytes.prefix(length))) } }
    }

    @Test("A connection ID stands between number and length")
    func connectionID() throws {
        let header = try decode([UInt8](hex: "19 fefd 0001 000000000001 c1c2 0001 aa"), connectionID: 2)
        #expect(header.form == .connectionID && header.length == 15 && header.fragmentLength == 1)
    }

    @Test("DTLS 1.3: number of one or two bytes, length or to the end")
    func unified() throws {
        let long = try decode([UInt8](hex: "2e 1234 0002 aabb"))
        #expect(long.form == .unified(sequenceLength: 2) && long.epoch == 2)
        #expect(long.sequence == 0x1234 && long.fragmentLength == 2 && long.length == 5)
        let short = try decode([UInt8](hex: "23 07 aabbcc"))
        #expect(short.form == .unified(sequenceLength: 1) && short.epoch == 3 && short.fragmentLength == 3)
        let named = try decode([UInt8](hex: "33 c1 07 aabbcc"), connectionID: 1)
        #expect(named.sequence == 7 && named.fragmentLength == 3)
    }

    @Test("RFC 7983 and RFC 9443: every first byte has its place")
    func firstByte() {
        let ranges: [(ClosedRange<UInt8>, MultiplexedDatagram)] = [
            (0...3, .stun), (4...15, .unknown), (16...19, .zrtp), (20...63, .dtls), (64...79, .turnChannel),
            (80...127, .quic), (128...191, .rtp), (192...255, .quic),
        ]
        for (range, kind) in ranges {
            for byte in range { #expect(MultiplexedDatagram(firstByte: byte) == kind, "\(byte)") }
        }
    }
}
