import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopApplication

/// Bytes of STUN messages for tests of ICE.
private struct Check {
    var type: UInt16 = 0x0001
    var transaction: UInt8 = 1
    var user: String? = "bbbb:aaaa"
    var nominates = false
    var controlling = true
    var error: UInt16?
    var mapped: (address: UInt32, port: UInt16)?

    var bytes: [UInt8] {
        var attributes: [UInt8] = []
        func add(_ type: UInt16, _ value: [UInt8]) {
            attributes +=
                [UInt8(type >> 8), UInt8(type & 0xff), UInt8(value.count >> 8), UInt8(value.count & 0xff)] + value
            while attributes.count % 4 != 0 { attributes.append(0) }
        }
        if let user { add(0x0006, Array(user.utf8)) }
        if type == 1, user != nil { add(controlling ? 0x802a : 0x8029, [UInt8](repeating: 9, count: 8)) }
        if nominates { add(0x0025, []) }
        if let error { add(0x0009, [0, 0, UInt8(error / 100), UInt8(error % 100)]) }
        if let mapped {
            add(
                0x0020,
                [0, 1] + RTPPacketBuilder.bytes(UInt32(mapped.port ^ 0x2112), 2)
                    + RTPPacketBuilder.bytes(mapped.address ^ 0x2112_a442, 4))
        }
        return [UInt8(type >> 8), UInt8(type & 0xff), UInt8(attributes.count >> 8), UInt8(attributes.count & 0xff)]
            + [0x21, 0x12, 0xa4, 0x42] + [UInt8](repeating: transaction, count: 12) + attributes
    }

    var message: STUNMessage {
        get throws {
            let bytes = bytes
            var reader = unsafe ByteReader(bytes.span.bytes)
            return try STUNMessage(decoding: &reader)
        }
    }
}

@Suite struct ICECheckTrackerTests {
    private func observe(
        _ tracker: inout ICECheckTracker, _ check: Check, _ direction: Direction, _ milliseconds: Int64,
        into now: inout Observation
    ) throws {
        now.begin(from: direction, at: Timestamp(nanoseconds: milliseconds * 1_000_000))
        tracker.observe(try check.message, &now)
    }

    @Test("Requests and answers of both ends, round trip by Karn, nomination with its answer")
    func checks() throws {
        var tracker = ICECheckTracker()
        var now = Observation()
        try observe(&tracker, Check(transaction: 1), .fromClient, 0, into: &now)
        try observe(&tracker, Check(transaction: 1), .fromClient, 500, into: &now)
        try observe(
            &tracker, Check(type: 0x0101, transaction: 1, user: nil, mapped: (0x0a00_0001, 5_000)), .fromServer, 550,
            into: &now)
        try observe(
            &tracker, Check(transaction: 2, user: "aaaa:bbbb", controlling: false), .fromServer, 600, into: &now)
        try observe(&tracker, Check(type: 0x0101, transaction: 2, user: nil), .fromClient, 601, into: &now)
        #expect(now.events == [.icePair(.inProgress), .icePair(.succeeded)])
        now.events.removeAll()
        try observe(&tracker, Check(transaction: 3, nominates: true), .fromClient, 700, into: &now)
        try observe(&tracker, Check(type: 0x0101, transaction: 3, user: nil), .fromServer, 750, into: &now)
        #expect(now.events == [.nominated(by: .fromClient)])
        let ice = tracker.report
        #expect(ice.client.requests == 3 && ice.client.responses == 2 && ice.server.requests == 1)
        #expect(ice.client.roundTrip?.samples == 1 && ice.client.roundTrip?.last == .milliseconds(50))
        #expect(ice.server.roundTrip?.last == .milliseconds(1))
        #expect(ice.client.role == .controlling && ice.server.role == .controlled)
        #expect(ice.client.mapped == Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 5_000))
        #expect(ice.userNames == [ICEUserName("aaaa:bbbb")!] && ice.nominated == Timestamp(nanoseconds: 750_000_000))
    }

    @Test("Questions for an address are no checks; answers to them reflect")
    func questions() throws {
        var tracker = ICECheckTracker()
        var now = Observation()
        try observe(&tracker, Check(user: nil), .fromClient, 0, into: &now)
        try observe(
            &tracker, Check(type: 0x0101, user: nil, mapped: (0x0102_0304, 4_001)), .fromServer, 20, into: &now)
        #expect(!tracker.report.isCheck && tracker.isKnown)
        #expect(tracker.report.reflected == [Endpoint(address: IPAddress(v4: 0x0102_0304), port: 4_001)])
    }

    @Test("Consent: checks later than the first answer, unanswered ones at the end, a role conflict")
    func consent() throws {
        var tracker = ICECheckTracker()
        var now = Observation()
        for number in UInt8(0)..<6 {
            try observe(&tracker, Check(transaction: number), .fromClient, Int64(number) * 5_000, into: &now)
            guard number < 3 else { continue }
            try observe(
                &tracker, Check(type: 0x0101, transaction: number, user: nil), .fromServer, Int64(number) * 5_000 + 40,
                into: &now)
        }
        try observe(
            &tracker, Check(type: 0x0111, transaction: 5, user: nil, error: 487), .fromServer, 25_040, into: &now)
        let client = tracker.report.client
        #expect(client.consentSent == 5 && client.consentAnswered == 2 && client.unanswered == 3)
        #expect(client.roleConflicts == 1)
    }

