import Foundation
import StreamtopTestSupport
import Testing

/// FlexFEC as Chromium sends it (draft 03), against what its ends counted and what an XOR of the packets themselves gave back.
@Suite struct FlexFECReplayTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    private struct Stream: Decodable {
        struct Parity: Decodable {
            var kind: String
            var packets: Int
            var recovered: Int?
        }
        struct Frames: Decodable { var count: Int }
        struct Freezes: Decodable { var count: Int }

        var ssrc: String
        var packets: Int
        var lost: Int
        var lostRepaired: Int?
        var lostFinal: Int?
        var repairs: Int?
        var rtxOf: String?
        var fecOf: [String]?
        var fecOfSource: String?
        var fec: Parity?
        var frames: Frames?
        var freezes: Freezes?
    }

    private struct Record: Decodable {
        var type: String
        var final: Bool?
        var rtp: [Stream]?
    }

    private static func streams(_ path: String) throws -> [String: Stream] {
        let run = try Program.run(["--json", "-r", path])
        #expect(run.status == 0, "\(run.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let flows = try run.output.split(separator: "\n").map {
            try decoder.decode(Record.self, from: Data($0.utf8))
        }
        .filter { $0.type == "flow" && $0.final == true }
        return Dictionary(uniqueKeysWithValues: flows.flatMap { $0.rtp ?? [] }.map { ($0.ssrc, $0) })
    }

    private static func capture(_ name: String) -> URL { fixtures.appending(path: "\(name)/capture.pcapng") }

    /// Sent: 160 numbers, of which six never came; an XOR of packets gives back four of them, the same as those sent but for
    /// the header extension that is written after it; the other two came again before there was FEC.
    @Test("In clear: each packet that an XOR gives back")
    func clear() throws {
        let found = try Self.streams(Self.capture("webrtc-flexfec").path())
        let media = try #require(found["0x2f7b350f"])
        #expect(media.packets == 154 && media.lost == 6 && media.lostRepaired == 6 && media.lostFinal == 0)
        #expect(media.fec?.kind == "flexfec" && media.fec?.packets == 76 && media.fec?.recovered == 4)
        let parity = try #require(found["0x60c5270b"])
        #expect(
            parity.fecOf == ["0x2f7b350f"] && parity.fecOfSource == "packets" && parity.packets == 76
                && parity.frames == nil)
        #expect(found["0x3c02552b"]?.rtxOf == "0x2f7b350f" && found["0x3c02552b"]?.repairs == 2)
        #expect(found.count == 4)
    }

    /// getStats, asked 0.2 s before the end: 90 FEC packets, 8 packets lost, no freeze.
    @Test("In SRTP without keys: by lengths, and nothing is said of what it gives back")
    func sealed() throws {
        let found = try Self.streams(Self.capture("webrtc-flexfec-sealed").path())
        let media = try #require(found["0xacb7d340"])
        #expect(media.lost == 8 && media.fec?.kind == "flexfec" && media.fec?.packets == 96)
        #expect(media.fec?.recovered == nil && media.frames?.count == 113)
        let parity = try #require(found["0x73e6f172"])
        #expect(
            parity.fecOf == ["0xacb7d340"] && parity.fecOfSource == "lengths" && parity.frames == nil
                && parity.freezes == nil)
        #expect(found["0xd22c5152"]?.rtxOf == "0xacb7d340")
        #expect(found["0x16724562"]?.fec == nil && found["0x16724562"]?.fecOf == nil)
    }

    /// What stands behind the protected source, or the source itself, made another one in each FEC packet.
    @Test(
        "Near misses: a stranger protected, numbers of long ago, two streams counted where one is named",
        arguments: [
            ([1, 0, 0, 0, 0x2f, 0x7b, 0x35, 0x0f], [1, 0, 0, 0, 0x2f, 0x7b, 0x35, 0x0e]),
            ([1, 0, 0, 0, 0x2f, 0x7b, 0x35, 0x0f, 0x49], [1, 0, 0, 0, 0x2f, 0x7b, 0x35, 0x0f, 0x09]),
            ([1, 0, 0, 0, 0x2f, 0x7b, 0x35, 0x0f], [2, 0, 0, 0, 0x2f, 0x7b, 0x35, 0x0f]),
        ] as [([UInt8], [UInt8])])
    func nearMisses(from old: [UInt8], to new: [UInt8]) throws {
        var bytes = try Data(contentsOf: Self.capture("webrtc-flexfec"))
        var changed = 0
        while let range = bytes.range(of: Data(old)) {
            bytes.replaceSubrange(range, with: new)
            changed += 1
        }
        #expect(changed >= 70, "\(changed) packets changed")
        let folder = try TemporaryFolder()
        let found = try Self.streams(folder.file("changed.pcapng", [UInt8](bytes)).path)
        #expect(found["0x2f7b350f"]?.fec == nil && found["0x60c5270b"]?.fecOf == nil)
        #expect(found["0x2f7b350f"]?.lostRepaired == 5, "those that came again, three of them behind their FEC")
    }
}
