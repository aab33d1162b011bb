import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Rules about buffers of this host: each with a case in which it speaks and others in which it must not.
@Suite struct HostRuleTests {
    /// Numbers of the rules that cases here and in `LadderTests` make speak.
    static let fired: Set<Int> = [50, 51, 52, 53, 94, 95, 96, 98]

    private func host(_ layers: [HostLayer], _ change: (inout HostSnapshot) -> Void = { _ in }) -> HostSnapshot {
        var host = HostSnapshot(time: SampleFlows.start)
        host.layers = layers
        change(&host)
        return host
    }

    /// Rules that speak after the figures stood for five seconds.
    private func rules(_ host: HostSnapshot, seconds: Int = 5) -> [String] {
        var diagnosis = HostDiagnosis()
        var verdicts: [Verdict] = []
        for second in 0...seconds {
            var host = host
            host.time = SampleFlows.time(Int64(second))
            verdicts = diagnosis.evaluate(health: CaptureHealth(), host: host, at: host.time)
        }
        #expect(verdicts.allSatisfy { $0.subject == .host })
        return verdicts.map(\.rule)
    }

    private func dropping(
        _ layer: BufferSnapshot.Layer, _ name: String, rate: Double, since: UInt64
    ) -> HostLayer {
        var entry = HostLayer(layer, name: name, direction: .inward, unit: .packets, occupied: 10, capacity: 100)
        entry.dropsPerSecond = rate
        entry.droppedSince = since
        return entry
    }

    @Test func queueOfThisHost() {
        #expect(rules(host([LadderTests.queue(84_000)])) == ["local_queue"])
        #expect(rules(host([LadderTests.queue(12_000)])).isEmpty)
        #expect(rules(host([LadderTests.queue(84_000) { $0.isPaced = true }])).isEmpty)
        #expect(rules(host([LadderTests.queue(84_000) { $0.bound = .atMost }])).isEmpty)
        // A moment is no standing queue.
        #expect(rules(host([LadderTests.queue(84_000)]), seconds: 2).isEmpty)
        #expect(rules(host([LadderTests.queue(0)])).isEmpty)
        // Another namespace's, which no flow of the capture passes.
        #expect(rules(host([LadderTests.queue(84_000) { $0.isOffPath = true }])).isEmpty)
    }

    @Test func whatThrowsAway() {
        #expect(rules(host([dropping(.qdisc, "eth0", rate: 9, since: 30)])) == ["local_queue_drops"])
        #expect(rules(host([dropping(.softnet, "cpu0", rate: 2, since: 9)])) == ["cpu_backlog"])
        #expect(rules(host([dropping(.nic, "eth0", rate: 2, since: 9)])) == ["ring_overflow"])
        #expect(rules(host([dropping(.socketReceive, "udp:5004", rate: 40, since: 99)])) == ["socket_overflow"])
        // Dropped once, long ago: its counter stands still.
        for layer in [BufferSnapshot.Layer.qdisc, .softnet, .nic, .socketReceive] {
            #expect(rules(host([dropping(layer, "x", rate: 0, since: 99)])).isEmpty)
        }
        #expect(rules(host([dropping(.socketReceive, "udp:5004", rate: 1, since: 1)])).isEmpty)
    }

    /// Nothing is advised that is set already, and commands go to the namespace of the device.
    @Test func adviceOfWhatIsNotSet() throws {
        func advice(_ host: HostSnapshot) -> String? {
            var diagnosis = HostDiagnosis()
            var verdicts: [Verdict] = []
            for second in 0...5 {
                var host = host
                host.time = SampleFlows.time(Int64(second))
                verdicts = diagnosis.evaluate(health: CaptureHealth(), host: host, at: host.time)
            }
            return verdicts.first?.advice
        }
        var ring = dropping(.nic, "eth0", rate: 2, since: 9)
        ring.capacity = 256
        ring.largestCapacity = 4_096
        #expect(advice(host([ring]))?.contains("ethtool -G eth0 rx 512 (now 256)") == true)
        ring.largestCapacity = 256
        let largest = try #require(advice(host([ring])))
        #expect(!largest.contains("ethtool -G") && largest.contains("largest size"))
        // A socket that asked for less than it may: the limit of the host is not what holds it.
        var socket = dropping(.socketReceive, "udp:5004", rate: 40, since: 99)
        socket.capacity = 425_984
        #expect(advice(host([socket]) { $0.settings.receiveMaximum = 212_992 })?.contains("rmem_max") == true)
        #expect(advice(host([socket]) { $0.settings.receiveMaximum = 8_388_608 })?.contains("rmem_max") == false)
        let queue = LadderTests.queue(84_000) {
            $0.kind = "pfifo_fast"
            $0.name = "player/eth0"
            $0.namespace = "player"
        }
        #expect(advice(host([queue]))?.contains("ip netns exec player tc qdisc replace dev eth0 root") == true)
        let unnamed = LadderTests.queue(84_000) {
            $0.kind = "pfifo_fast"
            $0.name = "pid 77/eth0"
            $0.namespace = "pid 77"
        }
        #expect(advice(host([unnamed]))?.contains("nsenter -n -t 77 tc qdisc") == true)
        // A shaper has a place for a discipline below it; one that has none is advised without a command.
        let shaper = { (place: String?) in LadderTests.queue(84_000) { $0.attachment = place } }
        #expect(advice(host([shaper("8001:1")]))?.contains("tc qdisc add dev eth0 parent 8001:1 fq_codel;") == true)
        #expect(advice(host([shaper(nil)]))?.contains("below the shaper; or a lower sending rate") == true)
    }

