import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import StreamtopWire
import Testing

@testable import StreamtopTransport

@Suite struct TCPFlowTrackerTests {
    @Test func statesOfAConnection() {
        var flow = TCPScenario()
        #expect(flow.tracker.state == .halfOpen)
        flow.pass(.fromClient, at: 0, .init(flags: .syn))
        #expect(flow.tracker.state == .halfOpen)
        flow.pass(.fromServer, at: 1, .init(acknowledgment: 0, flags: .syn))
        flow.pass(.fromClient, at: 2, .init(acknowledgment: 0))
        #expect(flow.tracker.state == .open)
        flow.pass(.fromClient, at: 3, .init(acknowledgment: 0, flags: .fin))
        #expect(flow.tracker.state == .open)
        flow.pass(.fromServer, at: 4, .init(acknowledgment: 1, flags: .fin))
        #expect(flow.tracker.state == .closed)
        #expect(flow.report().anomalies[.ackOfUnseenData] == 0)
    }

    @Test func resetEndsIt() {
        var flow = TCPScenario()
        flow.handshake(toServer: 1, toClient: 1)
        flow.pass(.fromServer, at: 3, .init(acknowledgment: 0, flags: .rst))
        #expect(flow.tracker.state == .reset)
        #expect(flow.server.resets == 1)
    }

    @Test func resetFromAnotherDistanceIsSuspicious() {
        var flow = TCPScenario()
        flow.handshake(toServer: 1, toClient: 1)
        flow.pass(.fromServer, at: 3, .init(acknowledgment: 0, flags: .rst, hopLimit: 50))
        #expect(flow.report().anomalies[.resetFromElsewhere] == 1)
    }

    @Test func freshSynAfterTheEndIsANewConnection() {
        var flow = TCPScenario()
        flow.handshake(toServer: 1, toClient: 1)
        var again = DecodedFrame()
        again.tcp.flags = .syn
        again.tcp.sequence = 100
        #expect(flow.tracker.isNewConnection(again, direction: .fromClient) == false)  // the same SYN, repeated
        again.tcp.sequence = 5_000_000
        #expect(flow.tracker.isNewConnection(again, direction: .fromClient) == true)
        flow.pass(.fromServer, at: 3, .init(acknowledgment: 0, flags: .rst))
        again.tcp.sequence = 120
        #expect(flow.tracker.isNewConnection(again, direction: .fromClient) == true)
    }

    @Test func directionsCanBeTurnedRound() {
        var flow = TCPScenario()
        flow.handshake(toServer: 40, toClient: 0.02)
        for index in 0..<4 { flow.data(at: 100 + Double(index), index * 1000) }
        flow.tracker.exchangeEnds()
        let report = flow.report()
        #expect(report.snapshot.client.uniqueBytes == 4000)
        #expect(report.snapshot.vantage == .server)
        #expect(report.roundTrip.client?.minimum == 40_000_000)
    }

    @Test func oneDirectionAloneIsCounted() {
        var flow = TCPScenario()
        for index in 0..<50 { flow.data(at: Double(index), index * 1000) }
        let report = flow.report()
        #expect(report.snapshot.server.uniqueBytes == 50_000)
        #expect(report.snapshot.server.inFlight == nil)
        #expect(report.roundTrip.server == nil)
        #expect(report.snapshot.vantage == nil)
    }

    /// Without a round trip the hop limit tells: 64, 128 and 255 have passed no router.
    @Test(
        arguments: [
            (64, 57, Vantage.client), (57, 128, .server), (64, 64, nil), (57, 121, nil),
        ] as [(UInt8, UInt8, Vantage?)])
    func hopLimitsTellTheVantageWhereNoRoundTripDoes(_ client: UInt8, _ server: UInt8, _ expected: Vantage?) {
        var flow = TCPScenario()
        flow.pass(.fromServer, at: 0, .init(length: 1000, acknowledgment: 0, hopLimit: server))
        flow.pass(.fromClient, at: 1, .init(length: 10, acknowledgment: 0, hopLimit: client))
        #expect(flow.report().roundTrip.server == nil)
        #expect(flow.report().snapshot.vantage == expected)
    }

    /// A segment larger than the receiver accepts is not cut yet, at its sender, or joined already, at its receiver.
    @Test(arguments: [(64, Vantage.server), (57, .client)] as [(UInt8, Vantage)])
    func superSegmentsTellTheVantageWhereNoRoundTripDoes(_ hopLimit: UInt8, _ expected: Vantage) {
        var flow = TCPScenario()
        flow.pass(.fromClient, at: 0, .init(flags: .syn))
        flow.pass(.fromServer, at: 50, .init(length: 5000, acknowledgment: 0, hopLimit: hopLimit))
        #expect(flow.report().snapshot.vantage == expected)
    }

    @Test func localAddressesDecideTheVantage() {
        var flow = TCPScenario()
        flow.tracker.localHint = .init(client: true, server: false)
        flow.handshake(toServer: 30, toClient: 20)
        #expect(flow.report().snapshot.vantage == .client)
    }