    private func flow(
        _ number: UInt64, _ client: (UInt32, UInt16), _ server: (UInt32, UInt16), name: String? = nil,
        mapped: (UInt32, UInt16)? = nil
    ) -> FlowSnapshot {
        func end(_ value: (UInt32, UInt16)) -> Endpoint { Endpoint(address: IPAddress(v4: value.0), port: value.1) }
        var flow = FlowSnapshot(
            identifier: FlowIdentifier(number: number), transport: .udp, protocols: [], protocolNumber: 17,
            client: EndpointSnapshot(endpoint: end(client)), server: EndpointSnapshot(endpoint: end(server)),
            orientation: .firstPacket, start: Timestamp(nanoseconds: 0), end: Timestamp(nanoseconds: 0), state: .open)
        flow.isFinal = true
        var ice = ICESnapshot()
        ice.ordinal = number
        if let name {
            ice.userNames = [ICEUserName(name)!]
            ice.client.requests = 1
            ice.client.firstRequest = Timestamp(nanoseconds: 0)
        } else if let mapped {
            ice.reflected = [end(mapped)]
        }
        flow.ice = ice
        return flow
    }

    @Test("Flows that share fragments are one call, over a restart too; others are not")
    func joined() {
        var restarted = flow(3, (1, 1), (2, 2), name: "a:b")
        restarted.ice?.userNames.append(ICEUserName("c:d")!)
        let calls = CallAssembly.calls(
            among: [
                flow(1, (1, 1), (3, 3), name: "b:a"), flow(2, (9, 9), (8, 8), name: "x:y"), restarted,
                flow(4, (1, 4), (2, 2), name: "d:c"),
            ], at: Timestamp(nanoseconds: 0))
        #expect(calls.map { $0.flows.map(\.number) } == [[1, 3, 4], [2]])
        #expect(calls.map(\.restarts) == [1, 0])
    }

    @Test("Hints: a provider's NAT, and checks to the NAT's own outer address, answered or not")
    func hints() throws {
        func call(_ address: UInt32, answered: Bool) throws -> CallSnapshot {
            let asked = flow(1, (10, 7), (50, 1), mapped: (address, 4_001))
            var check = flow(2, (10, 7), (address, 4_009), name: "a:b")
            check.ice?.client.requests = 4
            check.ice?.client.responses = answered ? 4 : 0
            check.ice?.client.firstRequest = Timestamp(nanoseconds: 0)
            check.isFinal = true
            return try #require(CallAssembly.calls(among: [asked, check], at: Timestamp(nanoseconds: 0)).first)
        }
        let plain = try call(0xcb00_7101, answered: true)
        #expect(plain.hairpins == true && !plain.isCarrierGrade)
        let shared = try call(0x6440_0001, answered: false)
        #expect(shared.hairpins == false && shared.isCarrierGrade)
        // 100.63.255.255 is nobody's.
        #expect(try call(0x643f_ffff, answered: true).isCarrierGrade == false)
        var direct = flow(3, (10, 7), (60, 9), name: "c:d")
        direct.ice?.client.requests = 1
        let none = CallAssembly.calls(among: [direct], at: Timestamp(nanoseconds: 0)).first
        #expect(none?.hairpins == nil)
    }

    @Test(
        "Mapping from what servers reflect (RFC 4787 section 4.1): same, by address, by port, none, one server alone",
        arguments: [
            ([(50, 1, 4_001), (60, 1, 4_001), (60, 2, 4_001)], CallSnapshot.Mapping.endpointIndependent),
            ([(50, 1, 4_001), (60, 1, 4_002), (60, 2, 4_002)], .addressDependent),
            ([(50, 1, 4_001), (60, 1, 4_002), (60, 2, 4_003)], .addressAndPortDependent),
            ([(50, 1, 7), (60, 1, 7)], .none),
        ] as [([(UInt32, UInt16, UInt16)], CallSnapshot.Mapping)])
    func mapping(servers: [(UInt32, UInt16, UInt16)], expected: CallSnapshot.Mapping) {
        let outside: UInt32 = expected == .none ? 10 : 77
        let flows = servers.enumerated().map { index, server in
            flow(UInt64(index + 1), (10, 7), (server.0, server.1), mapped: (outside, server.2))
        }
        #expect(CallAssembly.calls(among: flows, at: Timestamp(nanoseconds: 0)).map(\.mapping) == [expected])
        let one = CallAssembly.calls(among: Array(flows.prefix(1)), at: Timestamp(nanoseconds: 0))
        #expect(one.isEmpty, "one answer tells nothing")
    }
}
