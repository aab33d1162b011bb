import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Rules on RTMP, RTSP, SRT and transport streams: where each must speak, and near misses where it must not.
@Suite struct MediaFlowRuleTests {
    static let fired: Set<Int> = [70, 73, 75, 97]

    private func flow(_ transport: FlowTransport, _ spoil: (inout FlowSnapshot) -> Void) -> [Int] {
        var flow = MediaRuleTests.flow { _ in }
        flow.transport = transport
        flow.rtp = []
        spoil(&flow)
        return SampleFlows.rules(flow)
    }

    private func clock(_ advance: Double, _ wall: Double, backlog: Nanoseconds?) -> MediaClockSnapshot {
        var clock = MediaClockSnapshot(advance: advance, wall: wall)
        clock.backlog = backlog
        return clock
    }

    /// Media seconds, capture seconds, backlog in milliseconds, and what is said.
    @Test(
        arguments: [
            (10, 12, 2_000, [70]), (60, 60.2, 900, []), (10, 13, 0, []), (2, 4, 2_000, []), (60, 60, 1_500, []),
            (100, 101.2, 1_200, [70]),
        ] as [(Double, Double, Int64, [Int])])
    func backlog(_ advance: Double, _ wall: Double, _ backlog: Int64, _ rules: [Int]) {
        let clock = clock(advance, wall, backlog: .milliseconds(backlog))
        #expect(
            flow(.tcp) { flow in
                var rtmp = RTMPSnapshot()
                rtmp.role = .publish
                rtmp.mediaClock = clock
                flow.rtmp = rtmp
            } == rules)
        #expect(
            flow(.tcp) { flow in
                var socket = WebSocketSnapshot()
                socket.mediaClock = clock
                flow.webSocket = socket
            } == rules)
        #expect(
            flow(.tcp) { flow in
                var rtsp = RTSPSnapshot()
                rtsp.mediaClock = clock
                flow.rtsp = rtsp
            } == rules)
    }

    @Test func backlogIsTheSenders() {
        var sample = MediaRuleTests.flow { _ in }
        sample.rtp = []
        var rtmp = RTMPSnapshot()
        rtmp.role = .publish
        rtmp.mediaClock = clock(10, 12, backlog: .seconds(2))
        sample.rtmp = rtmp
        #expect(SampleFlows.verdicts(sample).first?.subject == .client)
        rtmp.role = .play
        sample.rtmp = rtmp
        #expect(SampleFlows.verdicts(sample).first?.subject == .server)
    }

    @Test func droppedBySender() {
        func rules(_ transport: FlowTransport, lost: Int, gaps: Int = 0, isRTSP: Bool = true) -> [Int] {
            var flow = MediaRuleTests.flow {
                $0.lost = UInt64(lost)
                // Few enough in all that rule 35 has no say.
                $0.expected = 190
            }
            flow.transport = transport
            if isRTSP { flow.rtsp = RTSPSnapshot() }
            flow.decode.gaps = gaps
            return SampleFlows.rules(flow)
        }
        #expect(rules(.tcp, lost: 40) == [73])
        #expect(rules(.tcp, lost: 2) == [] && rules(.tcp, lost: 40, gaps: 1) == [])
        #expect(rules(.udp, lost: 40) == [] && rules(.tcp, lost: 40, isRTSP: false) == [])
    }

    private func srt(latency: Int64?, trip: Int64, samples: Int = 100, retransmitted: UInt64 = 5) -> FlowSnapshot {
        var flow = MediaRuleTests.flow { _ in }
        flow.rtp = []
        var srt = SRTSnapshot()
        srt.latency.server = latency.map { .milliseconds($0) }
        srt.sender = .fromClient
        srt.retransmitted = retransmitted
        let time: Nanoseconds = .milliseconds(trip)
        srt.roundTrip = RoundTripSnapshot(
            samples: samples, minimum: time, last: time, smoothed: time, mean: time, p50: time, p95: time, p99: time,
            maximum: time, jitter: 0, source: .srt)
        flow.srt = srt
        return flow
    }

    @Test func smallLatency() {
        #expect(SampleFlows.rules(srt(latency: 120, trip: 60)) == [75])
        #expect(
            SampleFlows.rules(srt(latency: 180, trip: 60)) == [] && SampleFlows.rules(srt(latency: 120, trip: 20)) == []
        )
        #expect(
            SampleFlows.rules(srt(latency: nil, trip: 60)) == []
                && SampleFlows.rules(srt(latency: 120, trip: 60, samples: 3)) == [])
        // Without a single loss it is a remark.
        #expect(SampleFlows.verdicts(srt(latency: 120, trip: 60)).first?.severity == .warning)
        #expect(SampleFlows.verdicts(srt(latency: 120, trip: 60, retransmitted: 0)).first?.severity == .info)
    }

    @Test func brokenBeforeTheTap() {
        func rules(_ errors: UInt64, before: UInt64) -> [Int] {
            flow(.udp) { flow in
                var stream = TransportStreamSnapshot()
                stream.continuityErrors = errors
                stream.errorsBeforeTap = before
                flow.transportStream = stream
            }
        }
        #expect(rules(10, before: 10) == [97] && rules(10, before: 0) == [] && rules(2, before: 2) == [])
    }
}
