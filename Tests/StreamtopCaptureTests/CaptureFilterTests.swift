import StreamtopBase
import Testing

@testable import StreamtopCapture

@Suite struct CaptureFilterTests {
    private func batch(_ frames: [([UInt8], LinkType)]) -> FrameBatch {
        var batch = FrameBatch()
        for (bytes, linkType) in frames {
            batch.frames.append(
                FrameRecord(
                    time: Timestamp(nanoseconds: 0), offset: batch.bytes.count, capturedLength: bytes.count,
                    wireLength: bytes.count, linkType: linkType, interface: 0))
            batch.bytes += bytes
        }
        return batch
    }

    private let ip: [UInt8] = [
        0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0, 99, 0, 8, 0, 0,
    ]
    private let macs = [UInt8](repeating: 0, count: 12)

    @Test func framesThatDoNotMatchAreDroppedForEachLinkType() throws {
        let filter = try CaptureFilter("udp port 53")
        var frames = batch([
            (macs + [8, 0] + ip, .ethernet), (macs + [8, 6], .ethernet), (ip, .rawIP), ([], .rawIP),
            (macs + [8, 0] + ip.prefix(20), .ethernet), (ip, LinkType(rawValue: 147)),
        ])
        filter.apply(to: &frames)
        #expect(frames.frames.map(\.linkType) == [.ethernet, .rawIP])
        #expect(frames.frames.map(\.capturedLength) == [42, 28])
    }

    @Test func aBadFilterIsToldInLibpcapsWords() {
        do throws(CaptureError) {
            _ = try CaptureFilter("host and and")
            Issue.record("accepted")
        } catch {
            #expect(error.code == .badFilter)
            #expect(error.message.contains("host and and"))
        }
    }
}
