import StreamtopBase
import StreamtopLayer
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopTransport

/// Messages as bytes.
enum STUNBytes {
    static let cookie: [UInt8] = [0x21, 0x12, 0xa4, 0x42]

    static func message(_ type: UInt16, _ id: UInt8, _ attributes: [UInt8] = []) -> [UInt8] {
        [UInt8(type >> 8), UInt8(type & 255), UInt8(attributes.count >> 8), UInt8(attributes.count & 255)] + cookie
            + [UInt8](repeating: id, count: 12) + attributes
    }

    static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        [UInt8(type >> 8), UInt8(type & 255), 0, UInt8(value.count)] + value
            + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    /// 192.0.2.1:32853, hidden.
    static let address: [UInt8] = [0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]

    static func seconds(_ value: UInt8) -> [UInt8] { attribute(0x000d, [0, 0, 0, value]) }
}

@Suite struct STUNTrackerTests {
    private typealias Bytes = STUNBytes

    /// The tracker with a clock that ticks a millisecond for each datagram.
    private struct Talk: ~Copyable {
        var tracker = STUNTracker(transport: "udp")
        var now = Observation()
        var time = Timestamp(nanoseconds: 0)
        var relayed = RelayedDatagrams()
        var inner: [Int] = []
        var ends: [Endpoint?] = []

        mutating func send(_ bytes: [UInt8], _ direction: Direction = .fromClient) {
            time = time + .milliseconds(1)
            now.begin(from: direction, at: time)
            tracker.observe(unsafe bytes.span.bytes, wireLength: bytes.count, relayed: &relayed, &now)
            for index in 0..<relayed.count {
                inner.append(relayed[index].wireLength)
                ends.append(relayed[index].peer)
            }
            relayed.removeAll()
        }

        func accepts(_ bytes: [UInt8]) -> Bool { tracker.accepts(unsafe bytes.span.bytes, wireLength: bytes.count) }

        var flow: FlowSnapshot {
            let any = Endpoint.unspecified
            var flow = FlowSnapshot(
                identifier: FlowIdentifier(number: 1), transport: .udp, protocols: [], protocolNumber: 17,
                client: EndpointSnapshot(endpoint: any), server: EndpointSnapshot(endpoint: any),
                orientation: .firstPacket, start: Timestamp(nanoseconds: 0), end: time, state: .open)
            tracker.report(into: &flow, at: time)
            return flow
        }
    }

    @Test func transactionsAndTheirRoundTrips() throws {
        var talk = Talk()
        talk.send(Bytes.message(0x0001, 1))
        talk.time = talk.time + .milliseconds(29)
        talk.send(Bytes.message(0x0101, 1, Bytes.attribute(0x0020, Bytes.address)), .fromServer)
        let stun = try #require(talk.flow.stun)
        #expect(stun.requests == 1 && stun.responses == 1 && stun.errors == 0)
        #expect(stun.mapped.map(\.description) == ["192.0.2.1:32853"])
        #expect(stun.serverRoundTrip?.samples == 1 && stun.serverRoundTrip?.minimum == .milliseconds(30))
        #expect(stun.serverRoundTrip?.source == .stun && stun.clientRoundTrip == nil)
    }

    /// Karn: an answer to a request that was sent twice says nothing of the round trip.
    @Test func noRoundTripFromARepeatedTransaction() throws {
        var talk = Talk()
        talk.send(Bytes.message(0x0001, 1))
        talk.send(Bytes.message(0x0001, 1))
        talk.send(Bytes.message(0x0101, 1), .fromServer)
        talk.send(Bytes.message(0x0001, 1))
        let stun = try #require(talk.flow.stun)
        #expect(stun.requests == 3 && stun.retransmissions == 2 && stun.responses == 1)
        #expect(stun.serverRoundTrip == nil)
    }

    @Test func bothEndsAsk() throws {
        var talk = Talk()
        talk.send(Bytes.message(0x0001, 1))
        talk.send(Bytes.message(0x0001, 1), .fromServer)
        talk.send(Bytes.message(0x0101, 1))
        talk.send(Bytes.message(0x0101, 1), .fromServer)
        talk.send(Bytes.message(0x0101, 9), .fromServer)
        let stun = try #require(talk.flow.stun)
        #expect(stun.retransmissions == 0, "transactions belong to who asks")
        #expect(stun.clientRoundTrip?.minimum == .milliseconds(1))
        #expect(stun.serverRoundTrip?.minimum == .milliseconds(3) && stun.serverRoundTrip?.samples == 1)
    }

