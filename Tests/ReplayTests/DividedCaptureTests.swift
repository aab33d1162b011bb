import Foundation
import StreamtopBase
import StreamtopCapture
import StreamtopEngine
import StreamtopExport
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

/// What is said of a flow does not depend on which other flows its engine has: the same captures through one engine, and divided
/// among several by the hosts of their packets, give the same records. What several engines on several cores stand on
/// (decisions 0162 and 0312).
///
/// By hosts, for flows between the same two learn the path from each other, which is the group's to pass on. Not among the captures:
/// fragments and ICMP errors, which belong to a flow that their own addresses do not name.
@Suite struct DividedCaptureTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")
    private static let captures = [
        "dtls12-cookie", "quic-0rtt", "quic-0rtt-rejected", "quic-retry", "tcp-policer", "tcp-random-loss",
        "tcp-reorder",
        "tcp-slow-reader", "tls12-rsa-cbc", "tls13-0rtt", "tls13-client-cert", "tls13-hrr",
    ]

    fileprivate struct Frame {
        var time: Timestamp
        var bytes: [UInt8]
        var wireLength: Int
        var linkType: LinkType
        /// Of its hosts: the same for both directions.
        var hash: UInt64
    }

    private struct Together {
        var frames: [Frame] = []
        var secrets: [[UInt8]] = []
    }

    /// The frames of all captures as though all had begun at one moment.
    private static func together() throws -> Together {
        var all = Together()
        let start = Timestamp(seconds: 1_700_000_000, nanoseconds: 0)
        let decoder = FrameDecoder()
        var decoded = DecodedFrame()
        for (number, name) in zip(UInt8(0)..., captures) {
            let source = try CaptureFileSource(path: fixtures.appending(path: "\(name)/capture.pcapng").path())
            var batch = FrameBatch()
            var first: Timestamp?
            while try source.read(into: &batch) == .frames {
                all.secrets += source.takeSecrets().filter { $0.kind == .tlsKeyLog }.map(\.bytes)
                for record in batch.frames {
                    if first == nil { first = record.time }
                    var bytes = Array(batch.bytes[record.offset..<(record.offset + record.capturedLength)])
                    // The captures have the same hosts: each gets a network of its own.
                    for position in [27, 31] { bytes[position] &+= number }
                    unsafe decoder.decode(
                        bytes.span.bytes, wireLength: record.wireLength, linkType: record.linkType, into: &decoded)
                    let ends = [decoded.source.description, decoded.destination.description].sorted()
                    let hash = ends.joined().utf8.reduce(14_695_981_039_346_656_037 as UInt64) {
                        ($0 ^ UInt64($1)) &* 1_099_511_628_211
                    }
                    all.frames.append(
                        Frame(
                            time: start + (record.time - (first ?? record.time)), bytes: bytes,
                            wireLength: record.wireLength, linkType: record.linkType, hash: hash >> 32))
                }
            }
        }
        let order = all.frames.indices.sorted {
            all.frames[$0].time != all.frames[$1].time ? all.frames[$0].time < all.frames[$1].time : $0 < $1
        }
        all.frames = order.map { all.frames[$0] }
        return all
    }

    /// The final records of the flows, sorted, without their numbers.
    private static func records(_ all: Together, engines: Int) throws -> [String] {
        var records: [String] = []
        for number in 0..<UInt64(engines) {
            var group = EngineGroup()
            for secrets in all.secrets {
                group.append(keyLog: secrets)
                group.endKeyLog()
            }
            // The clock is one: it begins with the first frame, whosever that is, and goes on with each.
            if let first = all.frames.first { ingest(Frame(nothingAt: first), &group) }
            for frame in all.frames {
                if frame.hash % UInt64(engines) == number {
                    ingest(frame, &group)
                } else {
                    group.advance(to: frame.time)
                }
            }
            group.finish()
            var flows: [FlowSnapshot] = []
            group.drainOutputs { if case .retired(let flow) = $0 { flows.append(flow) } }
            group.forEachFinalFlow { flows.append($0) }
            var exporter = JSONLinesExporter()
            for var flow in flows {
                flow.identifier = FlowIdentifier(number: 1)
                var buffer = RecordBuffer()
                exporter.appendFlow(flow, to: &buffer)
                records.append(
                    String(decoding: unsafe buffer.bytes.withUnsafeBytes { unsafe Array($0) }, as: UTF8.self))
            }
        }
        return records.sorted()
    }

    private static func ingest(_ frame: Frame, _ group: inout EngineGroup) {
        let record = FrameRecord(
            time: frame.time, offset: 0, capturedLength: frame.bytes.count, wireLength: frame.wireLength,
            linkType: frame.linkType, interface: 0)
        group.ingest(FrameBatch(bytes: frame.bytes, frames: [record]))
    }

    @Test(arguments: [2, 3, 7])
    func flowsAreTheSameInSeveralEngines(engines: Int) throws {
        let all = try Self.together()
        let one = try Self.records(all, engines: 1)
        #expect(one.count >= 12)
        // Each engine has some, so that the test can fail.
        let used = Set(all.frames.map { $0.hash % UInt64(engines) })
        #expect(used.count >= min(engines, 4))
        let several = try Self.records(all, engines: engines)
        #expect(several.count == one.count)
        for (left, right) in zip(one, several) where left != right {
            let position = zip(left.utf8, right.utf8).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? 0
            Issue.record(
                "…\(left.dropFirst(max(0, position - 120)).prefix(240))\n…\(right.dropFirst(max(0, position - 120)).prefix(240))"
            )
        }
    }
}

extension DividedCaptureTests.Frame {
    /// A frame of no flow at the time of `other`.
    fileprivate init(nothingAt other: DividedCaptureTests.Frame) {
        self.init(
            time: other.time,
            bytes: [UInt8](repeating: 0xff, count: 12) + [0x88, 0xb5] + [UInt8](repeating: 0, count: 46),
            wireLength: 60, linkType: .ethernet, hash: 0)
    }
}
