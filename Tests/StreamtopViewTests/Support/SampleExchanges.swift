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
        http.timeToFirstByte = DurationSpread(samples: 5, p50: 44_100_000, p95: 120_200_000, maximum: 120_200_000)
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

    /// HTTP/2 with a window that holds its sender back, a playlist held on purpose and answers of a cache.
    static func http2() -> FlowSnapshot {
        var flow = player()
        flow.http3 = nil
        flow.quic = nil
        var http = flow.http ?? HTTPSnapshot()
        for index in http.exchanges.indices {
            http.exchanges[index].isEarly = false
            guard let first = http.exchanges[index].timeToFirstByte else { continue }
            http.exchanges[index].roundTrip = 28_000_000
            http.exchanges[index].server = first - 28_000_000
            http.exchanges[index].transfer = http.exchanges[index].duration.map { $0 - first }
        }
        http.exchanges[0].held = 10_000_000
        http.exchanges[0].server = 4_500_000
        http.exchanges[0].heldBy = .blockingReload
        http.exchanges[1].cache = HTTPCacheSnapshot(state: .hit, age: 3, source: .age)
        flow.http = http
        var http2 = HTTP2Snapshot()
        http2.client.overheadBytes = 2_112
        http2.server.overheadBytes = 9_318
        http2.server.payloadBytes = 1_777_068
        http2.streams = 6
        http2.pushPromises = 2
        http2.pushesCancelled = 1
        http2.server.pingRoundTrip = SampleSnapshots.summary(29, minimum: 28, p95: 34, source: .http2Ping)
        var credit = HTTP2CreditSnapshot(
            last: 12_288, minimum: 0, maximum: 65_535, streamInitial: 65_535, streamMinimum: -2_048)
        http2.flowControl = HTTP2FlowControlSnapshot(client: credit, server: credit)
        credit.minimum = 0
        http2.flowControl?.sender = .fromServer
        http2.flowControl?.streamsBlocked = 3
        http2.flowControl?.blockedByConnection = .milliseconds(820)
        http2.flowControl?.cap = 18_700_000
        flow.http2 = http2
        return flow
    }

    static func webSocket() -> FlowSnapshot {
        var flow = SampleSnapshots.flow(
            51, "10.0.3.9", 60_200, "203.0.113.4", 443, name: "chat.example",
            protocols: ["ipv4", "tcp", "tls", "http/1.1", "websocket"], up: 9_000, down: 310_000, lasted: .seconds(95))
        var socket = WebSocketSnapshot()
        // What a server chooses may try to steer the terminal.
        socket.url = "wss://chat.example/feed?token=\u{1b}]0;gone\u{7}"
        socket.subprotocol = "json.v2"
        socket.extensions = "permessage-deflate; server_no_context_takeover"
        socket.upgrade = .milliseconds(44)
        socket.isAccepted = true
        socket.client.messages = 412
        socket.client.payloadBytes = 21_400
        socket.client.headerBytes = 2_472
        socket.client.maskedFrames = 430
        socket.client.frames = [NamedCount(name: "text", count: 412), NamedCount(name: "pong", count: 18)]
        socket.client.pingRoundTrip = SampleSnapshots.summary(118, minimum: 31, p95: 420, source: .websocketPing)
        socket.client.eventLoopLag = DurationSpread(
            samples: 18, p50: 86_000_000, p95: 390_000_000, maximum: 512_000_000)
        socket.server.messages = 3_911
        socket.server.payloadBytes = 1_204_000
        socket.server.headerBytes = 15_640
        socket.server.compressedMessages = 3_911
        socket.server.messageBytes = 5_900_000
        socket.server.frames = [NamedCount(name: "binary", count: 3_911), NamedCount(name: "ping", count: 18)]
        socket.violations = [NamedCount(name: "unmasked_client_frame", count: 2)]
        socket.comparison = WebSocketComparison(
            http2Bytes: 1_460_000, longPollingBytes: 2_900_000,
            method: "9 bytes of frame header and 40 of fields a request")
        socket.close = WebSocketCloseSnapshot(code: 1_011, reason: "restart", by: .fromServer)
        flow.webSocket = socket
        flow.series = SampleSnapshots.series(base: 30, queue: 4, flight: 9_000, rate: 310_000, losses: false)
        return flow
    }
}
