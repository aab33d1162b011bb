import StreamtopTestSupport
import Testing

@testable import StreamtopWire

@Suite struct HTTP3SettingsTests {
    private func decode(_ bytes: [UInt8]) throws(DecodeError) -> HTTP3Settings {
        var reader = ByteReader(unsafe bytes.span.bytes)
        return try HTTP3Settings(decoding: &reader)
    }

    private let sample = [UInt8](hex: "01 5000  07 10  4040 05  06 80040000")

    @Test func pairsInTheirOrder() throws {
        let settings = try decode(sample)
        #expect(settings[.qpackMaxTableCapacity] == 4_096)
        #expect(settings[.qpackBlockedStreams] == 16)
        #expect(settings[.maxFieldSectionSize] == 262_144)
        #expect(settings[.h3Datagram] == nil)
        #expect(settings.list.map(\.identifier) == [1, 7, 0x40, 6])
        #expect(try decode([]) == HTTP3Settings())
    }

    @Test func halfAPairIsCutOff() throws {
        for length in sample.indices where ![0, 3, 5, 8].contains(length) {
            #expect(throws: DecodeError.self, "\(length) bytes") { try decode(Array(sample.prefix(length))) }
        }
    }

    /// RFC 9114 section 7.2.4.1: settings of HTTP/2 must not be sent, and no setting twice.
    @Test func whatIsForbidden() {
        for identifier in UInt8(2)...5 {
            #expect(throws: DecodeError.self) { try decode([identifier, 0]) }
        }
        #expect(throws: DecodeError.self) { try decode([1, 0, 1, 0]) }
    }

    @Test func aFloodIsCapped() throws {
        let many = (0..<500).flatMap { number -> [UInt8] in [0x50 | UInt8(number >> 8), UInt8(number & 255), 0] }
        #expect(try decode(many).list.count == HTTP3Settings.capacity)
    }
}
