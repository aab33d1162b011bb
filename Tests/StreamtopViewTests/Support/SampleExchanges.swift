import StreamtopBase
import StreamtopModel

@testable import StreamtopView

/// HTTP exchanges for the screens.
enum SampleExchanges {
    /// HTTP/3 with an answer in early data, one that failed, one that was broken off and one that is under way.
    static func player() -> FlowSnapshot {
        var flow = SampleHandshakes.quic()
        flow.protocols.append("http/3")
        flow.tls?.serverName = "cdn.example"
        flow.quic?.isDecrypted = true
        var http = HTTPSnapshot()
        func add(_ at: Double, _ first: Double?, _ whole: Double?, _ bytes: UInt64, _ path: String, _ status: Int?) {
            var exchange = HTTPExchangeSnapshot(identifier: UInt64(http.exchanges.count + 1))
            exchange.method = "GET"
            exchange.url = "https://" + path
            exchange.status = status
            exchange.requestTime = flow.start + Nanoseconds(at * 1e6)
            exchange.timeToFirstByte = first.map { Nanoseconds($0 * 1e6) }
            exchange.duration = whole.map { Nanoseconds($0 * 1e6) }
            exchange.responseBytes = bytes
            exchange.contentType = status == 200 ? "video/mp4" : nil
            exchange.state = whole == nil ? .open : .complete
            http.exchanges.append(exchange)
        }
        add(44, 42.5, 43.0, 812, "cdn.example/live/cam1.mpd", 200)
        add(90, 44.1, 216.7, 400_000, "cdn.example/live/1080p/seg-412.m4s?CMCD=bl%3D2100", 200)
        add(310, 48.0, 48.4, 0, "cdn.example/live/1080p/seg-999.m4s", 404)
        add(360, 120.2, 612.0, 1_310_720, "other.example/live/1080p/seg-413.m4s", 200)
        add(400, nil, nil, 0, "cdn.example/live/audio/seg-413.m4s", nil)
        add(980, 43.9, nil, 65_536, "cdn.example/live/1080p/seg-414.m4s", 200)
        http.exchanges[0].isEarly = true
        http.exchanges[4].state = .reset
        http.exchanges[4].errorCode = 0x10c
        http.exchanges[4].errorName = "H3_REQUEST_CANCELLED"
        http.counts.requests = 6
        http.counts.responses = 5
        http.counts.errors = 2
        http.timeToFirstByte = HTTPTimes(samples: 5, p50: 44_100_000, p95: 120_200_000, maximum: 120_200_000)
        flow.http = http
        var http3 = HTTP3Snapshot()
        http3.client.overheadBytes = 612
        http3.server.overheadBytes = 318
        http3.server.payloadBytes = 1_777_068
        http3.lostStreams = 1
        flow.http3 = http3
        flow.quic?.server.ackedPackets = 1_480
        flow.quic?.server.lostPackets = 3
        flow.quic?.server.spuriousLosses = 1
        flow.quic?.server.streams = 7
        flow.quic?.server.streamBytes = 1_777_386
        flow.quic?.server.flowControlBlocked = 2
        flow.quic?.server.pathMTU = 1_452
        flow.quic?.server.inFlight = InFlightSnapshot(last: 61_811, maximum: 99_724, p50: 48_000, isLowerBound: false)
        flow.quic?.server.congestionWindow = CongestionWindowSnapshot(
            bytes: 62_000, packets: 42, maximum: 99_724, source: .estimate, confidence: 0.7,
            phase: .congestionAvoidance, isLowerBound: false)
        flow.quic?.server.congestionControl = CongestionControlSnapshot(
            name: .cubic, source: .estimate, confidence: 0.8, evidence: ["5 losses left 71 % of the window (median)"])
        flow.server.payloadBytes = 690_000_000
        return flow
    }
}
