import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

/// Advice by what is set on this host: each with a case in which it is given and one in which it must not be, because it is
/// set already or would not help.
@Suite struct LocalEndTests {
    private static let settings: HostSettings = {
        var settings = HostSettings()
        settings.congestionControl = "cubic"
        settings.availableControls = ["reno", "cubic"]
        settings.defaultDiscipline = "pfifo_fast"
        settings.kernelRelease = "6.1.0-13-amd64"
        settings.tcpReceiveMaximum = 6_291_456
        settings.tcpReceiveLower = [4_096, 131_072]
        settings.tcpSendMaximum = 4_194_304
        settings.tcpSendLower = [4_096, 16_384]
        settings.slowStartAfterIdle = true
        settings.mtuProbing = 0
        settings.ecn = 2
        settings.notSentLowWater = 4_294_967_295
        settings.listenBacklog = 4_096
        settings.synBacklog = 512
        return settings
    }()

    private func end(
        _ change: (inout HostSettings) -> Void = { _ in }, _ spoil: (inout KernelSocket) -> Void = { _ in }
    ) -> LocalEnd {
        var settings = Self.settings
        change(&settings)
        var socket = KernelSocket(
            time: SampleFlows.start, local: LadderTests.local, remote: LadderTests.remote, state: .established)
        socket.congestionControl = "cubic"
        spoil(&socket)
        return LocalEnd(end: .fromServer, settings: settings, socket: socket)
    }

    @Test func congestionControl() throws {
        let advice = try #require(end().bbr)
        #expect(advice.contains("modprobe tcp_bbr; sysctl -w net.ipv4.tcp_congestion_control=bbr (now cubic)"))
        #expect(!advice.contains("default_qdisc"), "this kernel paces by itself")
        #expect(end { $0.availableControls = ["cubic", "bbr"] }.bbr?.contains("modprobe") == false)
        let old = end { $0.kernelRelease = "4.9.0-8" }.bbr
        #expect(old?.contains("net.core.default_qdisc=fq (now pfifo_fast)") == true)
        let ready = end {
            $0.kernelRelease = "4.9.0-8"
            $0.defaultDiscipline = "fq"
        }
        #expect(ready.bbr?.contains("default_qdisc") == false)
        // It is in use; or the default, and the application chose another.
        #expect(end({ _ in }, { $0.congestionControl = "bbr" }).bbr == nil)
        let chosen = end { $0.congestionControl = "bbr" }.bbr
        #expect(chosen?.contains("TCP_CONGESTION") == true && chosen?.contains("sysctl") == false)
        #expect(end({ $0.congestionControl = "bbr" }, { $0.congestionControl = nil }).bbr == nil)
    }

    @Test func switches() {
        #expect(end().ecn?.contains("tcp_ecn=1 (now 2: only when the peer asks)") == true)
        #expect(end { $0.ecn = 1 }.ecn == nil)
        #expect(end { $0.ecn = nil }.ecn == nil)
        #expect(end().windowOverPauses?.contains("tcp_slow_start_after_idle=0 (now 1)") == true)
        #expect(end { $0.slowStartAfterIdle = false }.windowOverPauses == nil)
        #expect(end().mtuProbing?.contains("tcp_mtu_probing=1 (now 0)") == true)
        #expect(end { $0.mtuProbing = 1 }.mtuProbing == nil)
        #expect(end { $0.mtuProbing = 2 }.mtuProbing == nil)
    }

