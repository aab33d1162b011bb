import Foundation
import StreamtopBase
import StreamtopCapture
import StreamtopTestSupport
import StreamtopWire
import Testing

/// Every Ethernet frame of every fixture, read in one go where it has the common shape, and header by header.
@Suite struct CommonFrameReplayTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    @Test(arguments: GoldenTests.cases)
    func bothWaysAgree(_ name: String) throws {
        let source = try CaptureFileSource(path: Self.fixtures.appending(path: "\(name)/capture.pcapng").path())
        let decoder = FrameDecoder()
        var batch = FrameBatch()
        var quick = DecodedFrame()
        var walked = DecodedFrame()
        while try source.read(into: &batch) == .frames {
            for record in batch.frames {
                let bytes = Array(batch.bytes[record.offset..<(record.offset + record.capturedLength)])
                unsafe decoder.decode(
                    bytes.span.bytes, wireLength: record.wireLength, linkType: record.linkType, into: &quick)
                unsafe decoder.decodeAny(
                    bytes.span.bytes, wireLength: record.wireLength, linkType: record.linkType, into: &walked)
                let found = quick.differences(from: walked)
                if !found.isEmpty { Issue.record("frame at \(record.time): \(found)") }
            }
        }
    }
}
