import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopApplication

/// Which messages of signalling belong to which call.
@Suite struct CallSignalsTests {
    private static func time(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(seconds * 1e9)) }

    private static func flow(_ number: UInt64, _ client: UInt32 = 1, _ server: UInt32 = 2) -> FlowSnapshot {
        func end(_ host: UInt32) -> EndpointSnapshot {
            EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: host), port: 9_000))
        }
        return FlowSnapshot(
            identifier: FlowIdentifier(number: number), transport: .udp, protocols: [], protocolNumber: 17,
            client: end(client), server: end(server), orientation: .firstPacket, start: time(5), end: time(30),
            state: .open)
    }

    private static func checks(_ name: String, number: UInt64 = 9) -> FlowSnapshot {
        var flow = flow(number)
        var ice = ICESnapshot()
        ice.ordinal = number
        ice.userNames = [ICEUserName(name)!]
        ice.client.requests = 3
        ice.client.firstRequest = time(6)
        ice.client.lastRequest = time(7)
        flow.ice = ice
        return flow
    }

    private static func description(
        _ role: CallDescription.Role, _ fragments: [String], _ from: Direction, at seconds: Double
    ) -> CallDescription {
        var one = CallDescription(time: time(seconds), from: from)
        one.role = role
        one.userFragments = fragments
        return one
    }

    private static func exchange(
        _ method: String, _ descriptions: [CallDescription], at seconds: Double, type: String = "application/sdp"
    ) -> HTTPExchangeSnapshot {
        var exchange = HTTPExchangeSnapshot(identifier: 1)
        exchange.method = method
        exchange.url = "http://h/whip/r"
        exchange.status = 201
        exchange.requestTime = time(seconds)
        exchange.duration = .milliseconds(20)
        exchange.contentType = type
        exchange.descriptions = descriptions
        return exchange
    }

    private static func posted(_ offer: String, _ answer: String, host: UInt32 = 1) -> FlowSnapshot {
        var web = flow(1, host, 2)
        var http = HTTPSnapshot()
        http.exchanges = [
            exchange(
                "POST",
                [
                    description(.offer, [offer], .fromClient, at: 5.5),
                    description(.answer, [answer], .fromServer, at: 5.6),
                ], at: 5.5),
            exchange("PATCH", [], at: 6.2, type: ""),
            exchange("GET", [], at: 6.5, type: "text/html"),
        ]
        web.http = http
        return web
    }

    private func calls(_ flows: FlowSnapshot...) -> [CallSnapshot] {
        CallAssembly.calls(among: flows.sorted { $0.identifier < $1.identifier }, at: Self.time(40))
    }

    @Test func postedByAName() throws {
        let found = calls(Self.posted("aa", "bb"), Self.checks("bb:aa"))
        let call = try #require(found.first)
        #expect(found.count == 1 && call.flows.map(\.number) == [1, 9])
        #expect(call.signalling.map(\.method) == ["POST", "PATCH"] && call.signalling.map(\.kind) == [.whip, .whip])
        #expect(call.signalling[0].descriptions.count == 2 && call.signalling[0].duration == .milliseconds(20))
        #expect(call.signallingTime == .milliseconds(500))
        #expect(call.milestones.first == CallMilestone(.signalling, at: Self.time(5.5)))
    }

    /// A gateway between may have another address than whoever checks: the name is enough.
    @Test func fromAnotherHost() {
        #expect(calls(Self.posted("aa", "bb", host: 77), Self.checks("bb:aa")).first?.signalling.count == 2)
    }

    /// Descriptions of another call at the same hosts and time are not this one's: they are a call whose checks were not seen.
    @Test func ofAnotherCall() throws {
        let found = calls(Self.posted("xx", "yy"), Self.checks("bb:aa"))
        #expect(found.count == 2 && found[0].signalling.isEmpty && found[0].signallingTime == nil)
        #expect(found[1].stage == .signalling && found[1].signalling.count == 1 && found[1].flows.map(\.number) == [1])
        #expect(found[1].failure == nil, "checks may have taken another path")
    }

    /// An offer alone is no call: nobody agreed to it.
    @Test func anOfferAlone() {
        var web = Self.posted("xx", "yy")
        web.http?.exchanges[0].descriptions.removeLast()
        #expect(calls(web).isEmpty)
    }

    /// Content that could not be read: the host and the time have to do, and a page asked for then is none.
    @Test func unreadable() {
        var web = Self.posted("aa", "bb")
        web.http?.exchanges[0].descriptions = []
        #expect(calls(web, Self.checks("bb:aa")).first?.signalling.map(\.method) == ["POST", "PATCH"])
        web.http?.exchanges[0].requestTime = Self.time(-20)
        #expect(calls(web, Self.checks("bb:aa")).first?.signalling.isEmpty == true, "long before")
    }

    @Test func messages() throws {
        var web = Self.flow(1)
        var socket = WebSocketSnapshot()
        socket.descriptions = [
            Self.description(.offer, ["aa"], .fromClient, at: 5.1),
            Self.description(.candidates, [], .fromClient, at: 5.2),
            Self.description(.offer, ["zz"], .fromClient, at: 5.3),
            Self.description(.candidates, [], .fromClient, at: 5.4),
            Self.description(.answer, ["bb"], .fromServer, at: 5.5),
        ]
        web.webSocket = socket
        let call = try #require(calls(web, Self.checks("aa:bb")).first)
        #expect(call.signalling.map(\.time) == [5.1, 5.2, 5.5].map(Self.time))
        #expect(call.signalling.allSatisfy { $0.kind == .webSocket && $0.method == nil })
    }
}
