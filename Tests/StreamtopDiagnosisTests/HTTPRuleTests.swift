import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// What HTTP/2 and WebSocket add: where the rules must speak, and near misses where they must not.
@Suite struct HTTPRuleTests {
    typealias Scenario = RuleTests.Scenario

    static func http2(
        stream: Nanoseconds = 0, connection: Nanoseconds = 0, sender: Direction? = .fromServer
    ) -> HTTP2Snapshot {
        let credit = HTTP2CreditSnapshot(
            last: 1_000, minimum: 0, maximum: 65_535, streamInitial: 65_535, streamMinimum: 0)
        var http2 = HTTP2Snapshot()
        var control = HTTP2FlowControlSnapshot(client: credit, server: credit)
        control.sender = sender
        control.blockedByStream = stream
        control.blockedByConnection = connection
        control.cap = 5_000_000
        http2.flowControl = control
        return http2
    }

    static func socket(
        lag: Nanoseconds? = nil, messages: Int = 0, payload: UInt64 = 0, headers: UInt64 = 0
    ) -> WebSocketSnapshot {
        var socket = WebSocketSnapshot()
        if let lag { socket.server.eventLoopLag = DurationSpread(samples: 9, p50: lag / 10, p95: lag, maximum: lag) }
        socket.client.messages = messages
        socket.client.payloadBytes = payload
        socket.client.headerBytes = headers
        return socket
    }

    static let life = SampleFlows.healthy().end - SampleFlows.healthy().start

    static let scenarios: [Scenario] = [
        Scenario("47 a stream's window", [47]) { $0.http2 = http2(stream: life / 2) },
        Scenario("47 the connection's window", [47]) { $0.http2 = http2(connection: life / 5) },
        Scenario("47 not for a twentieth of the time", []) { $0.http2 = http2(stream: life / 20) },
        Scenario("47 not for a moment", []) { $0.http2 = http2(stream: .milliseconds(150)) },
        Scenario("47 not where nobody sends", []) { $0.http2 = http2(stream: life / 2, sender: nil) },

        Scenario("48 tiny messages", [48]) { $0.webSocket = socket(messages: 100, payload: 1_000, headers: 600) },
        Scenario("48 not a few of them", []) { $0.webSocket = socket(messages: 10, payload: 100, headers: 60) },
        Scenario("48 not longer ones", []) { $0.webSocket = socket(messages: 100, payload: 10_000, headers: 600) },

        Scenario("49 a ping answered late", [49]) { $0.webSocket = socket(lag: .milliseconds(400)) },
        Scenario("48 and 49 over HTTP/3", [48, 49]) {
            $0.tcp = nil
            $0.quic = QUICSnapshot()
            $0.webSocket = socket(lag: .milliseconds(400), messages: 100, payload: 1_000, headers: 600)
        },
        Scenario("49 not by less than three round trips", []) {
            $0.webSocket = socket(
                lag: .milliseconds(
                    SampleFlows.healthy().roundTrip.server.map { $0.p50.milliseconds }
                        .map { Int64($0) * 2 + 40 } ?? 0))
        },
        Scenario("49 not where the path was not measured", []) {
            $0.webSocket = socket(lag: .milliseconds(400))
            $0.roundTrip.server = nil
        },

        Scenario("68 a promise", [68]) {
            var pushing = http2()
            pushing.pushPromises = 1
            $0.http2 = pushing
        },
        Scenario("68 not without one", []) { $0.http2 = http2() },
    ]

    static let fired = Set(scenarios.flatMap(\.rules))

    @Test(arguments: scenarios)
    func scenario(_ scenario: Scenario) {
        #expect(SampleFlows.rules(SampleFlows.spoiled(scenario.spoil)) == scenario.rules)
    }

    @Test func pushesInVainWeighMore() throws {
        func severity(cancelled: Int) -> Verdict.Severity? {
            let flow = SampleFlows.spoiled {
                var pushing = Self.http2()
                pushing.pushPromises = 2
                pushing.pushesCancelled = cancelled
                $0.http2 = pushing
            }
            return SampleFlows.verdicts(flow).first { $0.ruleNumber == 68 }?.severity
        }
        #expect(severity(cancelled: 0) == .info)
        #expect(severity(cancelled: 1) == .warning)
    }
}
