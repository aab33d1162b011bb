import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopApplication

/// The stage at which a call failed, and near misses that are no failure.
@Suite struct CallProgressTests {
    private static func time(_ seconds: Double) -> Timestamp { Timestamp(nanoseconds: Int64(seconds * 1e9)) }
    private static func end(_ host: UInt32, _ port: UInt16) -> EndpointSnapshot {
        EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: host), port: port))
    }

    /// Checks of both ends from 0 to `until`, answered from `answered` on.
    private static func checks(
        until: Double, answered: Double? = nil, nominated: Double? = nil, number: UInt64 = 2
    ) -> FlowSnapshot {
        var flow = FlowSnapshot(
            identifier: FlowIdentifier(number: number), transport: .udp, protocols: [], protocolNumber: 17,
            client: end(1, 1), server: end(2, 2), orientation: .firstPacket, start: time(0), end: time(until),
            state: .open)
        flow.isFinal = true
        var ice = ICESnapshot()
        ice.ordinal = number
        ice.userNames = [ICEUserName("a:b")!]
        ice.client.requests = 9
        ice.client.firstRequest = time(0)
        ice.client.lastRequest = time(until)
        ice.client.unanswered = answered == nil ? 9 : 0
        if let answered {
            ice.client.responses = 9
            ice.client.firstAnswer = time(answered)
            ice.client.lastAnswer = time(until)
        }
        ice.client.nominated = nominated.map { time($0) }
        ice.client.lastNominated = ice.client.nominated
        flow.ice = ice
        return flow
    }

    private static func dtls(
        _ flow: inout FlowSnapshot, _ steps: [(HandshakeStepName, Direction, Double)], again: Int = 0
    ) {
        var dtls = DTLSSnapshot()
        dtls.retransmittedFlights = again
        dtls.tls.handshake.timeline = steps.map {
            HandshakeStep(step: $0.0, from: $0.1, time: time($0.2), bytes: nil)
        }
        flow.dtls = dtls
    }

    private static let whole: [(HandshakeStepName, Direction, Double)] = [
        (.clientHello, .fromClient, 0.1), (.serverHello, .fromServer, 0.2), (.finished, .fromClient, 0.3),
        (.finished, .fromServer, 0.4),
    ]

    private func failure(_ flows: FlowSnapshot..., at seconds: Double = 20) -> CallSnapshot.Failure? {
        CallAssembly.calls(among: flows.sorted { $0.identifier < $1.identifier }, at: Self.time(seconds)).first?.failure
    }

    @Test func checksWithoutAnswer() {
        #expect(failure(Self.checks(until: 8)) == .checksUnanswered)
        #expect(failure(Self.checks(until: 1)) == nil, "the capture ended soon")
        var going = Self.checks(until: 3)
        going.isFinal = false
        #expect(failure(going) == nil, "agents go on for ten seconds")
    }

    @Test func aRelayThatGaveNothing() {
        var relay = Self.checks(until: 1, number: 1)
        relay.ice = nil
        relay.client = Self.end(1, 9)
        relay.server = Self.end(3, 3_478)
        relay.turn = TURNSnapshot()
        var stun = STUNSnapshot()
        stun.requests = 4
        relay.stun = stun
        #expect(failure(relay, Self.checks(until: 8)) == .noRelay)
        var allocation = TURNSnapshot()
        allocation.allocation = TURNAllocationSnapshot(
            relayed: Self.end(3, 50_000).endpoint, transport: "udp", lifetime: 600, expiresIn: 0)
        relay.turn = allocation
        #expect(failure(relay, Self.checks(until: 8)) == .checksUnanswered, "it gave an address")
        relay.client = Self.end(7, 9)
        relay.turn = TURNSnapshot()
        #expect(failure(relay, Self.checks(until: 8)) == .checksUnanswered, "another host asked")
    }

    @Test func answeredAndNotNominated() {
        #expect(failure(Self.checks(until: 8, answered: 0.1)) == .noNomination)
        #expect(failure(Self.checks(until: 1, answered: 0.1)) == nil, "controlling ends wait for better pairs")
        #expect(failure(Self.checks(until: 8, answered: 0.1, nominated: 0.5)) == nil)
    }

    @Test func aHandshakeWithoutAnswer() {
        var flow = Self.checks(until: 8, answered: 0.1, nominated: 0.2)
        Self.dtls(&flow, [(.clientHello, .fromClient, 0.3)], again: 3)
        #expect(failure(flow) == .dtlsUnanswered)
        Self.dtls(&flow, [(.clientHello, .fromClient, 0.3)], again: 1)
        #expect(failure(flow) == nil, "once is soon lost")
        Self.dtls(&flow, [(.clientHello, .fromClient, 6)], again: 3)
        #expect(failure(flow) == nil, "it began late")
        Self.dtls(&flow, Self.whole + [(.firstApplicationData, .fromClient, 0.5)], again: 3)
        #expect(failure(flow) == nil, "it went through in the end")
    }

    @Test func aFlightThatIsTooBig() {
        var flow = Self.checks(until: 8, answered: 0.1, nominated: 0.2)
        let steps: [(HandshakeStepName, Direction, Double)] = [
            (.clientHello, .fromClient, 0.3), (.serverHello, .fromServer, 0.4),
        ]
        Self.dtls(&flow, steps, again: 4)
        let small = DatagramSizes(minimum: 20, maximum: 300, mean: 100)
        let big = DatagramSizes(minimum: 20, maximum: 1_460, mean: 900)
        flow.datagramSizes = BothDirections(client: small, server: big)
        #expect(failure(flow) == .dtlsTooBig)
        flow.datagramSizes = BothDirections(client: big, server: small)
        #expect(failure(flow) == nil, "what was sent again was small")
    }

    @Test func nothingFollows() {
        var flow = Self.checks(until: 8, answered: 0.1, nominated: 0.2)
        Self.dtls(&flow, Self.whole)
        #expect(failure(flow) == .noMedia)
        Self.dtls(&flow, Self.whole + [(.firstApplicationData, .fromClient, 0.5)])
        #expect(failure(flow) == nil, "data channels that nobody can read")
        Self.dtls(&flow, Self.whole)
        flow.rtp = [RTPStreamSnapshot(source: 1, from: .fromClient, start: Self.time(1), end: Self.time(8))]
        #expect(failure(flow) == nil)
        var short = Self.checks(until: 2, answered: 0.1, nominated: 0.2)
        Self.dtls(&short, Self.whole)
        #expect(failure(short) == nil, "the capture ended soon")
    }

    private static func video(_ spoil: (inout RTPStreamSnapshot) -> Void) -> FlowSnapshot {
        var flow = checks(until: 12, answered: 0.1, nominated: 0.2)
        var stream = RTPStreamSnapshot(source: 1, from: .fromClient, start: time(1), end: time(12))
        stream.isVideo = true
        stream.keyFrames = 0
        stream.pictureLossIndications = 5
        spoil(&stream)
        flow.rtp = [stream]
        return flow
    }

    @Test func picturesWithoutAKeyFrame() {
        #expect(failure(Self.video { _ in }) == .noKeyFrame)
        #expect(failure(Self.video { $0.keyFrames = 1 }) == nil)
        #expect(failure(Self.video { $0.keyFrames = nil }) == nil, "they cannot be told")
        #expect(failure(Self.video { $0.pictureLossIndications = 0 }) == nil, "nobody asked")
        #expect(failure(Self.video { $0.end = Self.time(2) }) == nil, "it has just begun")
        #expect(failure(Self.video { $0.isVideo = false }) == nil)
        var middle = Self.video { _ in }
        middle.ice?.client.nominated = nil
        middle.ice?.client.lastNominated = nil
        #expect(failure(middle) == nil, "the beginning was not captured")
    }

    @Test func aRelayThatRanOutExplainsTheSilence() {
        func call(lapsed: Bool, carries: Bool) -> CallSnapshot.Failure? {
            var relay = Self.checks(until: 30, number: 1)
            relay.ice = nil
            relay.client = Self.end(1, 9)
            relay.server = Self.end(3, 3_478)
            var turn = TURNSnapshot()
            var allocation = TURNAllocationSnapshot(
                relayed: Self.end(1, 1).endpoint, transport: "udp", lifetime: 10, expiresIn: .seconds(-10))
            if lapsed {
                allocation.lapsed = .allocation
                allocation.lapsedAt = Self.time(10)
                allocation.lastLapsedUse = Self.time(29)
            }
            turn.allocation = allocation
            relay.turn = turn
            var flow = Self.checks(until: 30, answered: 0.1, nominated: 0.2)
            flow.parent = carries ? relay.identifier : nil
            flow.ice?.client.unanswered = 5
            flow.ice?.client.lastAnswer = Self.time(10)
            Self.dtls(&flow, Self.whole + [(.firstApplicationData, .fromClient, 0.5)])
            return failure(relay, flow, at: 30)
        }
        #expect(call(lapsed: true, carries: true) == .relayLapsed)
        #expect(call(lapsed: false, carries: true) == .consentLost)
        #expect(call(lapsed: true, carries: false) == .consentLost, "another allocation ran out")
    }

    // MARK: What belongs together

    @Test("A restart changes one end's fragment after the other; a server's socket alone joins nothing")
    func restarts() {
        func flow(_ number: UInt64, _ client: EndpointSnapshot, _ server: EndpointSnapshot, _ name: String)
            -> FlowSnapshot
        {
            var flow = Self.checks(until: 5, answered: 0.1, number: number)
            flow.client = client
            flow.server = server
            flow.ice?.userNames = [ICEUserName(name)!]
            return flow
        }
        func groups(_ flows: FlowSnapshot...) -> [[UInt64]] {
            CallAssembly.calls(among: flows, at: Self.time(9)).map { $0.flows.map(\.number) }
        }
        #expect(
            groups(
                flow(1, Self.end(1, 1), Self.end(2, 2), "old:OLD"), flow(2, Self.end(1, 5), Self.end(2, 2), "OLD:new"),
                flow(3, Self.end(2, 6), Self.end(1, 5), "new:NEW")) == [[1, 2, 3]])
        #expect(
            groups(
                flow(1, Self.end(1, 1), Self.end(9, 9), "a:server"), flow(2, Self.end(5, 1), Self.end(9, 9), "b:server")
            )
                == [[1], [2]], "two clients of one server")
        #expect(
            groups(flow(1, Self.end(1, 1), Self.end(2, 2), "a:b"), flow(2, Self.end(1, 1), Self.end(2, 2), "c:d"))
                == [[1], [2]], "the same ends with nothing in common")
    }

    @Test func typesComeFromPackets() {
        func types(client: UInt8?, server: UInt8?) -> [CallSnapshot.CandidateType?] {
            var flow = Self.checks(until: 5, answered: 0.1, nominated: 0.2)
            flow.ice?.client.hopLimit = client
            flow.ice?.server.hopLimit = server
            let pair = CallAssembly.calls(among: [flow], at: Self.time(9))[0].pairs[0]
            return [pair.localType, pair.remoteType]
        }
        #expect(types(client: 64, server: 128) == [.host, .host])
        #expect(types(client: 64, server: 57) == [.host, nil], "a NAT, or only routers")
        #expect(types(client: nil, server: nil) == [nil, nil])
    }
}