    /// 400 Mb/s over 100 ms hold 5 MB: twice that is 10 MB of payload, 20 MB of buffer.
    @Test func buffers() {
        let far: (Double, Nanoseconds) = (400e6, .milliseconds(100))
        #expect(
            end().sendBuffer(rate: far.0, base: far.1)?.contains(
                "net.ipv4.tcp_wmem=\"4096 16384 20971520\" (largest now 4194304)") == true)
        #expect(
            end().receiveBuffer(rate: far.0, base: far.1)?.contains(
                "net.ipv4.tcp_rmem=\"4096 131072 20971520\" (largest now 6291456)") == true)
        // Autotuning may grow far enough, and nothing fixes the buffer.
        #expect(end { $0.tcpSendMaximum = 64 << 20 }.sendBuffer(rate: far.0, base: far.1) == nil)
        #expect(end { $0.tcpReceiveMaximum = 64 << 20 }.receiveBuffer(rate: far.0, base: far.1) == nil)
        let memory = SocketMemory(received: 0, receiveLimit: 425_984, handedDown: 0, sendLimit: 425_984)
        let fixed = end(
            {
                $0.tcpSendMaximum = 64 << 20
                $0.tcpReceiveMaximum = 64 << 20
            }, { $0.memory = memory })
        #expect(fixed.sendBuffer(rate: far.0, base: far.1)?.contains("SO_SNDBUF") == true)
        #expect(fixed.receiveBuffer(rate: far.0, base: far.1)?.contains("SO_RCVBUF") == true)
        // A short path needs no more than there is; without a rate nothing can be said.
        #expect(end().sendBuffer(rate: 10e6, base: .milliseconds(10)) == nil)
        #expect(end().receiveBuffer(rate: nil, base: .milliseconds(10)) == nil)
        // Nobody reads: more room only fills.
        let idle = end(
            { _ in },
            {
                $0.unread = 900_000
                $0.receiveWindow = 100_000
            })
        let advice = idle.receiveBuffer(rate: far.0, base: far.1)
        #expect(advice?.contains("read faster") == true && advice?.contains("sysctl") == false)
    }

    @Test func lowWater() {
        #expect(end().lowWater(waiting: 900_000, rate: 8e6)?.contains("TCP_NOTSENT_LOWAT 100000") == true)
        // More waits than the limit allows is not there: the limit is set.
        #expect(end { $0.notSentLowWater = 131_072 }.lowWater(waiting: 900_000, rate: 8e6) == nil)
        #expect(end { $0.notSentLowWater = nil }.lowWater(waiting: 900_000, rate: 8e6) == nil)
    }

    // MARK: In rules

    /// The server of the flow is this host.
    private func here(
        _ flow: inout FlowSnapshot, _ change: (inout HostSnapshot) -> Void = { _ in },
        _ sample: (inout KernelSample) -> Void = { _ in }
    ) {
        var host = HostSnapshot(time: SampleFlows.start)
        host.settings = Self.settings
        change(&host)
        flow.host = host
        flow.hostEnd = .fromServer
        var socket = KernelSocket(
            time: SampleFlows.start, local: flow.server.endpoint, remote: flow.client.endpoint, state: .established)
        socket.congestionControl = "cubic"
        socket.smoothedRoundTrip = .milliseconds(180)
        socket.minimumRoundTrip = .milliseconds(30)
        var kernel = KernelSample(socket: socket, side: .fromServer)
        sample(&kernel)
        flow.kernel = kernel
    }

    private func verdict(_ rule: String, _ spoil: (inout FlowSnapshot) -> Void) -> Verdict? {
        SampleFlows.verdicts(SampleFlows.spoiled(spoil)).first { $0.rule == rule }
    }

    /// Rule 1 names what is set here, and nothing that is set already; elsewhere it stays general.
    @Test func bufferbloatByTheKernel() throws {
        func bloat(_ flow: inout FlowSnapshot) {
            flow.queueDelay.client = SampleFlows.queue(150)
            flow.tcp?.server.flightDelayCorrelation = 0.8
        }
        let local = try #require(
            verdict("bufferbloat") {
                bloat(&$0)
                here(&$0)
            })
        #expect(local.advice.contains("tcp_congestion_control=bbr (now cubic)"))
        #expect(local.evidence.contains { $0.name == "kernel_min_rtt_ms" && $0.value == 30 })
        let set = try #require(
            verdict("bufferbloat") {
                bloat(&$0)
                here(&$0, { _ in }, { $0.socket.congestionControl = "bbr" })
            })
        #expect(!set.advice.contains("tcp_congestion_control"))
        let elsewhere = try #require(verdict("bufferbloat", bloat))
        #expect(elsewhere.advice.contains("At the sender (server)"))
        #expect(!elsewhere.evidence.contains { $0.name.hasPrefix("kernel") })
    }

    /// Rule 9 goes by the kernel's own clock of a sender here, for and against what packets suggest.
    @Test func receiverLimitedByTheKernel() throws {
        let packets = LimitShares(network: .seconds(30), receiver: .seconds(30), application: 0)
        let fires = try #require(
            verdict("receiver_limited") { here(&$0, { _ in }, { $0.receiverLimitedShare = 0.4 }) })
        #expect(fires.severity == .critical)
        #expect(fires.evidence.contains { $0.name == "kernel_receiver_limited_ratio" && $0.value == 0.4 })
        #expect(
            verdict("receiver_limited") {
                $0.tcp?.server.limitedBy = packets
                here(&$0, { _ in }, { $0.receiverLimitedShare = 0.02 })
            } == nil)
        #expect(
            verdict("receiver_limited") {
                $0.tcp?.server.limitedBy = packets
                here(&$0)
            } != nil, "three seconds of busy time are not over: packets count")
    }

    /// Rule 12 names the command, or who fixed the buffer.
    @Test func sendBufferByTheKernel() throws {
        func limited(_ flow: inout FlowSnapshot) {
            flow.tcp?.server.sendBufferLimited = .seconds(20)
            flow.tcp?.server.maxRate = 400e6
            flow.roundTrip.handshake = .milliseconds(100)
        }
        let advice = try #require(
            verdict("send_buffer") {
                limited(&$0)
                here(&$0)
            }
        ).advice
        #expect(advice.contains("net.ipv4.tcp_wmem=\"4096 16384 ") && advice.contains("now 4194304"))
        let set = try #require(
            verdict("send_buffer") {
                limited(&$0)
                here(&$0) { $0.settings.tcpSendMaximum = 256 << 20 }
            }
        ).advice
        #expect(!set.contains("sysctl"))
    }

    @Test func idleRestartsByTheKernel() throws {
        func restarts(_ flow: inout FlowSnapshot) {
            flow.tcp?.server.idlePeriods = 6
            flow.tcp?.server.idleRestarts = 6
        }
        let advice = try #require(
            verdict("slow_start_after_idle") {
                restarts(&$0)
                here(&$0)
            }
        ).advice
        #expect(advice.contains("tcp_slow_start_after_idle=0 (now 1)"))
        let set = try #require(
            verdict("slow_start_after_idle") {
                restarts(&$0)
                here(&$0) { $0.settings.slowStartAfterIdle = false }
            }
        ).advice
        #expect(set.contains("is 0 already"))
    }

    /// Rule 17: the server is this host, so its own counters tell whether a backlog was full.
    @Test func synLossByTheKernel() throws {
        func asked(_ flow: inout FlowSnapshot) {
            flow.tcp?.synRetransmissions = 2
            flow.server.packets = 0
        }
        var queue = HostLayer(
            .acceptQueue, name: "tcp:443", direction: .inward, unit: .connections, occupied: 129, capacity: 128)
        queue.droppedSince = 9
        let overflows = HostCounter(name: "TcpExt.ListenOverflows", value: 9, rise: 9, perSecond: 2)
        let full = try #require(
            verdict("syn_loss") {
                asked(&$0)
                here(&$0) {
                    $0.layers = [queue]
                    $0.counters = [overflows]
                }
            })
        #expect(full.subject == .host && full.summary.contains("accept queue of tcp:443 is full (129 of 128)"))
        #expect(!full.advice.contains("somaxconn="), "4096 does not cap 128")
        let capped = try #require(
            verdict("syn_loss") {
                asked(&$0)
                here(&$0) {
                    $0.layers = [queue]
                    $0.counters = [overflows]
                    $0.settings.listenBacklog = 128
                }
            })
        #expect(capped.advice.contains("net.core.somaxconn=4096 (now 128, which caps it)"))
        // Another listener overflows, or another namespace's counter rises: not this port's.
        queue.name = "tcp:80"
        var foreign = overflows
        foreign.namespace = "player"
        let none = try #require(
            verdict("syn_loss") {
                asked(&$0)
                here(&$0) {
                    $0.layers = [queue]
                    $0.counters = [foreign]
                }
            })
        #expect(none.subject == .server && none.advice.hasPrefix("No backlog of this host overflowed"))
        let requests = HostCounter(name: "TcpExt.TCPReqQFullDrop", value: 3, rise: 3, perSecond: 1)
        let half = try #require(
            verdict("syn_loss") {
                asked(&$0)
                here(&$0) { $0.counters = [requests] }
            })
        #expect(half.subject == .host && half.advice.contains("tcp_max_syn_backlog=4096 (now 512)"))
        let elsewhere = try #require(verdict("syn_loss", asked))
        #expect(elsewhere.advice.hasPrefix("Check firewalls"))
    }

    @Test func blackHolesByTheKernel() throws {
        func hole(_ flow: inout FlowSnapshot) {
            var fragmentation = FragmentationSnapshot()
            fragmentation.blackHoleSuspected = true
            flow.fragmentation = fragmentation
        }
        let advice = try #require(
            verdict("pmtud_black_hole") {
                hole(&$0)
                here(&$0)
            }
        ).advice
        #expect(advice.contains("tcp_mtu_probing=1 (now 0)"))
        let set = try #require(
            verdict("pmtud_black_hole") {
                hole(&$0)
                here(&$0) { $0.settings.mtuProbing = 1 }
            }
        ).advice
        #expect(set.contains("probes already") && !set.contains("sysctl"))
    }

    /// Rule 98: what is written ahead, unless a limit is set, it is little, or something else holds more.
    @Test func writtenAhead() throws {
        func ladder(_ flow: inout FlowSnapshot, socket: Int64, path: Int64 = 15) {
            var rung = BufferSnapshot(
                layer: .socketSend, location: "server", occupiedBytes: 900_000, capacityBytes: nil,
                delay: .milliseconds(socket), source: "kernel", confidence: 0.95)
            rung.direction = .out
            flow.buffers = [rung]
            flow.ladder = LadderSnapshot(
                out: LadderSnapshot.Sum(
                    total: .milliseconds(socket + path), bound: .measured, largest: .socketSend, unread: []))
        }
        let verdict = try #require(
            verdict("written_ahead") {
                here(&$0)
                ladder(&$0, socket: 900)
            })
        #expect(verdict.severity == .info && verdict.advice.contains("TCP_NOTSENT_LOWAT"))
        #expect(
            self.verdict("written_ahead") {
                here(&$0) { $0.settings.notSentLowWater = 65_536 }
                ladder(&$0, socket: 900)
            } == nil)
        #expect(
            self.verdict("written_ahead") {
                here(&$0)
                ladder(&$0, socket: 150)
            } == nil)
        #expect(
            self.verdict("written_ahead") {
                here(&$0)
                ladder(&$0, socket: 300, path: 400)
            } == nil)
        #expect(self.verdict("written_ahead") { ladder(&$0, socket: 900) } == nil)
    }
}
