import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// The ladder: what each rung holds, what they come to, and when nothing may be named.
@Suite struct LadderTests {
    static let local = Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 443)
    static let remote = Endpoint(address: IPAddress(v4: 0x0a00_0002), port: 50_000)

    /// A server here that sends to a client 30 ms away; nothing waits anywhere.
    static func flow(_ change: (inout FlowSnapshot) -> Void = { _ in }) -> FlowSnapshot {
        SampleFlows.spoiled { flow in
            flow.time = flow.end
            flow.server.lastPacket = flow.end
            var trip = flow.roundTrip.client
            trip?.minimum = .milliseconds(30)
            flow.roundTrip.client = trip
            flow.queueDelay = BothDirections(
                client: QueueDelaySnapshot(last: 0, p50: 0, p95: 0, maximum: 0), server: nil)
            flow.tcp?.client.receiveWindow = ReceiveWindowSnapshot(
                last: 200_000, maximum: 200_000, minimum: 200_000, occupied: 0, scaleUnknown: false)
            change(&flow)
        }
    }

    static func facts(_ change: (inout LadderFacts) -> Void = { _ in }) -> LadderFacts {
        var socket = KernelSocket(time: SampleFlows.start, local: local, remote: remote, state: .established)
        socket.notSent = 0
        socket.unread = 0
        socket.inFlight = 14_480
        var facts = LadderFacts()
        facts.near = .fromServer
        facts.socket = socket
        facts.acknowledgedPerSecond = 1_000_000
        facts.readPerSecond = 1_000_000
        facts.devices = ["eth0"]
        var host = HostSnapshot(time: SampleFlows.start)
        host.layers = [queue(0), softNet(0)]
        facts.host = host
        change(&facts)
        return facts
    }

    static func queue(_ bytes: Int, _ change: (inout HostLayer) -> Void = { _ in }) -> HostLayer {
        var layer = HostLayer(.qdisc, name: "eth0", direction: .out, unit: .bytes, occupied: bytes)
        layer.kind = "tbf"
        layer.delay = .milliseconds(Int64(bytes / 1_000))  // drains at 1 MB/s
        layer.bound = .measured
        change(&layer)
        return layer
    }

    static func softNet(_ packets: Int) -> HostLayer {
        var layer = HostLayer(.softnet, name: "cpu0", direction: .inward, unit: .packets, occupied: packets)
        layer.delay = 0
        layer.bound = .measured
        return layer
    }

    static func out(_ flow: FlowSnapshot, _ facts: LadderFacts) throws -> LadderSnapshot.Sum {
        try #require(LadderBuilder.build(flow, facts).sums?.out)
    }

    /// An idle ladder is the empty path, and names nothing.
    @Test func emptyBuffers() throws {
        let sum = try Self.out(Self.flow(), Self.facts())
        #expect(sum.total == .milliseconds(15))
        #expect(sum.bound == .measured && sum.largest == nil && sum.unread.isEmpty)
    }

    /// A socket in another namespace: each device its packets pass on this host is a rung, out and in.
    @Test func devicesOfTwoNamespaces() throws {
        let facts = Self.facts { facts in
            facts.devices = ["player/eth0", "eth0"]
            facts.devicesInward = ["br0", "veth7"]
            facts.host?.layers = [
                Self.queue(20_000) { $0.name = "player/eth0" }, Self.queue(64_000), Self.softNet(0),
                Self.queue(0) { $0.name = "br0" }, Self.queue(30_000) { $0.name = "veth7" },
            ]
        }
        let ladder = LadderBuilder.build(Self.flow(), facts)
        #expect(ladder.sums?.out?.total == .milliseconds(15 + 20 + 64) && ladder.sums?.out?.largest == .qdisc)
        let inward = ladder.buffers.filter { $0.direction == .inward && $0.layer == .qdisc }
        #expect(inward.map(\.name) == ["br0", "veth7"])
        #expect(ladder.sums?.inward?.total == .milliseconds(30) && ladder.sums?.inward?.largest == .qdisc)
    }

    /// One member of a bond carries the flow, nobody tells which: the longest bounds the wait, and none is added to it.
    @Test func membersOfABond() throws {
        func facts(_ bond: String?) -> LadderFacts {
            Self.facts { facts in
                facts.devices = ["eth0", "eth1"]
                facts.host?.layers = [
                    Self.queue(20_000) { $0.memberOf = bond },
                    Self.queue(50_000) {
                        $0.name = "eth1"
                        $0.memberOf = bond
                    }, Self.softNet(0),
                ]
            }
        }
        let sum = try Self.out(Self.flow(), facts("bond0"))
        #expect(sum.total == .milliseconds(65) && sum.bound == .atMost)
        // Two devices one behind the other: both.
        #expect(try Self.out(Self.flow(), facts(nil)).total == .milliseconds(85))
    }

    @Test func eachRungIsNamedWhereItHoldsTheDelay() throws {
        let queued = try Self.out(Self.flow(), Self.facts { $0.host?.layers[0] = Self.queue(84_000) })
        #expect(queued.largest == .qdisc && queued.total == .milliseconds(99))

        let ahead = try Self.out(Self.flow(), Self.facts { $0.socket?.notSent = 400_000 })
        #expect(ahead.largest == .socketSend && ahead.total == .milliseconds(415))

        let path = try Self.out(
            Self.flow { $0.queueDelay.client?.last = .milliseconds(130) }, Self.facts())
        #expect(path.largest == .path && path.total == .milliseconds(145))

        let reader = try Self.out(
            Self.flow {
                $0.tcp?.client.receiveWindow = ReceiveWindowSnapshot(
                    last: 50_000, maximum: 150_000, minimum: 50_000, occupied: 100_000, scaleUnknown: false)
            }, Self.facts())
        #expect(reader.largest == .socketReceive && reader.total == .milliseconds(115))
    }

    /// The base of a long path is no queue; 2 ms and a twentieth of the whole are none to be named.
    @Test func nothingIsNamedWithoutReason() throws {
        let far = try Self.out(Self.flow { $0.roundTrip.client?.minimum = .milliseconds(400) }, Self.facts())
        #expect(far.total == .milliseconds(200) && far.largest == nil)
        let small = try Self.out(Self.flow(), Self.facts { $0.host?.layers[0] = Self.queue(2_000) })
        #expect(small.largest == nil)
        let part = try Self.out(
            Self.flow { $0.roundTrip.client?.minimum = .milliseconds(400) },
            Self.facts { $0.host?.layers[0] = Self.queue(10_000) })
        #expect(part.largest == nil)
    }

    /// Held for pacing is no queue.
    @Test func pacedIsNotQueued() throws {
        let paced = Self.facts {
            $0.host?.layers[0] = Self.queue(84_000) {
                $0.isPaced = true
                $0.bound = .atMost
            }
        }
        let sum = try Self.out(Self.flow(), paced)
        #expect(sum.largest == nil && sum.bound == .atMost)
    }

    /// Nobody reads: no time can be told, the bytes are, and the total is at least what is known.
    @Test func aStoppedReader() throws {
        let flow = Self.flow {
            $0.tcp?.client.receiveWindow = ReceiveWindowSnapshot(
                last: 0, maximum: 150_000, minimum: 0, occupied: 150_000, scaleUnknown: false)
        }
        let facts = Self.facts {
            $0.acknowledgedPerSecond = 0
            $0.socket?.inFlight = 0
            $0.socket?.notSent = 8_192
        }
        let ladder = LadderBuilder.build(flow, facts)
        let sum = try #require(ladder.sums?.out)
        #expect(sum.bound == .atLeast && sum.largest == .socketReceive)
        let rung = try #require(ladder.buffers.first { $0.layer == .socketReceive && $0.direction == .out })
        #expect(rung.delay == nil && rung.occupiedBytes == 150_000 - 150_000 / 16 && rung.bound == .unknown)
    }

    /// A window moves in steps of a segment or two, and segments may be of 32 kB on a loopback.
    @Test func stepsOfAWindow() throws {
        let changed = { (segment: Int?) in
            Self.flow {
                $0.tcp?.client.mssBytes = segment
                $0.tcp?.client.receiveWindow = ReceiveWindowSnapshot(
                    last: 144_880, maximum: 150_000, minimum: 144_880, occupied: 5_120, scaleUnknown: false)
            }
        }
        let facts = Self.facts { $0.acknowledgedPerSecond = 20_000 }
        let small = try Self.out(changed(1_460), facts)
        #expect(small.largest == .socketReceive && small.total == .milliseconds(271))
        #expect(try Self.out(changed(32_768), facts).total == .milliseconds(15))
        #expect(try Self.out(changed(nil), facts).largest == .socketReceive)
    }

    /// What is not read is the whole connection's: the rate of one of its subflows tells no time of it, the rate of the only one does.
    @Test func oneOfSeveralSubflows() throws {
        for (subflows, occupied, delay, largest) in [
            (2, 100_000, nil, BufferSnapshot.Layer.socketReceive), (2, 40_000, nil, nil),
            (1, 100_000, 1_000, .socketReceive), (nil, 40_000, nil, nil),
        ] as [(Int?, Int, Int64?, BufferSnapshot.Layer?)] {
            let flow = Self.flow {
                $0.tcp?.server.receiveWindow = ReceiveWindowSnapshot(
                    last: 150_000 - occupied, maximum: 150_000, minimum: 1, occupied: occupied, scaleUnknown: false)
                $0.tcp?.client.sender.lastRate = 800_000
            }
            let facts = Self.facts {
                $0.socket?.unread = nil
                $0.socket?.multipath = MultipathState()
                var connection = MultipathConnection(unreadMemory: occupied)
                connection.subflows = subflows
                $0.socket?.multipath?.connection = connection
            }
            let ladder = LadderBuilder.build(flow, facts)
            let rung = try #require(ladder.buffers.first { $0.layer == .socketReceive && $0.direction == .inward })
            #expect(rung.occupiedBytes == occupied && rung.delay == delay.map { .milliseconds($0) })
            #expect(ladder.sums?.inward?.largest == largest)
            // The same when the flow has ended and its socket is not asked any more.
            var ended = flow
            facts.socket.map { ended.kernel = KernelSample(socket: $0, side: .fromServer) }
            let later = LadderBuilder.build(ended, Self.facts { $0.socket = nil })
            #expect(later.buffers.first { $0.layer == .socketReceive && $0.direction == .inward }?.delay == rung.delay)
        }
    }

    /// A device with a ring that nobody can look into: the total is a lower bound, and bounds that may be too large are
    /// left out of it.
    @Test func unreadRungsMakeItAtLeast() throws {
        let facts = Self.facts {
            $0.host?.layers[0] = Self.queue(50_000) { $0.bound = .atMost }
            $0.host?.layers.append(HostLayer(.nic, name: "eth0", direction: .inward, unit: .descriptors, capacity: 256))
        }
        let sum = try Self.out(Self.flow(), facts)
        #expect(sum.bound == .atLeast && sum.unread == [.nic])
        #expect(sum.total == .milliseconds(15))
    }

    /// Offline the host's own buffers are unknown, which is said.
    @Test func offlineTheWireTellsTwoRungs() throws {
        let flow = Self.flow { $0.tcp?.vantage = .server }
        let ladder = LadderBuilder.build(flow, LadderFacts())
        let sum = try #require(ladder.sums?.out)
        #expect(sum.bound == .atLeast && sum.unread == [.socketSend, .qdisc])
        #expect(ladder.buffers.map(\.layer).contains(.path))
        #expect(sum.total == .milliseconds(15))
    }

    /// In: what the application has not read, by the rate at which it reads.
    @Test func theReadersOwnSocket() throws {
        let facts = Self.facts {
            $0.socket?.unread = 120_000
            $0.readPerSecond = 240_000
        }
        let sum = try #require(LadderBuilder.build(Self.flow(), facts).sums?.inward)
        #expect(sum.largest == .socketReceive && sum.total == .milliseconds(500))
        let stopped = Self.facts {
            $0.socket?.unread = 120_000
            $0.readPerSecond = 0
        }
        let still = try #require(LadderBuilder.build(Self.flow(), stopped).sums?.inward)
        #expect(still.largest == .socketReceive && still.bound == .atLeast && still.total == 0)
        let idle = try #require(LadderBuilder.build(Self.flow(), Self.facts()).sums?.inward)
        #expect(idle.largest == nil && idle.total == 0)
    }

    /// A flow's own bytes on this host make rule 96 speak; the same delay on the path does not.
    @Test func ruleOfTheFlow() throws {
        let rule = try #require(HostRules.flowRules.first)
        guard case .flow(let judge) = rule.judge else { return }
        func judged(_ flow: FlowSnapshot, _ facts: LadderFacts) -> Finding? {
            var flow = flow
            let ladder = LadderBuilder.build(flow, facts)
            flow.buffers = ladder.buffers
            flow.ladder = ladder.sums
            return judge(flow)
        }
        let found = judged(Self.flow(), Self.facts { $0.host?.layers[0] = Self.queue(84_000) })
        #expect(found?.subject == .host && found?.summary == "84 ms of 99 ms sit in the queue of eth0")
        #expect(judged(Self.flow { $0.queueDelay.client?.last = .milliseconds(84) }, Self.facts()) == nil)
        #expect(judged(Self.flow(), Self.facts { $0.host?.layers[0] = Self.queue(15_000) }) == nil)
        #expect(
            judged(Self.flow(), Self.facts { $0.host?.layers[0] = Self.queue(84_000) { $0.isPaced = true } }) == nil)
    }
}