    @Test func askingForCountersChangesNothing() {
        var flow = TCPScenario(sack: false)
        flow.handshake(toServer: 0.02, toClient: 50)
        flow.data(at: 100, 0)
        flow.data(at: 500, 0)
        for _ in 0..<2 {
            var counters = FlowCounters()
            flow.tracker.count(into: &counters)
            #expect(counters.countsSegments)
            #expect(counters.retransmissions == BothDirections(client: 0, server: 1))
        }
    }

    @Test func wholeTransferAcrossTheWrap() {
        for start: UInt32 in [0, 0x7fff_f000, 0xffff_f000, 0xffff_ffff] {
            var flow = TCPScenario()
            flow.serverStart = start
            flow.clientStart = start
            flow.handshake(toServer: 0.02, toClient: 10)
            for index in 0..<200 {
                flow.data(at: 100 + Double(index), index * 1000)
                flow.ack(at: 110 + Double(index), index * 1000 + 1000)
            }
            let endpoint = flow.server
            #expect(endpoint.uniqueBytes == 200_000)
            #expect(endpoint.retransmissions.packets == 0)
            #expect(endpoint.outOfOrder == 0)
            #expect(flow.report().roundTrip.client?.maximum == 10_000_000)
        }
    }

    /// Whatever the fields hold, nothing traps and memory stays bounded.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func hostileSegments(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var tracker = TCPFlowTracker(start: Timestamp(nanoseconds: 0))
        var events: [FlowEvent.Kind] = []
        var frame = DecodedFrame()
        var time: Int64 = seed == 3 ? .max - 1000 : 0
        let near: UInt32 = .random(in: 0...(.max), using: &random)
        for step in 0..<60_000 {
            // Half of the numbers lie close together, so that they meet.
            func number() -> UInt32 {
                Bool.random(using: &random)
                    ? near &+ UInt32.random(in: 0..<20_000, using: &random)
                    : UInt32.random(in: 0...(.max), using: &random)
            }
            frame.tcp.sequence = number()
            frame.tcp.acknowledgment = number()
            frame.tcp.flags = TCPFlags(rawValue: UInt16.random(in: 0..<512, using: &random))
            if seed == 2 { frame.tcp.flags = .ack }
            frame.tcp.window = UInt16.random(in: 0...(.max), using: &random)
            frame.tcp.options = TCPOptions()
            frame.tcp.options.windowScale =
                Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : nil
            frame.tcp.options.hasTimestamps = Bool.random(using: &random)
            frame.tcp.options.timestampValue = number()
            frame.tcp.options.timestampEcho = number()
            frame.tcp.options.sackPermitted = Bool.random(using: &random)
            frame.tcp.options.sackCount = UInt8.random(in: 0...4, using: &random)
            frame.tcp.options.sack0 = SACKBlock(start: number(), end: number())
            frame.tcp.options.sack1 = SACKBlock(start: number(), end: number())
            frame.tcp.options.sack2 = SACKBlock(start: number(), end: number())
            frame.identification = UInt32.random(in: 0...(.max), using: &random)
            frame.hopLimit = UInt8.random(in: 0...255, using: &random)
            frame.ecn = UInt8.random(in: 0...3, using: &random)
            frame.payloadLength = [0, 0, 1, 1448, 65_535, 1_000_000].randomElement(using: &random) ?? 0
            frame.ipLength = frame.payloadLength + 40
            let jump = Int64.random(in: -1_000_000...5_000_000, using: &random)
            time = saturatingAdd(time, step % 5000 == 0 ? .seconds(100_000) : jump)
            let direction: Direction = Bool.random(using: &random) ? .fromClient : .fromServer
            tracker.observe(frame, direction: direction, at: Timestamp(nanoseconds: time), events: &events)
            events.removeAll(keepingCapacity: true)
            if step % 1000 == 0 {
                _ = tracker.report(at: Timestamp(nanoseconds: time))
                var sample = FlowSample(time: Timestamp(nanoseconds: time))
                tracker.read(into: &sample, at: Timestamp(nanoseconds: time))
                var counters = FlowCounters()
                tracker.count(into: &counters)
            }
        }
        #expect(tracker.client.segments.count <= TCPSegmentQueue.capacity, "seed \(seed)")
        #expect(tracker.server.segments.count <= TCPSegmentQueue.capacity, "seed \(seed)")
    }

    /// A receiver that never answers: what is forgotten is said.
    @Test func fullQueueIsAnAnomaly() {
        var flow = TCPScenario()
        flow.handshake(toServer: 0.02, toClient: 20)
        for number in 0..<TCPSegmentQueue.capacity { flow.data(at: 100 + Double(number), number * 1000) }
        #expect(flow.report(at: 5000).anomalies[.tableFull] == 0)
        for number in 0..<10 {
            flow.data(at: 3000 + Double(number), (TCPSegmentQueue.capacity + number) * 1000)
        }
        #expect(flow.report(at: 5000).anomalies[.tableFull] == 10)
    }

    /// A hundred thousand flows of some twenty packets must fit: the tracker itself stays small.
    @Test func trackerIsSmall() {
        #expect(MemoryLayout<TCPFlowTracker>.stride <= 1_208)
    }
}