    @Test func errorsAndSilence() throws {
        var talk = Talk()
        talk.send(Bytes.message(0x0003, 1))
        talk.send(Bytes.message(0x0113, 1, Bytes.attribute(0x0009, [0, 0, 4, 1])), .fromServer)
        talk.send(Bytes.message(0x0001, 2))
        #expect(talk.flow.stun?.unanswered == 0)
        talk.time = talk.time + .seconds(6)
        let stun = try #require(talk.flow.stun)
        #expect(stun.errors == 1 && stun.errorCodes == [STUNErrorCount(code: 401, count: 1)] && stun.unanswered == 1)
        #expect(stun.serverRoundTrip?.samples == 1)
        #expect(talk.flow.turn?.allocation == nil, "asked for and not granted")
    }

    private func allocated(seconds: UInt8 = 100) -> Talk {
        var talk = Talk()
        talk.send(Bytes.message(0x0003, 1))
        talk.send(
            Bytes.message(0x0103, 1, Bytes.attribute(0x0016, Bytes.address) + Bytes.seconds(seconds)), .fromServer)
        let peer = Bytes.attribute(0x0012, Bytes.address)
        talk.send(Bytes.message(0x0008, 2, peer))
        talk.send(Bytes.message(0x0108, 2), .fromServer)
        talk.send(Bytes.message(0x0009, 3, Bytes.attribute(0x000c, [0x40, 1, 0, 0]) + peer))
        talk.send(Bytes.message(0x0109, 3), .fromServer)
        return talk
    }

    @Test func aRelayAndWhatGoesThroughIt() throws {
        var talk = allocated()
        talk.send([0x40, 1, 0, 5, 1, 2, 3, 4, 5])
        talk.send([0x40, 1, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0], .fromServer)
        let peer = Bytes.attribute(0x0012, Bytes.address)
        talk.send(Bytes.message(0x0016, 4, peer + Bytes.attribute(0x0013, [1, 2, 3])))
        let turn = try #require(talk.flow.turn)
        #expect(turn.channelDataPackets == 2 && turn.indications == 1 && turn.channels == 1)
        let allocation = try #require(turn.allocation)
        #expect(allocation.relayed.description == "192.0.2.1:32853" && allocation.transport == "udp")
        #expect(allocation.bytes == 13 && allocation.permissions == 1 && allocation.lifetime == 100)
        #expect(allocation.lapsed == nil && allocation.expiresIn > .seconds(99))
        #expect(talk.inner == [5, 5, 3], "without header and padding")
        #expect(talk.ends.map { $0?.description } == Array(repeating: "192.0.2.1:32853", count: 3))
    }

    @Test func whatLapsedIsNamed() throws {
        for (wait, renews, lapse) in [
            (Int64(90), false, TURNAllocationSnapshot.Lapse?.none), (101, false, .allocation), (101, true, nil),
            (310, true, .permission), (650, true, .channel),
        ] {
            var talk = allocated()
            for second in 1...wait {
                talk.time = talk.time + .seconds(1)
                if renews, second % 50 == 0 {
                    talk.send(Bytes.message(0x0004, UInt8(second / 50 + 10)))
                    talk.send(Bytes.message(0x0104, UInt8(second / 50 + 10), Bytes.seconds(100)), .fromServer)
                }
                if lapse == .channel, second % 100 == 0 {
                    talk.send(Bytes.message(0x0008, UInt8(second / 100 + 100), Bytes.attribute(0x0012, Bytes.address)))
                    talk.send(Bytes.message(0x0108, UInt8(second / 100 + 100)), .fromServer)
                }
            }
            talk.send([0x40, 1, 0, 1, 1])
            #expect(talk.flow.turn?.allocation?.lapsed == lapse, "after \(wait) s, renewed: \(renews)")
        }
    }

    @Test func anAllocationGivenBackDoesNotLapse() {
        var talk = allocated()
        talk.send(Bytes.message(0x0004, 20))
        talk.send(Bytes.message(0x0104, 20, Bytes.seconds(0)), .fromServer)
        talk.time = talk.time + .seconds(5)
        talk.send([0x40, 1, 0, 1, 1])
        #expect(talk.flow.turn?.allocation?.lapsed == nil)
    }

