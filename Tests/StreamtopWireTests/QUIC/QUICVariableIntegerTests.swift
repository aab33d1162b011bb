import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct QUICVariableIntegerTests {
    /// RFC 9000 appendix A.1.
    @Test(arguments: [
        ("c2197c5eff14e88c", UInt64(151_288_809_941_952_652)), ("9d7f3e7d", 494_878_333), ("7bbd", 15_293), ("25", 37),
        ("4025", 37),
    ])
    func vectorsOfTheRFC(hex: String, value: UInt64) throws {
        let bytes = [UInt8](hex: hex)
        var reader = ByteReader(unsafe bytes.span.bytes)
        let read = try reader.quicInteger()
        #expect(read == value)
        let wasAtEnd = reader.isAtEnd
        #expect(wasAtEnd)
        for length in 0..<bytes.count {
            let cut = Array(bytes.prefix(length))
            #expect(throws: DecodeError.self) {
                var reader = ByteReader(unsafe cut.span.bytes)
                return try reader.quicInteger()
            }
        }
    }

    @Test func lengthsMustFit() throws {
        let bytes: [UInt8] = [3, 1, 2]
        #expect(throws: DecodeError.self) {
            var reader = ByteReader(unsafe bytes.span.bytes)
            return try reader.quicLength()
        }
        let huge = [UInt8](hex: "ffffffffffffffff00")
        #expect(throws: DecodeError.self) {
            var reader = ByteReader(unsafe huge.span.bytes)
            return try reader.quicLength()
        }
    }

    /// RFC 9000 appendix A.3, and the edges around it.
    @Test(arguments: [
        (UInt32(0x9b32), 2, UInt64?(0xa82f_30ea), UInt64(0xa82f_9b32)), (0, 1, nil, 0), (5, 1, nil, 5),
        (0x00, 1, 0xff, 0x100), (0xff, 1, 0x100, 0xff), (0xac5c02, 3, 0xabe8b3, 0xac5c02),
    ])
    func packetNumbersGrowBack(truncated: UInt32, length: Int, largest: UInt64?, full: UInt64) {
        #expect(QUICPacketNumber.decode(truncated: truncated, length: length, largest: largest) == full)
    }

    @Test func packetNumbersAtTheEndOfTheRangeDoNotOverflow() {
        for largest in [UInt64(1) << 62, (1 << 62) - 1, .max] {
            for length in 0...5 {
                _ = QUICPacketNumber.decode(truncated: .max, length: length, largest: largest)
                _ = QUICPacketNumber.decode(truncated: 0, length: length, largest: largest)
            }
        }
    }
}
