import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopEngine

@Suite struct JoinerTests {
    private static let client = IPAddress(v4: 0x0a00_0001)
    private static let service = Endpoint(address: IPAddress(v4: 0xcb00_7104), port: 443)

    private static func fact(_ kind: JoinFact.Kind, flow: UInt64, at seconds: Int64) -> JoinFact {
        JoinFact(
            ordinal: flow, time: Timestamp(nanoseconds: .seconds(seconds)),
            flow: FlowReference(ordinal: flow, position: UInt32(flow)), kind: kind)
    }

    @Test("TCP to the service that was asked for QUIC is a fallback, within half a minute")
    func fallback() {
        var joiner = Joiner(limits: EngineLimits())
        let asked = Self.fact(.askedForQUIC(client: Self.client, server: Self.service), flow: 3, at: 10)
        let connected = Self.fact(.connected(client: Self.client, server: Self.service), flow: 4, at: 11)
        let answers = joiner.consume([asked, connected])
        #expect(
            answers == [
                .fellBack(FlowReference(ordinal: 3, position: 3), at: Timestamp(nanoseconds: .seconds(11)))
            ])
        let late = Self.fact(.connected(client: Self.client, server: Self.service), flow: 5, at: 41)
        let none = joiner.consume([late])
        #expect(none.isEmpty)
    }

    @Test("Another port, another host, or TCP before QUIC is none")
    func noFallback() {
        var joiner = Joiner(limits: EngineLimits())
        let other = Endpoint(address: Self.service.address, port: 8443)
        let facts = [
            Self.fact(.connected(client: Self.client, server: Self.service), flow: 1, at: 9),
            Self.fact(.askedForQUIC(client: Self.client, server: Self.service), flow: 2, at: 10),
            Self.fact(.connected(client: Self.client, server: other), flow: 3, at: 11),
            Self.fact(.connected(client: Self.service.address, server: Self.service), flow: 4, at: 11),
        ]
        let answers = joiner.consume(facts)
        #expect(answers.isEmpty)
    }

    @Test("A hello with early data that comes again is a replay, of the later connection")
    func replay() {
        var joiner = Joiner(limits: EngineLimits())
        let facts = [(1, 1), (2, 2), (3, 1)].map { flow, random in
            Self.fact(.earlyHello(HelloRandom(0, 0, 0, UInt64(random))), flow: UInt64(flow), at: 1)
        }
        let answers = joiner.consume(facts)
        #expect(answers == [.replayed(FlowReference(ordinal: 3, position: 3))])
        #expect(joiner.health.map(\.used) == [0, 2, 0])
    }

    @Test("What two servers say of one socket tells of its NAT, whichever engines had the flows")
    func reflections() {
        var joiner = Joiner(limits: EngineLimits())
        let socket = Endpoint(address: Self.client, port: 5_000)
        func seen(_ socket: Endpoint, by server: UInt16, as port: UInt16, flow: UInt64) -> JoinFact {
            let mapped = Endpoint(address: IPAddress(v4: 0xcb00_7105), port: port)
            let reflector = Endpoint(address: IPAddress(v4: 0xc633_6400 + UInt32(server)), port: 3_478)
            return Self.fact(
                .reflected(socket: socket, by: reflector, as: mapped, isBehindRouter: false), flow: flow, at: 1)
        }
        // Another socket of the host, and the same server again, say nothing.
        let other = Endpoint(address: Self.client, port: 5_001)
        let none = joiner.consume([
            seen(socket, by: 1, as: 9_000, flow: 1), seen(socket, by: 1, as: 9_000, flow: 1),
            seen(other, by: 2, as: 9_001, flow: 2),
        ])
        #expect(none.isEmpty)
        let answers = joiner.consume([seen(socket, by: 2, as: 9_002, flow: 3)])
        #expect(
            answers == [
                .mapped(
                    FlowReference(ordinal: 3, position: 3), .addressAndPortDependent,
                    as: Endpoint(address: IPAddress(v4: 0xcb00_7105), port: 9_002),
                    at: Timestamp(nanoseconds: .seconds(1)))
            ])
    }

    @Test("Facts beyond the cap are counted, not kept")
    func capped() {
        var facts = JoinFacts()
        for number in 0..<JoinFacts.capacity + 3 {
            facts.append(Self.fact(.earlyHello(HelloRandom(0, 0, 0, UInt64(number))), flow: 1, at: 1))
        }
        #expect(facts.refused == 3)
        let taken = facts.take()
        #expect(taken.count == JoinFacts.capacity)
        let again = facts.take()
        #expect(again.isEmpty)
    }

    @Test("The table of hellos is bounded and forgets the oldest")
    func helloTable() throws {
        var hellos = RecentHellos(capacity: 64)
        func random(_ number: Int) throws -> HelloRandom {
            try #require(HelloRandom([UInt8](repeating: 0, count: 31) + [UInt8(number)]))
        }
        for number in 0..<(hellos.capacity + 10) {
            let isKnown = try hellos.note(random(number))
            #expect(!isKnown)
        }
        #expect(hellos.count == hellos.capacity && hellos.evicted == 10)
        let isNewest = try hellos.note(random(hellos.capacity))
        let isOldest = try hellos.note(random(0))
        #expect(isNewest && !isOldest)
    }
}
