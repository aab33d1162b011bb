import StreamtopBase
import StreamtopModel

@testable import StreamtopView

/// Players of media over HTTP.
enum SampleSessions {
    private static let start = SampleSnapshots.now - .seconds(60)

    private static func at(_ seconds: Double) -> Timestamp { start + Nanoseconds(seconds * 1e9) }

    /// Two seconds a segment, up and down the ladder, with a stall and a buffer known to a band.
    static func troubled() -> MediaSessionSnapshot {
        var session = MediaSessionSnapshot(
            number: 1, kind: .dash, start: start, end: SampleSnapshots.now,
            client: SampleSnapshots.endpoint("10.0.3.7", 1).address)
        session.flows = [FlowIdentifier(number: 7)]
        session.manifestURL = "https://cdn-04.example/live/cam1.mpd?token=masked"
        session.isLive = true
        session.isLowLatency = true
        for (name, bandwidth, height) in [("v0", 1_000_000, 480), ("v1", 2_500_000, 720), ("v2", 5_000_000, 1_080)] {
            var one = MediaRepresentation(identifier: name, type: .video)
            one.bandwidth = bandwidth
            one.height = height
            session.representations.append(one)
        }
        let ladder = [1, 1, 2, 2, 2, 2, 2, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
        for (index, step) in ladder.enumerated() {
            let asked = at(Double(index) * 2 + 0.13)
            var segment = MediaSegment(exchange: UInt64(index + 1), requestTime: asked, type: .video)
            segment.flow = FlowIdentifier(number: 7)
            segment.number = 383 + index
            segment.representation = "v\(step)"
            segment.duration = 2
            segment.firstByteTime = asked + .milliseconds(140)
            segment.endTime = asked + .milliseconds(step == 2 ? 1_980 : 1_700)
            segment.throughput = [3_800_000, 3_900_000, 3_100_000][step] + Double(index % 3) * 200_000
            segment.bytes = [250_000, 625_000, 1_250_000][step]
            segment.chunkCount = 10
            segment.chunks = (0..<10).map { chunk in
                let from = asked + .milliseconds(Int64(140 + chunk * (step == 2 ? 180 : 150)))
                return MediaChunk(
                    firstByteTime: from, lastByteTime: from + .milliseconds(60), duration: 0.2, bytes: 125_000)
            }
            if index % 7 == 3 { segment.held = .milliseconds(170) }
            segment.isComplete = index + 1 < ladder.count
            session.segments.append(segment)
        }
        session.segmentCount = 412
        for (at, from, to, cause) in [
            (4.0, "v1", "v2", MediaSwitch.Cause.throughputRose), (14.0, "v2", "v0", .bufferLow),
            (20.0, "v0", "v1", .throughputRose), (26.0, "v1", "v2", nil),
        ] {
            var change = MediaSwitch(time: self.at(at), from: from, to: to)
            change.fromBandwidth = session.representation(from)?.bandwidth
            change.toBandwidth = session.representation(to)?.bandwidth
            change.cause = cause
            change.throughput = 2_100_000
            change.buffer = 0.9
            session.switches.append(change)
        }
        var buffer = MediaBuffer()
        buffer.last = 1.9
        buffer.minimum = 0
        buffer.maximum = 3.6
        buffer.stalls = [MediaBuffer.Stall(start: at(13.2), end: at(13.6))]
        buffer.stallCount = 1
        buffer.stallTime = .milliseconds(400)
        buffer.modelError = 0.21
        buffer.series = (0..<120).map { index in
            let level = index < 27 ? 3.5 - Double(index) * 0.13 : min(3.2, 0.1 * Double(index - 26))
            let held = max(0, index > 80 ? 3.2 - Double(index - 80) * 0.033 : level)
            return MediaBuffer.Point(
                time: at(Double(index) / 2), level: held, low: max(0, held - 0.2), high: held + 0.2)
        }
        session.buffer = buffer
        session.liveLatency = MediaLatency(
            last: .milliseconds(3_400), p50: .milliseconds(3_310), p95: .milliseconds(3_900), source: .prft)
        session.liveLatency?.parts = MediaLatency.Parts(
            time: session.end, arrival: .milliseconds(1_500), buffer: .milliseconds(1_900))
        session.liveLatency?.drift = 42
        session.arrival = MediaArrival(
            minimum: .milliseconds(1_290), p50: .milliseconds(1_500), p95: .milliseconds(1_900), maximum: .seconds(2),
            source: .prft)
        session.clockOffset.timeSource = .milliseconds(8)
        session.pacing = .network
        session.mediaClock = MediaClock(advance: 59.94, wall: 60)
        session.verdicts = [
            Verdict(
                rule: "stall_imminent", ruleNumber: 29, severity: .critical, subject: .client,
                summary: "stall in about 5 s: 1080p needs 5.0 Mb/s, the path gives 3.1",
                evidence: [Verdict.Evidence("buffer_s", 1.9)],
                advice: "at the player: drop to 720p; of the path see the flow",
                firstSeen: SampleSnapshots.now - .seconds(9), confidence: 0.8, priority: 12)
        ]
        return session
    }

    /// Little is known: no manifest, no throughput, a flow that left.
    static func bare() -> MediaSessionSnapshot {
        var session = MediaSessionSnapshot(
            number: 2, kind: .hls, start: start, end: start + .seconds(20),
            client: SampleSnapshots.endpoint("2001:db8:77::5", 1).address)
        session.isInferred = true
        session.confidence = 0.6
        session.flows = [FlowIdentifier(number: 900)]
        return session
    }

    static func gathered() -> MediaSessionSnapshot {
        var session = troubled()
        session.number = 3
        session.client = SampleSnapshots.endpoint("10.0.3.31", 1).address
        session.verdicts = []
        session.buffer?.stallCount = 0
        session.buffer?.stalls = []
        session.buffer?.source = .cmcd
        session.pacing = .gathered
        session.liveLatency?.source = .availability
        session.switches = []
        return session
    }

    @Sendable static func many() -> Snapshot {
        var snapshot = SampleSnapshots.evening()
        snapshot.mediaSessions = [troubled(), bare(), gathered()]
        return snapshot
    }
}