    /// What the relay still hands on has not run out, whatever was captured of its renewal.
    @Test func aRelayThatWorksHasNotLapsed() {
        for (answers, lapse) in [(false, TURNAllocationSnapshot.Lapse?.some(.allocation)), (true, nil)] {
            var talk = allocated()
            talk.time = talk.time + .seconds(110)
            talk.send([0x40, 1, 0, 1, 1])
            if answers { talk.send([0x40, 1, 0, 1, 1], .fromServer) }
            talk.send([0x40, 1, 0, 1, 1])
            let told = talk.flow.turn?.allocation
            #expect(told?.lapsed == lapse && told?.missedRenewal == answers)
        }
    }

    /// What was under way when it ran out proves nothing.
    @Test func dataUnderWayWhenItRanOut() {
        var talk = allocated()
        talk.time = talk.time + .seconds(101)
        talk.send([0x40, 1, 0, 1, 1], .fromServer)
        talk.send([0x40, 1, 0, 1, 1])
        #expect(talk.flow.turn?.allocation?.lapsed == .allocation)
    }

    @Test func aRelayGivesOtherAddressesAnew() {
        var talk = allocated()
        let other = Bytes.attribute(0x0016, [0, 1, 0xa1, 0x48, 0xe1, 0x12, 0xa6, 0x43])
        talk.send(Bytes.message(0x0103, 9, other + Bytes.seconds(100)), .fromServer)
        let told = talk.flow.turn?.allocation
        #expect(told?.channels == 0 && told?.permissions == 0, "those of the allocation before are gone with it")
    }

    @Test func methodsThatNobodyKnowsAreCounted() throws {
        var talk = Talk()
        let strange = Bytes.message(0x0021, 1)
        let alone = talk.accepts(strange)
        talk.send(Bytes.message(0x0001, 1))
        let behindOthers = talk.accepts(strange)
        #expect(!alone && behindOthers, "alone it proves nothing")
        talk.send(strange)
        talk.send(strange)
        #expect(talk.flow.stun?.unknownMethods == [STUNErrorCount(code: 0x11, count: 2)])
    }

    /// Of an indication that was cut, the size of its data is told by its length.
    @Test func dataThatTheCaptureCut() {
        var talk = allocated()
        let peer = Bytes.attribute(0x0012, Bytes.address)
        let whole = Bytes.message(0x0016, 4, peer + Bytes.attribute(0x0013, Array(repeating: 7, count: 100)))
        let cut = Array(whole.prefix(60))
        talk.tracker.observe(
            unsafe cut.span.bytes, wireLength: whole.count, relayed: &talk.relayed, &talk.now)
        let (count, length, captured) = (talk.relayed.count, talk.relayed[0].wireLength, talk.relayed[0].count)
        #expect(count == 1 && length == 100 && captured == 24)
        #expect(talk.flow.turn?.allocation?.bytes == 100)
    }

    @Test func datagramsOfOthersAreLeftToThem() {
        let talk = Talk()
        for (bytes, isOurs) in [
            (Bytes.message(0x0001, 1), true), ([0x40, 1, 0, 1, 1], false),
            ([0x80] + Array(repeating: 0, count: 30), false),
            ([22] + Array(repeating: 0, count: 30), false), ([], false),
        ] {
            let accepts = talk.accepts(bytes)
            #expect(accepts == isOurs, "without an allocation there is no channel")
        }
        let relay = allocated()
        let accepts = (relay.accepts([0x40, 1, 0, 1, 1]), relay.accepts([0x40, 1, 0, 9, 1]))
        #expect(accepts == (true, false))
    }

    @Test func memoryIsBounded() {
        var talk = Talk()
        for number in 0..<5_000 {
            var bytes = Bytes.message(0x0008, 0, Bytes.attribute(0x0012, Bytes.address))
            bytes[10] = UInt8(number & 255)
            bytes[11] = UInt8(number >> 8)
            talk.send(bytes)
            bytes[0] = 0x01
            bytes[1] = 0x08
            talk.send(bytes, .fromServer)
        }
        #expect(talk.flow.stun?.requests == 5_000 && talk.flow.stun?.serverRoundTrip?.samples == 5_000)
    }
}
