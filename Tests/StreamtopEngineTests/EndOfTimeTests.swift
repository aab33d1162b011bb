import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopEngine

/// Stamps come from files, and files may say anything.
@Suite struct EndOfTimeTests {
    @Test(
        "A stamp at the end of time does not hold the engine up", .timeLimit(.minutes(1)),
        arguments: [nil, .milliseconds(100)] as [Nanoseconds?])
    func lastStamp(_ interval: Nanoseconds?) {
        var options = EngineOptions()
        options.sampleInterval = interval
        var engine = EngineGroup(options: options)
        var batch = FrameBatch(bytes: [UInt8](repeating: 0, count: 64))
        // Two agree: one alone would be taken for a wild stamp.
        for time in [0, .max, .max, 5, .max] as [Int64] {
            batch.frames.append(
                FrameRecord(
                    time: Timestamp(nanoseconds: time), offset: 0, capturedLength: 64, wireLength: 64,
                    linkType: .ethernet, interface: 0))
        }
        engine.ingest(batch)
        #expect(engine.trafficTotals.packets == 5)
        #expect(engine.now == Timestamp(nanoseconds: .max))
    }
}
