import StreamtopBase
import Testing

@testable import StreamtopCapture

@Suite struct PcapParserTests {
    @Test(arguments: [false, true], [UInt32(0xa1b2_c3d4), 0xa1b2_3c4d, 0xa1b2_cd34])
    func everyMagicInBothByteOrders(isBigEndian: Bool, magic: UInt32) throws {
        var file = CaptureBuilder(isBigEndian: isBigEndian)
        file.pcapHeader(magic: magic, snaplen: 96, link: 113)
        let extra = magic == 0xa1b2_cd34 ? 8 : 0
        file.pcapRecord([1, 2, 3], seconds: 5, fraction: 7, wire: 1500, extra: extra)
        file.pcapRecord([4], seconds: 6, fraction: 8, extra: extra)
        let reading = try Reading(file.bytes)
        let unit: Int64 = magic == 0xa1b2_3c4d ? 1 : 1000
        #expect(reading.error == nil)
        #expect(
            reading.frames == [
                ReadFrame(
                    nanoseconds: 5_000_000_000 + 7 * unit, bytes: [1, 2, 3], wire: 1500, link: 113, interface: 0),
                ReadFrame(nanoseconds: 6_000_000_000 + 8 * unit, bytes: [4], wire: 1, link: 113, interface: 0),
            ])
        #expect(reading.facts.linkTypes == [.linuxCooked])
        #expect(reading.facts.snaplen == 96)
        #expect(reading.facts.firstFrame?.nanoseconds == 5_000_000_000 + 7 * unit)
    }

    @Test func frameCheckSequenceBitsAreNotPartOfTheLinkType() throws {
        var file = CaptureBuilder()
        file.pcapHeader(link: 0x2400_0001)
        file.pcapRecord([1])
        let reading = try Reading(file.bytes)
        #expect(reading.facts.interfaces.first?.linkType == .ethernet)
        #expect(reading.facts.interfaces.first?.fcsLength == 4)
        #expect(reading.frames.first?.link == 1)
    }

    @Test func oldVersionsMayExchangeTheLengths() throws {
        var file = CaptureBuilder()
        file.pcapHeader(minor: 3)
        file.pcapRecord([1, 2], captured: 60, wire: 2)
        #expect(try Reading(file.bytes).frames.first?.wire == 60)
        var odd = CaptureBuilder()
        odd.pcapHeader(major: 7, minor: 9)
        odd.pcapRecord([1, 2])
        #expect(try Reading(odd.bytes).frames.count == 1)
    }

    @Test func cutAtEveryByte() throws {
        var file = CaptureBuilder()
        file.pcapHeader()
        let ends = (0..<3).map { index in
            file.pcapRecord(Array(repeating: UInt8(index), count: 5 + index))
            return file.bytes.count
        }
        for length in 0..<file.bytes.count {
            let reading = try Reading(Array(file.bytes.prefix(length)), chunk: 16)
            #expect(reading.frames.count == ends.count { $0 <= length })
            if length == 24 || ends.contains(length) {
                #expect(reading.error == nil)
            } else if length < 4 {
                #expect(reading.error?.code == .notACapture)
            } else {
                let start = ends.last { $0 <= length } ?? (length < 24 ? 0 : 24)
                #expect(reading.damageOffset == UInt64(start))
                #expect(reading.error?.message.contains("cut short inside") == true)
            }
        }
    }

    @Test func aRecordThatClaimsTooMuchEndsTheFileThere() throws {
        var file = CaptureBuilder()
        file.pcapHeader()
        file.pcapRecord([1])
        file.pcapRecord([2], captured: 0x7fff_ffff)
        let reading = try Reading(file.bytes)
        #expect(reading.frames.count == 1)
        #expect(reading.damageOffset == 41)
    }

    @Test func framesLargerThanAPieceAreRead() throws {
        var file = CaptureBuilder()
        file.pcapHeader(snaplen: 1 << 20)
        let big = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        file.pcapRecord([1])
        file.pcapRecord(big)
        file.pcapRecord([2])
        let reading = try Reading(file.bytes, chunk: 64)
        #expect(reading.error == nil)
        #expect(reading.frames.map(\.bytes) == [[1], big, [2]])
    }
}