    /// Pauses that a neighbour asks for are named beside the queue that they make.
    @Test func pauseFrames() {
        var ring = HostLayer(.nic, name: "eth0", direction: .inward, unit: .descriptors, capacity: 256)
        var frames = PauseFrames()
        frames.receivedPerSecond = 40
        ring.pauses = frames
        func summary(_ layers: [HostLayer]) -> String {
            var diagnosis = BufferDiagnosis()
            var verdicts: [Verdict] = []
            for second in 0...5 {
                var host = host(layers)
                host.time = SampleFlows.time(Int64(second))
                verdicts = diagnosis.evaluate(host, at: host.time)
            }
            return verdicts.first?.summary ?? ""
        }
        #expect(summary([LadderTests.queue(84_000), ring]).contains("40 pause frames a second"))
        ring.pauses = nil
        #expect(summary([LadderTests.queue(84_000), ring]).hasSuffix("leave this host"))
    }

    @Test func acceptQueue() {
        var listener = HostLayer(
            .acceptQueue, name: "tcp:8088", direction: .inward, unit: .connections, occupied: 5, capacity: 4)
        listener.droppedSince = 20
        let counter = HostCounter(name: "TcpExt.ListenOverflows", value: 20, rise: 20, perSecond: 4)
        #expect(rules(host([listener]) { $0.counters = [counter] }) == ["accept_queue_full"])
        // Full and still: nobody was turned away in the last second.
        var past = counter
        past.perSecond = 0
        #expect(rules(host([listener]) { $0.counters = [past] }).isEmpty)
        #expect(rules(host([listener])).isEmpty)
    }

    /// Values that nobody renews say nothing of now.
    @Test func oldValuesAreSilent() {
        var diagnosis = HostDiagnosis()
        let host = host([LadderTests.queue(84_000)])
        for second in 0...30 {
            let verdicts = diagnosis.evaluate(
                health: CaptureHealth(), host: host, at: SampleFlows.time(Int64(second)))
            if second > 5 { #expect(verdicts.isEmpty) }
        }
    }

    /// What this host's own queue threw away is not the path's loss.
    @Test func gapsOfOurOwnQueueAreOurs() {
        var health = CaptureHealth()
        health.lastDrop = nil
        func verdicts(hostEnd: Direction?, drops: UInt64?) -> [String] {
            let flow = SampleFlows.spoiled { flow in
                flow.tcp = nil
                flow.hostEnd = hostEnd
                var stream = RTPStreamSnapshot(source: 1, from: .fromServer, start: flow.start, end: flow.end)
                stream.packets = 900
                stream.expected = 1_000
                stream.lost = 100
                flow.rtp = [stream]
                var rung = BufferSnapshot(
                    layer: .qdisc, location: "host", occupiedBytes: 0, capacityBytes: nil, delay: 0, source: "kernel",
                    confidence: 1)
                rung.direction = .out
                rung.drops = drops
                flow.buffers = [rung]
                flow.isFinal = true
            }
            var diagnosis = FlowDiagnosis()
            return diagnosis.evaluate(flow, health: health, at: flow.end).map(\.rule)
        }
        #expect(!verdicts(hostEnd: .fromServer, drops: 100).contains("media_loss"))
        #expect(verdicts(hostEnd: .fromServer, drops: 3).contains("media_loss"))
        #expect(verdicts(hostEnd: .fromClient, drops: 100).contains("media_loss"))
        #expect(verdicts(hostEnd: nil, drops: nil).contains("media_loss"))
    }
}
